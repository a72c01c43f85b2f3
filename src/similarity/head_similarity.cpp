#include "similarity/head_similarity.h"

#include <algorithm>
#include <memory>

#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "similarity/head_cosine.h"
#include "similarity/image_source.h"
#include "stats/intervals.h"
#include "stats/summary.h"

namespace vitlab {

namespace {

constexpr Index kSmallGrid = 4;  // tokens
// Percentiles of a mean over images are stable long before the default number of draws.
constexpr std::int64_t kDraws = 1000;

/// What is gathered of one attention layer.
class LayerCosines {
 public:
  LayerCosines(const Graph& graph, const AttentionTap& tap)
      : maps_(tap.windows), outputs_(tap.windows) {
    const Shape& map = graph.value(tap.maps.front()).shape;
    about_.layer = graph.attention_name(tap);
    about_.heads = tap.heads;
    about_.queries = map[map.rank() - 2];
    about_.keys = map[map.rank() - 1];
    about_.windows = tap.windows;
    about_.is_small_grid = about_.queries <= kSmallGrid;
  }

  void add(const AttentionResult& attention) {
    if (about_.heads < 2) return;
    maps_.add(attention.maps);
    const std::vector<at::Tensor>& outputs = attention.head_outputs;
    outputs_fit_ = std::all_of(outputs.begin(), outputs.end(), [&](const at::Tensor& output) {
      return output.sizes() == outputs.front().sizes();
    });
    if (outputs_fit_) outputs_.add(at::stack(outputs, 1));
  }

  LayerSimilarity finish(std::uint64_t seed) {
    if (about_.heads < 2) {
      about_.note = "one head: there are no pairs";
      return about_;
    }
    read(maps_, "map", seed);
    if (outputs_fit_)
      read(outputs_, "output", seed);
    else
      about_.note = "heads of unequal V have no cosine of outputs";
    if (about_.is_small_grid)
      about_.note += (about_.note.empty() ? "" : "; ") + std::to_string(about_.queries) +
                     " tokens or fewer are alike by themselves: read value minus null";
    return about_;
  }

 private:
  void read(HeadCosines& cosines, const std::string& what, std::uint64_t seed) {
    cosines.close();
    for (std::size_t r = 0; r < kHeadReductions; ++r) {
      const std::vector<double>& values = cosines.values()[r];
      const std::vector<double>& null = cosines.null_values()[r];
      HeadMetric metric;
      metric.name = "head_cosine." + std::string(head_reductions()[r].name) + "." + what;
      metric.value = mean(values);
      if (values.size() > 1) {
        const Estimate interval = bootstrap_mean(values, {.draws = kDraws, .seed = seed});
        metric.low = interval.low;
        metric.high = interval.high;
      }
      if (!null.empty()) metric.null_value = mean(null);
      about_.metrics.push_back(std::move(metric));
    }
  }

  LayerSimilarity about_;
  HeadCosines maps_, outputs_;
  bool outputs_fit_ = true;
};

SimilarityResult similarity(const Executor& executor, const Weights& weights, ImageSource& source,
                            const SimilaritySettings& settings, const SimilarityNotice& notice) {
  const c10::InferenceMode guard;
  const Graph& graph = executor.graph();
  std::vector<LayerCosines> layers;
  for (const AttentionTap& tap : graph.attention) layers.emplace_back(graph, tap);
  RunOptions options;
  options.taps = true;
  options.head_outputs = true;
  SimilarityResult result;
  for (at::Tensor images = source.next(); images.defined(); images = source.next()) {
    check_interrupt();
    const RunResult run = executor.run(weights, images, options);
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].add(run.attention[i]);
    result.images += images.size(0);
    if (notice) notice(result.images, source.images());
  }
  for (LayerCosines& layer : layers) result.layers.push_back(layer.finish(settings.seed));
  return result;
}

void check(const Executor& executor, const SimilaritySettings& settings) {
  if (executor.graph().attention.empty())
    throw UserError("head similarity compares attention heads, and this model has no attention");
  if (settings.images < 1 || settings.batch < 1)
    throw UserError(
        "head similarity needs at least 1 image and a batch of at least 1, got images " +
        std::to_string(settings.images) + " and batch " + std::to_string(settings.batch));
}

Json number_or_null(const std::optional<double>& value) {
  return value ? json_number(*value) : Json(nullptr);
}

}  // namespace

SimilarityResult head_similarity(const Executor& executor, const Weights& weights,
                                 const at::Tensor& images, const SimilaritySettings& settings,
                                 const SimilarityNotice& notice) {
  check(executor, settings);
  if (images.dim() != 4 || images.size(0) < 1)
    throw UserError("head similarity reads at least one image as (N, C, H, W)");
  const std::unique_ptr<ImageSource> source = images_of(images, settings);
  return similarity(executor, weights, *source, settings, notice);
}

SimilarityResult head_similarity(const Executor& executor, const Weights& weights,
                                 const Dataset& dataset, const SimilaritySettings& settings,
                                 const SimilarityNotice& notice) {
  check(executor, settings);
  const Graph& graph = executor.graph();
  const std::unique_ptr<ImageSource> source =
      images_of(dataset, graph.value(graph.input).shape, settings);
  return similarity(executor, weights, *source, settings, notice);
}

Json similarity_json(const SimilarityResult& result) {
  Json layers = Json::array();
  for (const LayerSimilarity& layer : result.layers) {
    Json metrics = Json::object();
    for (const HeadMetric& metric : layer.metrics)
      metrics[metric.name] = {{"value", json_number(metric.value)},
                              {"low", number_or_null(metric.low)},
                              {"high", number_or_null(metric.high)},
                              {"null", number_or_null(metric.null_value)}};
    Json row{{"layer", layer.layer},     {"heads", layer.heads},
             {"queries", layer.queries}, {"keys", layer.keys},
             {"windows", layer.windows}, {"small_grid", layer.is_small_grid},
             {"metrics", metrics}};
    if (!layer.note.empty()) row["note"] = layer.note;
    layers.push_back(std::move(row));
  }
  return {{"layers", layers}, {"images", result.images}};
}

std::vector<MetricValue> metrics_of(const SimilarityResult& result) {
  std::vector<MetricValue> rows;
  for (const LayerSimilarity& layer : result.layers) {
    for (const HeadMetric& metric : layer.metrics) {
      rows.push_back(
          {metric.name, layer.layer, metric.value, "1", metric.low, metric.high, result.images});
      if (metric.null_value)
        rows.push_back(
            {metric.name + ".null", layer.layer, *metric.null_value, "1", {}, {}, result.images});
    }
  }
  return rows;
}

}  // namespace vitlab
