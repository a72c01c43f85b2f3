#include "guide/level_claim.h"

#include "core/random.h"
#include "stats/sign_flip.h"
#include "test.hpp"

namespace vitlab::guide {
namespace {

stats::EffectTable table_of(const std::vector<std::vector<double>>& blocks) {
  std::vector<stats::EffectRow> rows;
  for (std::size_t b = 0; b < blocks.size(); ++b)
    for (std::size_t l = 0; l < blocks[b].size(); ++l)
      rows.push_back({std::to_string(b), 0, static_cast<std::int64_t>(l), blocks[b][l]});
  return stats::tabulate(rows);
}

double p_of(const stats::EffectTable& table, std::int64_t draws = 400) {
  return level_p_value(table, stats::bootstrap_effects(table, {.draws = draws}), {.draws = draws});
}

TEST_CASE("with two levels and few blocks the test is the exact sign flip", "[level_claim]") {
  CHECK(p_of(table_of({{0, 1}, {0, 2}, {5, 8}})) == Approx(0.25));
  CHECK(p_of(table_of({{0, 1}, {0, 2}, {5, 8}, {1, 9}})) == Approx(0.125));
  CHECK(p_of(table_of({{0, 1}, {2, 0}, {5, 8}, {1, 9}})) ==
        Approx(stats::sign_flip_p_value(std::vector<double>{1, -2, 3, 8})));
}

TEST_CASE("with three levels all orders inside blocks are counted", "[level_claim]") {
  // Three blocks in full agreement: 6 of 216 joint orders are as extreme.
  CHECK(p_of(table_of({{0, 1, 2}, {10, 11, 12}, {5, 6, 7}})) == Approx(6.0 / 216));
  // Blocks without differences carry no information.
  CHECK(p_of(table_of({{1, 1, 1}, {2, 2, 2}, {3, 3, 3}})) == Approx(1));
}

TEST_CASE("with two levels and many blocks the p value is uniform without an effect",
          "[level_claim]") {
  core::Random random(4);
  int below = 0;
  for (int run = 0; run < 400; ++run) {
    std::vector<std::vector<double>> blocks;
    for (int b = 0; b < 6; ++b) blocks.push_back({random.normal(), random.normal()});
    below += p_of(table_of(blocks), 200) <= 0.1 ? 1 : 0;
  }
  CHECK(below >= 15);
  CHECK(below <= 60);
}

TEST_CASE("more blocks are asked for than there are", "[level_claim]") {
  const stats::EffectTable table = table_of({{0, 1}, {0, 1.1}, {0, 0.9}});
  CHECK(blocks_to_settle(table, stats::Direction::kMaximise).value() == 6);
  const stats::EffectTable one = table_of({{0, 1}});
  CHECK(blocks_to_settle(one, stats::Direction::kMaximise).value() == 6);
  const stats::EffectTable noisy = table_of({{0, 1}, {0, -0.8}, {0, 1.2}, {0, -0.9}});
  CHECK(blocks_to_settle(noisy, stats::Direction::kMaximise).value() > 20);
}

}  // namespace
}  // namespace vitlab::guide
