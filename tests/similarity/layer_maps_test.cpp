#include "similarity/layer_maps.h"

#include <cmath>

#include "architecture/presets.h"
#include "core/error.h"
#include "data/decode.h"
#include "data/encode_png.h"
#include "model/small_models.h"
#include "similarity/attention_pictures.h"
#include "similarity/compare.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

model::SmallModel vit_of(int depth) {
  return {architecture::expand_knobs(
              core::parse_json(R"({"template": "vit", "image_size": 32, "patch": 8,
                                      "width": 24, "heads": 3, "classes": 5, "depth": )" +
                                   std::to_string(depth) + "}",
                               "test"),
              "test"),
          7};
}

messages::LayerMap cka_of(const model::SmallModel& model, const at::Tensor& images,
                          graph::Index batch) {
  const auto source =
      images_of(images, sweep::SimilaritySettings{.images = images.size(0), .batch = batch});
  return layer_cka(model.executor, model.weights, *source);
}

}  // namespace

TEST_CASE("an unbiased HSIC of independent features is 0 on average, of equal ones positive") {
  double sum = 0, own = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const at::Tensor x = model::gaussian({8, 5}, 2 * i), y = model::gaussian({8, 5}, 2 * i + 1);
    sum += unbiased_hsic(at::mm(x, x.t()), at::mm(y, y.t()));
    own += unbiased_hsic(at::mm(x, x.t()), at::mm(x, x.t()));
  }
  CHECK(own > 0);
  CHECK(std::abs(sum) < 0.05 * own);
}

TEST_CASE("the unbiased HSIC does not see an offset of the features") {
  const at::Tensor x = model::gaussian({6, 4}, 1), y = model::gaussian({6, 4}, 2);
  const auto gram = [](const at::Tensor& rows) { return at::mm(rows, rows.t()); };
  CHECK(unbiased_hsic(gram(x + 3), gram(y)) == Approx(unbiased_hsic(gram(x), gram(y))));
}

TEST_CASE("CKA of a layer with itself is 1, and batches of fewer than 4 images are left out") {
  const model::SmallModel model = vit_of(2);
  const messages::LayerMap map = cka_of(model, model.images(12, 3), 6);
  const std::size_t layers = map.layers.size();
  CHECK(layers == 1 + 4 + 1);
  for (std::size_t i = 0; i < layers; ++i) {
    CHECK(*map.values[i][i] == Approx(1));
    for (std::size_t j = 0; j < layers; ++j) CHECK(map.values[i][j] == map.values[j][i]);
  }
  // Of 9 images the first batch of 6, in the order that the seed draws.
  const at::Tensor nine = model.images(9, 3);
  const std::vector<std::int64_t> order = core::Random(0).permutation(9);
  const at::Tensor six = nine.index_select(0, at::tensor(order).narrow(0, 0, 6));
  const messages::LayerMap left_out = cka_of(model, nine, 6), first = cka_of(model, six, 6);
  for (std::size_t i = 0; i < layers; ++i)
    for (std::size_t j = 0; j < layers; ++j)
      CHECK(*left_out.values[i][j] == Approx(*first.values[i][j]).margin(1e-9));
  CHECK_THROWS_WITH(cka_of(model, model.images(3, 3), 3), Catch::Contains("4 images"));
}

TEST_CASE("across layers a layer's maps equal themselves, and layers of other sizes stand apart") {
  const model::SmallModel model = vit_of(3);
  const at::Tensor images = model.images(5, 4);
  const auto source = images_of(images, sweep::SimilaritySettings{.images = 5, .batch = 2});
  const messages::LayerMap map = cross_layer_map(model.executor, model.weights, *source);
  REQUIRE(map.layers.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(*map.values[i][i] == Approx(1));
  model::RunOptions options;
  options.taps = true;
  const model::RunResult run = model.executor.run(model.weights, images, options);
  double sum = 0;
  graph::Index count = 0;
  const at::Tensor &a = run.attention[0].maps, &b = run.attention[2].maps;
  for (graph::Index n = 0; n < a.size(0); ++n)
    for (graph::Index h = 0; h < a.size(1); ++h)
      for (graph::Index t = 0; t < a.size(3); ++t, ++count) {
        const at::Tensor p = a[n][h].select(1, t), q = b[n][h].select(1, t);
        sum += (p * q).sum().item<double>() / (p.norm() * q.norm()).item<double>();
      }
  CHECK(*map.values[0][2] == Approx(sum / static_cast<double>(count)));
  CHECK(*map.values[2][0] == *map.values[0][2]);

  const model::SmallModel m0(
      architecture::expand_knobs(
          core::parse_json(R"({"template": "efficientvit", "image_size": 32, "classes": 10,
                                  "stem_stride": 4, "widths": [16, 16, 24], "heads": [2, 2, 3],
                                  "qk_dim": 4, "kernels": [3, 3, 3]})",
                           "test"),
          "test"),
      3);
  const auto again = images_of(m0.images(2, 4), sweep::SimilaritySettings{.images = 2});
  const messages::LayerMap apart = cross_layer_map(m0.executor, m0.weights, *again);
  CHECK_FALSE(apart.values[0][1]);
}

TEST_CASE("a model differs from itself by nothing, and differences change sign with the order") {
  const model::SmallModel model = vit_of(2), longer = vit_of(3);
  const at::Tensor images = model.images(6, 5);
  const auto of = [&](const model::SmallModel& subject) {
    return head_similarity(subject.executor, subject.weights, images, {});
  };
  const SimilarityResult a = of(model), b = of(longer);
  const messages::SimilarityComparison none = compare_similarity(a, a, 0);
  for (const auto& [name, metric] : none.summary) {
    CHECK(metric.difference == 0);
    CHECK(*metric.high == 0);
    CHECK(metric.layers == 2);
    CHECK(metric.opposite == 0);
  }
  const messages::SimilarityComparison forth = compare_similarity(a, b, 0),
                                       back = compare_similarity(b, a, 0);
  CHECK(forth.layers.size() == 2);
  CHECK(forth.only_a.empty());
  CHECK(forth.only_b.size() == 1);
  CHECK(back.only_a == forth.only_b);
  for (std::size_t m = 0; m < forth.summary.size(); ++m) {
    const messages::MeanDifference& metric = forth.summary[m].second;
    CHECK(metric.difference == Approx(-back.summary[m].second.difference).margin(1e-12));
    CHECK(*metric.low <= metric.difference);
    CHECK(metric.difference <= *metric.high);
    const double mean_of_layers = (forth.layers[0].metrics[m].second.difference +
                                   forth.layers[1].metrics[m].second.difference) /
                                  2;
    CHECK(metric.difference == Approx(mean_of_layers).margin(1e-12));
  }
  CHECK_THAT(forth.sentence, Catch::StartsWith("head_cosine.max_max.map differs by"));
  SimilarityResult fewer = a;
  fewer.images = 5;
  CHECK_THROWS_AS(compare_similarity(a, fewer, 0), core::UserError);
}

TEST_CASE("a PNG that is written reads back to the same pixels") {
  core::Random random(3);
  for (const data::ImageSize size :
       {data::ImageSize{1, 1}, data::ImageSize{7, 3}, data::ImageSize{64, 33}}) {
    data::Image image{size, {}};
    for (std::int64_t i = 0; i < size.height * size.width * 3; ++i)
      image.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
    const data::Image back = data::decode_png(data::encode_png(image));
    CHECK(back.size == image.size);
    CHECK(back.pixels == image.pixels);
  }
}

TEST_CASE("what is attended to adds up to what was given: 1 a query, put where the token lies") {
  model::for_every_kind(2, false, [&](const model::SmallModel& model, RandomSpecs&) {
    model::RunOptions options;
    options.taps = true;
    const model::RunResult run = model.executor.run(model.weights, model.images(1, 2), options);
    for (std::size_t l = 0; l < run.attention.size(); ++l) {
      const TokenGrid grid = token_grid(model.graph(), model.graph().attention[l]);
      const at::Tensor received = attention_received(grid, run.attention[l].maps);
      CHECK(received.size(1) == grid.height);
      CHECK(received.size(2) == grid.width);
      const double most = static_cast<double>(grid.windows) + 1e-9;
      CHECK(received.sum(at::IntArrayRef{1, 2}).max().item<double>() <= most);
      const bool has_padding = grid.windows * grid.rows * grid.columns != grid.height * grid.width;
      if (!has_padding && grid.class_tokens == 0)
        CHECK(received.sum().item<double>() ==
              Approx(static_cast<double>(grid.windows * received.size(0))));
    }
  });
}

TEST_CASE("chosen images are drawn with a picture a head, and others are refused") {
  const model::SmallModel model = vit_of(1);
  const at::Tensor images = model.images(4, 6);
  const TemporaryFolder folder;
  const auto source = images_numbered(images, {3, 1});
  const std::vector<messages::AttentionPictures> pictures =
      draw_attention(model.executor, model.weights, *source, {3, 1}, folder.path());
  REQUIRE(pictures.size() == 2);
  CHECK(pictures[0].image == 3);
  CHECK(pictures[0].layers[0].files.size() == 3);
  for (const std::string& file : pictures[1].layers[0].files)
    CHECK(std::filesystem::file_size(folder.path() / file) > 60);
  CHECK_THROWS_WITH(images_numbered(images, {4}), Catch::Contains("0 to 3"));
}

}  // namespace vitlab::similarity
