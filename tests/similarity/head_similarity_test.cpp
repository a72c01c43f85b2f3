#include "similarity/head_similarity.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/names.h"
#include "data/batch_loader.h"
#include "model/small_models.h"
#include "similarity/image_source.h"
#include "sweep/similarity_metrics.h"
#include "test.hpp"
#include "tolerance.h"

namespace vitlab::similarity {

namespace {

/// Two layers with windows (3 x 3 of them on an 8 x 8 map padded to 9) and then 4 x 4 maps.
architecture::ModelSpec windowed_spec(const std::string& mixer = "cascaded") {
  const core::Json knobs = core::Json::parse(
      R"({"template": "efficientvit", "image_size": 32, "classes": 10, "stem_stride": 4,
          "window": 3, "widths": [24, 24, 24], "heads": [3, 2, 2], "qk_dim": 4, "kernels": [3, 3, 3],
          "mixer": ")" +
      mixer + "\"}");
  return architecture::expand_knobs(knobs, "test");
}

/// The names that "a.{b,c}.{d,e}" stands for.
std::set<std::string> told_names(const std::string& pattern) {
  const std::size_t open = pattern.find('{');
  if (open == std::string::npos) return {pattern};
  const std::size_t close = pattern.find('}', open);
  std::set<std::string> names;
  for (const std::string& word : core::split_list(pattern.substr(open + 1, close - open - 1)))
    names.merge(told_names(pattern.substr(0, open) + word + pattern.substr(close + 1)));
  return names;
}

/// The definition, in loops over single numbers of tapped tensors.
double cosine(const std::vector<at::Tensor>& parts_a, const std::vector<at::Tensor>& parts_b) {
  double product = 0, square_a = 0, square_b = 0;
  for (std::size_t w = 0; w < parts_a.size(); ++w) {
    const at::Tensor a = parts_a[w].to(at::kDouble).contiguous().view({-1});
    const at::Tensor b = parts_b[w].to(at::kDouble).contiguous().view({-1});
    for (graph::Index k = 0; k < a.numel(); ++k) {
      const double x = a.const_data_ptr<double>()[k], y = b.const_data_ptr<double>()[k];
      product += x * y;
      square_a += x * x;
      square_b += y * y;
    }
  }
  return product / (std::sqrt(square_a) * std::sqrt(square_b));
}

struct Expected {
  double max_max = 0, mean_max = 0, mean_mean = 0;
};

/// `head(image, i)` gives the windows of head i.
template <typename Head>
Expected by_definition(graph::Index images, graph::Index heads, Head&& head) {
  Expected sums;
  for (graph::Index n = 0; n < images; ++n) {
    std::vector<double> best;
    double all = 0;
    for (graph::Index i = 0; i < heads; ++i) {
      double largest = -2;
      for (graph::Index j = 0; j < heads; ++j) {
        if (i == j) continue;
        const double s = cosine(head(n, i), head(n, j));
        all += s;
        largest = std::max(largest, s);
      }
      best.push_back(largest);
    }
    sums.max_max += *std::max_element(best.begin(), best.end());
    for (const double x : best) sums.mean_max += x / static_cast<double>(heads);
    sums.mean_mean += all / static_cast<double>(heads * (heads - 1));
  }
  const auto n = static_cast<double>(images);
  return {sums.max_max / n, sums.mean_max / n, sums.mean_mean / n};
}

const HeadMetric& metric_of(const LayerSimilarity& layer, const std::string& name) {
  for (const HeadMetric& metric : layer.metrics)
    if (metric.name == "head_cosine." + name) return metric;
  FAIL("no metric " << name);
  return layer.metrics.front();
}

void check_against(const LayerSimilarity& layer, const Expected& expected, const std::string& what,
                   double margin) {
  INFO(layer.layer << " " << what);
  const auto check = [&](const std::string& name, double value) {
    CHECK(std::abs(metric_of(layer, name + what).value - value) <= margin);
  };
  check("max_max.", expected.max_max);
  check("mean_max.", expected.mean_max);
  check("mean_mean.", expected.mean_mean);
}

model::Weights in_float(const model::Weights& weights) {
  return model::converted(weights, at::kFloat);
}

}  // namespace

TEST_CASE("similarity is what its definition says of tapped maps and outputs, in both types") {
  const model::SmallModel model(windowed_spec(), 11);
  const at::ScalarType type = GENERATE(at::kDouble, at::kFloat);
  const model::Weights weights = model::converted(model.weights, type);
  const graph::Index images = 5;
  const at::Tensor input = model.images(images, 3).to(type);
  // Batches of two are rounded otherwise than the five images at once that are tapped.
  const double terms = model::additions(model.graph());
  const double margin = type == at::kFloat ? rounding<float>(terms) : rounding<double>(terms);
  const SimilarityResult result = head_similarity(model.executor, weights, input, {.batch = 2});
  model::RunOptions options;
  options.taps = true;
  options.head_outputs = true;
  const model::RunResult run = model.executor.run(weights, input, options);
  REQUIRE(result.layers.size() == run.attention.size());
  CHECK(result.images == images);
  for (std::size_t l = 0; l < result.layers.size(); ++l) {
    const LayerSimilarity& layer = result.layers[l];
    const model::AttentionResult& attention = run.attention[l];
    const graph::Index windows = attention.maps.size(0) / images;
    CHECK(layer.windows == windows);
    CHECK(layer.heads == attention.maps.size(1));
    CHECK(layer.queries == attention.maps.size(2));
    CHECK(layer.keys == attention.maps.size(3));
    const auto maps = [&](graph::Index n, graph::Index i) {
      std::vector<at::Tensor> parts;
      for (graph::Index w = 0; w < windows; ++w)
        parts.push_back(attention.maps[n * windows + w][i]);
      return parts;
    };
    const auto outputs = [&](graph::Index n, graph::Index i) {
      std::vector<at::Tensor> parts;
      for (graph::Index w = 0; w < windows; ++w)
        parts.push_back(attention.head_outputs[static_cast<std::size_t>(i)][n * windows + w]);
      return parts;
    };
    check_against(layer, by_definition(images, layer.heads, maps), "map", margin);
    check_against(layer, by_definition(images, layer.heads, outputs), "output", margin);
  }
  CHECK(result.layers[0].windows == 9);
  CHECK(result.layers[0].queries == 9);
  CHECK(result.layers[0].heads == 3);
}

TEST_CASE("the batch does not matter") {
  for (const char* mixer : {"cascaded", "full"}) {
    const model::SmallModel model(windowed_spec(mixer), 12);
    // In float64: LibTorch rounds a forward of one image unlike one of many.
    const at::Tensor input = model.images(11, 4);
    const auto with_batch = [&](graph::Index batch) {
      return head_similarity(model.executor, model.weights, input,
                             {.batch = batch, .metrics = sweep::chosen_measures({"all"})});
    };
    const SimilarityResult one = with_batch(1), all = with_batch(64);
    for (std::size_t l = 0; l < one.layers.size(); ++l) {
      for (std::size_t m = 0; m < one.layers[l].metrics.size(); ++m) {
        const HeadMetric& a = one.layers[l].metrics[m];
        const HeadMetric& b = all.layers[l].metrics[m];
        INFO(mixer << " " << one.layers[l].layer << " " << a.name);
        CHECK(a.value == Approx(b.value).margin(1e-9));
        CHECK(a.low.has_value() == !a.per_image.empty());
        CHECK(a.null_value.has_value() == b.null_value.has_value());
        if (a.null_value) CHECK(*a.null_value == Approx(*b.null_value).margin(1e-9));
        if (!a.low) continue;
        CHECK(*a.low == Approx(*b.low).margin(1e-9));
        CHECK(*a.low <= a.value);
        CHECK(a.value <= *a.high);
      }
    }
  }
}

TEST_CASE("every kind of attention can be looked at, heads of unequal V but for outputs") {
  std::set<std::string> seen;
  model::for_every_kind(6, false, [&](const model::SmallModel& model, RandomSpecs&) {
    if (model.graph().attention.empty()) return;
    const SimilarityResult result =
        head_similarity(model.executor, model.weights, model.images(3, 9), {});
    REQUIRE(result.layers.size() == model.graph().attention.size());
    for (std::size_t l = 0; l < result.layers.size(); ++l) {
      const LayerSimilarity& layer = result.layers[l];
      const graph::AttentionTap& tap = model.graph().attention[l];
      INFO(layer.layer);
      CHECK(layer.heads == tap.heads);
      CHECK(layer.queries == tap.places.tokens());
      CHECK(layer.is_small_grid == (layer.queries <= 4));
      if (layer.is_small_grid) CHECK_FALSE(layer.note.empty());
      if (layer.heads < 2) {
        CHECK(layer.metrics.empty());
        CHECK(layer.note == "one head: there are no pairs");
        seen.insert("one head");
      } else {
        const bool has_outputs = layer.metrics.size() == 6;
        CHECK((has_outputs || layer.metrics.size() == 3));
        seen.insert(has_outputs ? "outputs" : "no outputs");
        if (!has_outputs) CHECK_THAT(layer.note, Catch::StartsWith("heads of unequal V"));
      }
      for (const HeadMetric& metric : layer.metrics) {
        CHECK(metric.value >= -1 - 1e-9);
        CHECK(metric.value <= 1 + 1e-9);
      }
    }
  });
  CHECK(seen == std::set<std::string>{"one head", "outputs", "no outputs"});
}

TEST_CASE("every measure of every kind of attention lies in its range") {
  std::set<std::string> seen;
  model::for_every_kind(4, false, [&](const model::SmallModel& model, RandomSpecs&) {
    if (model.graph().attention.empty()) return;
    const SimilarityResult result =
        head_similarity(model.executor, model.weights, model.images(3, 9),
                        {.batch = 2, .metrics = sweep::chosen_measures({"all"})});
    for (const LayerSimilarity& layer : result.layers)
      for (const HeadMetric& metric : layer.metrics) {
        INFO(layer.layer << " " << metric.name << " " << metric.value);
        const auto heads = static_cast<double>(layer.heads);
        const bool is_count = metric.name == "effective_heads";
        const bool is_length = metric.name == "attention_distance.mean";
        CHECK(metric.value >= (is_count ? 1 - 1e-6 : is_length ? 0 : -1 - 1e-9));
        CHECK(metric.value <= (is_count ? heads + 1e-6 : is_length ? 100 : 1 + 1e-9));
        CHECK_FALSE(sweep::similarity_unit(metric.name).empty());
        seen.insert(metric.name);
      }
  });
  // A row that nothing computes, and a metric that no row tells of, fail here. What needs labels is
  // no part of head_similarity (head_ablation_test.cpp).
  std::set<std::string> told;
  for (const sweep::SimilarityMeasure& row : sweep::similarity_measures())
    if (row.name != "gate_importance") told.merge(told_names(std::string(row.metrics)));
  CHECK(seen == told);
}

TEST_CASE("images or weights that are no numbers are refused") {
  const model::SmallModel model(windowed_spec(), 1);
  at::Tensor images = model.images(3, 1);
  images[1][0][2][2] = std::nan("");
  CHECK_THROWS_WITH(head_similarity(model.executor, model.weights, images, {}),
                    Catch::Contains("an image holds NaN"));
  model::Weights weights = model::copied(model.weights);
  weights.tensors[1].fill_(std::nan(""));
  CHECK_THROWS_WITH(
      head_similarity(model.executor, weights, model.images(3, 1), {}),
      Catch::Contains("the weight " + model.graph().parameter_name(graph::ParameterId(1)) +
                      " holds NaN"));
}

TEST_CASE("models of random weights stand beside: their mean, and their range from two on") {
  const model::SmallModel model(windowed_spec(), 13);
  SimilarityResult result = head_similarity(model.executor, model.weights, model.images(3, 2), {});
  std::vector<SimilarityResult> controls;
  for (const std::uint64_t seed : {1, 2})
    controls.push_back(head_similarity(model.executor, model::random_weights(model.graph(), seed),
                                       model.images(3, 2), {}));
  add_control(result, controls);
  const messages::ControlValue& control = *result.layers[1].metrics[2].control;
  const double a = controls[0].layers[1].metrics[2].value;
  const double b = controls[1].layers[1].metrics[2].value;
  CHECK(control.value == Approx((a + b) / 2));
  CHECK(*control.low == std::min(a, b));
  CHECK(*control.high == std::max(a, b));
  CHECK(message_of(result).layers[1].metrics.named("head_cosine.mean_mean.map")->control ==
        control);
}

TEST_CASE("a model without attention, and settings that make no sense, are refused") {
  const model::SmallModel model(windowed_spec("none"), 1);
  CHECK_THROWS_WITH(head_similarity(model.executor, model.weights, model.images(2, 1), {}),
                    Catch::Contains("this model has no attention"));
  const model::SmallModel other(windowed_spec(), 1);
  CHECK_THROWS_AS(head_similarity(other.executor, other.weights, other.images(2, 1), {.batch = 0}),
                  core::UserError);
  CHECK_THROWS_AS(head_similarity(other.executor, other.weights, at::ones({3, 32, 32}), {}),
                  core::UserError);
}

TEST_CASE("one image has neither interval nor null") {
  const model::SmallModel model(windowed_spec(), 2);
  const SimilarityResult result =
      head_similarity(model.executor, model.weights, model.images(5, 1), {.images = 1});
  CHECK(result.images == 1);
  const core::Json json = core::to_json(message_of(result));
  const core::Json& metric = json["layers"][0]["metrics"]["head_cosine.max_max.map"];
  CHECK(metric["value"].is_number());
  CHECK(metric["low"].is_null());
  CHECK(metric["null"].is_null());
  CHECK(metrics_of(result).size() == result.layers.size() * 6);
}

TEST_CASE("the JSON and the rows hold every metric of every layer") {
  const model::SmallModel model(windowed_spec(), 3);
  std::vector<graph::Index> told;
  const SimilarityResult result =
      head_similarity(model.executor, model.weights, model.images(5, 1), {.batch = 2},
                      [&](graph::Index done, graph::Index total) {
                        CHECK(total == 5);
                        told.push_back(done);
                      });
  CHECK(told == std::vector<graph::Index>{2, 4, 5});
  const core::Json json = core::to_json(message_of(result));
  CHECK(json["images"] == 5);
  for (const core::Json& layer : json["layers"]) {
    for (const char* key : {"layer", "heads", "queries", "keys"}) CHECK(layer.contains(key));
    for (const char* reduction : {"max_max", "mean_max", "mean_mean"})
      for (const char* what : {"map", "output"}) {
        const core::Json& metric =
            layer["metrics"][std::string("head_cosine.") + reduction + "." + what];
        for (const char* key : {"value", "low", "high", "null"}) CHECK(metric[key].is_number());
      }
  }
  const std::vector<store::MetricValue> rows = metrics_of(result);
  CHECK(rows.size() == result.layers.size() * 12);
  CHECK(rows[0].metric == "head_cosine.max_max.map");
  CHECK(rows[0].subject == result.layers[0].layer);
  CHECK(rows[0].samples == 5);
  CHECK(rows[1].metric == "head_cosine.max_max.map.null");
  CHECK_FALSE(rows[1].low);
}

TEST_CASE("images of a data set are its first test images, each once, in an order of the seed") {
  const auto dataset = data::open_dataset(data::parse_data_spec("digits"));
  const graph::Shape shape{1, 3, 16, 16};
  const auto first_pixels = [&](const sweep::SimilaritySettings& settings) {
    const auto source = images_of(*dataset, shape, settings);
    CHECK(source->images() == 10);
    std::vector<double> sums;
    for (at::Tensor batch = source->next(); batch.defined(); batch = source->next())
      for (graph::Index i = 0; i < batch.size(0); ++i)
        sums.push_back(batch[i].sum().template item<double>());
    return sums;
  };
  const std::vector<double> by_three = first_pixels({.images = 10, .batch = 3, .seed = 5});
  REQUIRE(by_three.size() == 10);
  CHECK(by_three == first_pixels({.images = 10, .batch = 10, .seed = 5}));
  const std::vector<double> other = first_pixels({.images = 10, .batch = 3, .seed = 6});
  CHECK(by_three != other);
  data::BatchLoader loader(
      *dataset, {.split = data::Split::kTest, .batch_size = 10, .height = 16, .width = 16});
  loader.start(0);
  data::Batch batch;
  REQUIRE(loader.next(batch));
  const at::Tensor plain = at::from_blob(batch.images.data(), {10, 3, 16, 16}, at::kFloat);
  std::vector<double> expected;
  for (graph::Index i = 0; i < 10; ++i) expected.push_back(plain[i].sum().item<double>());
  for (std::vector<double> sums : {by_three, other}) {
    std::sort(sums.begin(), sums.end());
    std::sort(expected.begin(), expected.end());
    CHECK(sums == expected);
  }
}

TEST_CASE("similarity of a data set's images is similarity of these images as a tensor") {
  const auto dataset = data::open_dataset(data::parse_data_spec("digits"));
  const model::SmallModel model(windowed_spec(), 21);
  const model::Weights weights = in_float(model.weights);
  data::BatchLoader loader(
      *dataset, {.split = data::Split::kTest, .batch_size = 12, .height = 32, .width = 32});
  loader.start(0);
  data::Batch batch;
  REQUIRE(loader.next(batch));
  const at::Tensor images = at::from_blob(batch.images.data(), {12, 3, 32, 32}, at::kFloat);
  const sweep::SimilaritySettings settings{.images = 12, .batch = 5};
  const SimilarityResult from_set = head_similarity(model.executor, weights, *dataset, settings);
  const SimilarityResult from_tensor = head_similarity(model.executor, weights, images, settings);
  CHECK(from_set.images == 12);
  for (std::size_t l = 0; l < from_set.layers.size(); ++l)
    for (std::size_t m = 0; m < from_set.layers[l].metrics.size(); ++m) {
      CHECK(from_set.layers[l].metrics[m].value == from_tensor.layers[l].metrics[m].value);
      CHECK(from_set.layers[l].metrics[m].null_value ==
            from_tensor.layers[l].metrics[m].null_value);
    }
}

}  // namespace vitlab::similarity
