#include "stats/shape.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "stats/correlation.h"
#include "stats/summary.h"

namespace vitlab::stats {
namespace {

/// One block: its cell means and the weights that pick out a slope and a bend of them. The weights
/// sum to zero, so the block's own height drops out.
struct ShapedBlock {
  std::vector<double> means;
  std::vector<double> line;
  std::vector<double> bend;  // squared step with line and constant projected out
};

std::vector<double> centred(std::vector<double> values) {
  const double centre = mean(values);
  for (double& value : values) value -= centre;
  return values;
}

ShapedBlock shaped(const std::vector<std::vector<double>>& cells) {
  ShapedBlock block;
  std::vector<double> steps;
  for (std::size_t l = 0; l < cells.size(); ++l) {
    if (cells[l].empty()) continue;
    block.means.push_back(mean(cells[l]));
    steps.push_back(static_cast<double>(l));
  }
  block.line = centred(steps);
  std::vector<double> squares;
  for (const double x : block.line) squares.push_back(x * x);
  block.bend = centred(squares);
  const double slope = dot(block.bend, block.line) / dot(block.line, block.line);
  for (std::size_t i = 0; i < steps.size(); ++i) block.bend[i] -= slope * block.line[i];
  return block;
}

struct Contrasts {
  double line = 0;
  double bend = 0;
};

Contrasts contrasts(const std::vector<ShapedBlock>& blocks) {
  Contrasts sums;
  for (const ShapedBlock& block : blocks) {
    sums.line += dot(block.means, block.line);
    sums.bend += dot(block.means, block.bend);
  }
  return sums;
}

Contrasts weight_norms(const std::vector<ShapedBlock>& blocks) {
  Contrasts norms;
  for (const ShapedBlock& block : blocks) {
    norms.line += dot(block.line, block.line);
    norms.bend += dot(block.bend, block.bend);
  }
  return norms;
}

void shuffle(std::vector<double>& values, core::Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

void permutation_test(std::vector<ShapedBlock> blocks, const ShapeSettings& settings,
                      ShapeVerdict& verdict) {
  const Contrasts seen = contrasts(blocks);
  // Equal on paper may differ in the last bits.
  const double line_limit = std::abs(seen.line) * (1 - 1e-12);
  const double bend_limit = std::abs(seen.bend) * (1 - 1e-12);
  core::Random random(settings.seed);
  std::int64_t line_hits = 0;
  std::int64_t bend_hits = 0;
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    for (ShapedBlock& block : blocks) shuffle(block.means, random);
    const Contrasts drawn = contrasts(blocks);
    line_hits += std::abs(drawn.line) >= line_limit ? 1 : 0;
    bend_hits += std::abs(drawn.bend) >= bend_limit ? 1 : 0;
  }
  const double tries = static_cast<double>(1 + settings.draws);
  verdict.trend_p = static_cast<double>(1 + line_hits) / tries;
  verdict.curvature_p = static_cast<double>(1 + bend_hits) / tries;
  verdict.p_value = std::min(1.0, 2 * std::min(verdict.trend_p, verdict.curvature_p));
}

Shape shape_of(const EffectTable& table, const BestLevels& best, const ShapeVerdict& verdict,
               const ShapeSettings& settings) {
  if (!best.is_range) return Shape::kIndifferent;
  const double sign = settings.direction == Direction::kMaximise ? 1 : -1;
  if (best.levels.back() == table.levels.back()) {
    return sign * verdict.trend > 0 ? Shape::kRaise : Shape::kIndifferent;
  }
  if (best.levels.front() == table.levels.front()) {
    return sign * verdict.trend < 0 ? Shape::kLower : Shape::kIndifferent;
  }
  const bool is_hump = sign * verdict.curvature < 0 && verdict.curvature_p <= settings.alpha;
  return is_hump ? Shape::kKeepBetween : Shape::kIndifferent;
}

}  // namespace

std::string_view shape_name(Shape shape) {
  switch (shape) {
    case Shape::kRaise:
      return "raise";
    case Shape::kLower:
      return "lower";
    case Shape::kKeepBetween:
      return "keep between";
    case Shape::kIndifferent:
      return "indifferent";
  }
  return "";
}

ShapeVerdict judge_shape(const EffectTable& table, const BestLevels& best,
                         const ShapeSettings& settings) {
  core::ensure(settings.draws > 0, "a permutation test has at least one draw");
  const std::vector<double> effects = level_effects(table);
  std::vector<double> steps;
  for (std::size_t l = 0; l < effects.size(); ++l) steps.push_back(static_cast<double>(l));
  std::vector<ShapedBlock> blocks;
  for (const auto& cells : table.cells) blocks.push_back(shaped(cells));

  ShapeVerdict verdict;
  verdict.spearman = spearman(steps, effects);
  const Contrasts seen = contrasts(blocks);
  const Contrasts norms = weight_norms(blocks);
  verdict.trend = seen.line / norms.line;
  verdict.curvature = norms.bend > 1e-12 ? seen.bend / norms.bend : 0;
  permutation_test(std::move(blocks), settings, verdict);
  verdict.shape = shape_of(table, best, verdict, settings);
  return verdict;
}

}  // namespace vitlab::stats
