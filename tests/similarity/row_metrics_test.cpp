#include "similarity/row_metrics.h"

#include <cmath>

#include "model/small_models.h"
#include "similarity/row_sums.h"
#include "stats/summary.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

constexpr RowChoice kEverything{true, true, true, true};

TokenGrid grid_of(graph::Index rows, graph::Index columns, graph::Index class_tokens = 0,
                  graph::Index windows = 1) {
  return {.windows = windows,
          .rows = rows,
          .columns = columns,
          .class_tokens = class_tokens,
          .pixels_down = 16,
          .pixels_across = 16};
}

RowMetrics row_metrics_of(const at::Tensor& maps, const TokenGrid& grid) {
  RowMetrics metrics(grid, kEverything);
  metrics.add(maps);
  metrics.close();
  return metrics;
}

at::Tensor random_maps(at::IntArrayRef shape, std::uint64_t seed) {
  return at::softmax(2 * model::gaussian(shape, seed), -1);
}

void check_all(const std::vector<double>& values, double expected, double margin = 1e-9) {
  REQUIRE_FALSE(values.empty());
  for (const double value : values) CHECK(value == Approx(expected).margin(margin));
}

}  // namespace

TEST_CASE("uniform maps have entropy 1, maps that are the identity have entropy and distance 0") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const RowMetrics uniform = row_metrics_of(at::full({3, 2, 9, 9}, 1.0 / 9, type), grid_of(3, 3));
    check_all(uniform.entropy(), 1, 1e-6);
    check_all(uniform.confidence(), 1.0 / 9, 1e-6);
    check_all(uniform.divergence(), 0, 1e-6);
    const RowMetrics identity =
        row_metrics_of(at::eye(9, type).expand({3, 2, 9, 9}), grid_of(3, 3));
    check_all(identity.entropy(), 0);
    check_all(identity.distance(), 0);
    check_all(identity.confidence(), 1);
    check_all(identity.divergence(), 0);
  }
}

TEST_CASE("heads that never look at the same key are 1 bit apart, and so are their neighbours") {
  at::Tensor maps = at::zeros({4, 2, 2, 4}, at::kDouble);
  maps.select(1, 0).select(2, 1).fill_(1);
  maps.select(1, 1).select(2, 2).fill_(0.5);
  maps.select(1, 1).select(2, 3).fill_(0.5);
  TokenGrid grid = grid_of(2, 2);
  RowMetrics metrics(grid, {.divergence = true});
  metrics.add(maps);
  metrics.close();
  CHECK(metrics.divergence().size() == 4);
  CHECK(metrics.null_divergence().size() == 4);
  check_all(metrics.divergence(), 1);
  check_all(metrics.null_divergence(), 1);
}

TEST_CASE("distance is that to the neighbour in pixels, of each direction its own") {
  // Tokens 2 x 3; every token attends to its right neighbour, the last of a row to itself.
  at::Tensor maps = at::zeros({1, 1, 6, 6}, at::kDouble);
  for (const graph::Index token : {0, 1, 3, 4}) maps[0][0][token][token + 1] = 1;
  for (const graph::Index token : {2, 5}) maps[0][0][token][token] = 1;
  TokenGrid grid = grid_of(2, 3);
  grid.pixels_across = 10;
  check_all(row_metrics_of(maps, grid).distance(), 4 * 10.0 / 6);
  CHECK(token_distances(grid)[0][5].item<double>() == Approx(std::hypot(16, 20)));
}

TEST_CASE("class tokens are left out of distances: neither their rows nor their columns count") {
  const at::Tensor maps = random_maps({2, 2, 10, 10}, 1);
  const RowMetrics with = row_metrics_of(maps, grid_of(3, 3, 1));
  const RowMetrics without =
      row_metrics_of(maps.narrow(2, 1, 9).narrow(3, 1, 9).contiguous(), grid_of(3, 3));
  REQUIRE(with.distance().size() == without.distance().size());
  for (std::size_t i = 0; i < with.distance().size(); ++i)
    CHECK(with.distance()[i] == Approx(without.distance()[i]));
}

TEST_CASE("rows of maps are measured as their definitions say, in both types, whatever the batch") {
  const graph::Index images = 5, windows = 2, heads = 3,
                     tokens = 37;  // more than one group of lanes
  const at::Tensor maps = random_maps({images * windows, heads, tokens, tokens}, 2);
  const TokenGrid grid = grid_of(1, tokens, 0, windows);
  const RowMetrics whole = row_metrics_of(maps, grid);
  const at::Tensor plain = maps.reshape({images, windows, heads, tokens, tokens});
  const at::Tensor entropy =
      -(plain * plain.log()).sum(-1).mean(3).mean(1) / std::log(static_cast<double>(tokens));
  const at::Tensor p = plain.select(2, 0), q = plain.select(2, 2), m = (p + q) / 2;
  const at::Tensor divergence =
      ((p * (p / m).log() + q * (q / m).log()) / 2).sum(-1).mean(2).mean(1) / std::log(2.0);
  const RowMetrics single = row_metrics_of(maps.to(at::kFloat), grid);
  RowMetrics parts(grid, kEverything);
  for (graph::Index i = 0; i < images; i += 2)
    parts.add(maps.narrow(0, i * windows, std::min<graph::Index>(2, images - i) * windows));
  parts.close();
  for (graph::Index n = 0; n < images; ++n) {
    for (graph::Index head = 0; head < heads; ++head) {
      const auto at_head = static_cast<std::size_t>(n * heads + head);
      CHECK(whole.entropy()[at_head] == Approx(entropy[n][head].item<double>()).margin(1e-12));
      CHECK(single.entropy()[at_head] == Approx(whole.entropy()[at_head]).margin(1e-6));
      CHECK(single.distance()[at_head] == Approx(whole.distance()[at_head]).epsilon(1e-6));
    }
    const auto pair = static_cast<std::size_t>(n * heads + 1);  // heads 0 and 2
    CHECK(whole.divergence()[pair] == Approx(divergence[n].item<double>()).margin(1e-12));
    CHECK(single.divergence()[pair] == Approx(whole.divergence()[pair]).margin(1e-6));
  }
  CHECK(parts.entropy() == whole.entropy());
  CHECK(parts.distance() == whole.distance());
  CHECK(parts.divergence() == whole.divergence());
  CHECK(stats::mean(parts.null_divergence()) ==
        Approx(stats::mean(whole.null_divergence())).epsilon(1e-12));
}

TEST_CASE("sums of a row are those of float64, with zeros and rows of any length") {
  core::Random random(5);
  for (graph::Index count = 0; count < 70; ++count) {
    std::vector<float> p, q;
    double expected = 0, between = 0, product = 0, sum = 0;
    const auto term = [](double x) { return x > 0 ? x * std::log(x) : 0; };
    for (graph::Index k = 0; k < count; ++k) {
      p.push_back(random.uniform() < 0.2 ? 0 : static_cast<float>(random.uniform()));
      q.push_back(static_cast<float>(std::pow(random.uniform(), 20)));
      expected += term(p.back());
      between += term((static_cast<double>(p.back()) + static_cast<double>(q.back())) / 2);
      product += (static_cast<double>(p.back()) - 0.25) * (static_cast<double>(q.back()) - 0.25);
      sum += static_cast<double>(p.back()) - 0.25;
    }
    INFO(count);
    CHECK(negative_entropy(p.data(), count) ==
          Approx(expected).margin(1e-7 * static_cast<double>(1 + count)));
    CHECK(negative_entropy_of_mean(p.data(), q.data(), count) ==
          Approx(between).margin(1e-7 * static_cast<double>(1 + count)));
    CHECK(dot(p.data(), q.data(), 0.25F, count) ==
          Approx(product).margin(1e-7 * static_cast<double>(1 + count)));
    CHECK(sum_less(p.data(), 0.25F, count) ==
          Approx(sum).margin(1e-7 * static_cast<double>(1 + count)));
  }
}

}  // namespace vitlab::similarity
