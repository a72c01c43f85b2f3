#include "guide/level_claim.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "stats/best_levels.h"
#include "stats/normal.h"
#include "stats/sign_flip.h"
#include "stats/summary.h"

namespace vitlab::guide {
namespace {

constexpr double kMostPatterns = 20000;

/// Two-sided p of Student's t, by bisection of its quantile; never below `floor`.
double student_p_value(double t, std::int64_t degrees, double floor) {
  double low = floor;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (stats::student_quantile(1 - middle / 2, degrees) > std::abs(t) ? low : high) = middle;
  }
  return high;
}

/// Deviations of cell means from their block's mean, with the positions of their levels.
struct CentredBlock {
  std::vector<std::size_t> levels;
  std::vector<double> deviations;
};

std::vector<CentredBlock> centred_blocks(const stats::EffectTable& table) {
  std::vector<CentredBlock> blocks;
  for (const auto& cells : table.cells) {
    CentredBlock block;
    for (std::size_t l = 0; l < cells.size(); ++l) {
      if (cells[l].empty()) continue;
      block.levels.push_back(l);
      block.deviations.push_back(stats::mean(cells[l]));
    }
    const double centre = stats::mean(block.deviations);
    for (double& deviation : block.deviations) deviation -= centre;
    std::sort(block.deviations.begin(), block.deviations.end());
    blocks.push_back(std::move(block));
  }
  return blocks;
}

/// The permutation test of level means inside blocks. Deviations start sorted, so that enumerating
/// visits every order once and equal values make no difference.
class LevelPermutations {
 public:
  explicit LevelPermutations(const stats::EffectTable& table)
      : blocks_(centred_blocks(table)), counts_(table.levels.size()), sums_(table.levels.size()) {
    for (const CentredBlock& block : blocks_)
      for (const std::size_t level : block.levels) counts_[level] += 1;
    seen_ = statistic_of(table) * (1 - 1e-12);
  }

  double exact() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    visit(0);
    return static_cast<double>(hits_) / static_cast<double>(visited_);
  }

  double sampled(std::int64_t draws, std::uint64_t seed) {
    core::Random random(seed);
    std::int64_t hits = 0;
    for (std::int64_t draw = 0; draw < draws; ++draw) {
      std::fill(sums_.begin(), sums_.end(), 0.0);
      for (CentredBlock& block : blocks_) {
        for (std::size_t i = block.deviations.size(); i-- > 0;) {
          std::swap(block.deviations[i], block.deviations[random.below(i + 1)]);
          sums_[block.levels[i]] += block.deviations[i];
        }
      }
      hits += statistic() >= seen_ ? 1 : 0;
    }
    return static_cast<double>(1 + hits) / static_cast<double>(1 + draws);
  }

  /// How many orders there are, as far as it matters.
  double patterns() const {
    double count = 1;
    for (const CentredBlock& block : blocks_)
      count *= std::tgamma(static_cast<double>(block.levels.size()) + 1);
    return count;
  }

 private:
  double statistic() const {
    double sum = 0;
    for (std::size_t l = 0; l < sums_.size(); ++l) sum += sums_[l] * sums_[l] / counts_[l];
    return sum;
  }

  double statistic_of(const stats::EffectTable& table) {
    for (const auto& cells : table.cells) {
      double centre = 0;
      double held = 0;
      for (const auto& cell : cells) {
        centre += cell.empty() ? 0 : stats::mean(cell);
        held += cell.empty() ? 0 : 1;
      }
      for (std::size_t l = 0; l < cells.size(); ++l)
        if (!cells[l].empty()) sums_[l] += stats::mean(cells[l]) - centre / held;
    }
    return statistic();
  }

  void visit(std::size_t index) {
    if (index == blocks_.size()) {
      ++visited_;
      hits_ += statistic() >= seen_ ? 1 : 0;
      return;
    }
    // std::next_permutation skips repeats of equal deviations, which keeps all shares the same.
    CentredBlock& block = blocks_[index];
    do {
      const std::vector<double> before = sums_;
      for (std::size_t i = 0; i < block.levels.size(); ++i)
        sums_[block.levels[i]] += block.deviations[i];
      visit(index + 1);
      sums_ = before;
    } while (std::next_permutation(block.deviations.begin(), block.deviations.end()));
  }

  std::vector<CentredBlock> blocks_;
  std::vector<double> counts_;
  std::vector<double> sums_;
  double seen_ = 0;
  std::int64_t hits_ = 0;
  std::int64_t visited_ = 0;
};

std::vector<std::size_t> all_but(std::size_t count, const std::vector<std::size_t>& left_out) {
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < count; ++i)
    if (std::find(left_out.begin(), left_out.end(), i) == left_out.end()) rest.push_back(i);
  return rest;
}

/// The level in use, if it is one of those outside the range; else all of them.
std::vector<std::size_t> compared_with(const stats::EffectTable& table, const Factor& factor,
                                       const std::string& reference,
                                       const std::vector<std::size_t>& range) {
  std::vector<std::size_t> outside = all_but(table.levels.size(), range);
  const std::int64_t level = reference.empty() ? -1 : factor.level_of(reference);
  for (const std::size_t position : outside)
    if (table.levels[position] == level) return {position};
  return outside;
}

}  // namespace

double contrast_p_value(const stats::EffectTable& table, const stats::EffectBootstrap& bootstrap,
                        const std::vector<std::size_t>& from, const std::vector<std::size_t>& to,
                        const GuideOptions& options) {
  if (bootstrap.blocks < kBootstrapBlocks) {
    const std::vector<double> differences = stats::block_contrasts(table, from, to);
    return differences.empty() ? 1.0 : stats::sign_flip_p_value(differences);
  }
  const double floor = 1 / static_cast<double>(1 + options.draws);
  std::vector<double> draws;
  const auto difference = [&](const std::vector<double>& effects) {
    double sum = 0;
    for (const std::size_t l : to) sum += effects[l] / static_cast<double>(to.size());
    for (const std::size_t l : from) sum -= effects[l] / static_cast<double>(from.size());
    return sum;
  };
  for (const auto& draw : bootstrap.draws) draws.push_back(difference(draw));
  const double delta = difference(bootstrap.effects);
  if (draws.size() < 2 || delta == 0) return 1;
  // The bootstrap's spread lacks the factor n / (n - 1) of an unbiased variance.
  const double blocks = static_cast<double>(bootstrap.blocks);
  const double error = stats::standard_deviation(draws) * std::sqrt(blocks / (blocks - 1));
  if (error <= 1e-12 * std::abs(delta)) return floor;
  return student_p_value(delta / error, bootstrap.blocks - 1, floor);
}

double level_p_value(const stats::EffectTable& table, const stats::EffectBootstrap& bootstrap,
                     const GuideOptions& options) {
  if (table.levels.size() == 2) return contrast_p_value(table, bootstrap, {0}, {1}, options);
  LevelPermutations permutations(table);
  return permutations.patterns() <= kMostPatterns
             ? permutations.exact()
             : permutations.sampled(options.draws, options.seed);
}

std::optional<LevelClaim> claim_levels(const Comparison& comparison, const Factor& factor,
                                       stats::Direction direction, const std::string& reference,
                                       const GuideOptions& options, double margin) {
  const stats::EffectTable& table = comparison.table;
  const bool is_enough = static_cast<std::int64_t>(table.blocks.size()) >= kFewestBlocks;
  if (!is_enough || !table.is_connected) return std::nullopt;
  LevelClaim claim;
  claim.bootstrap = stats::bootstrap_effects(
      table, {.confidence = options.confidence, .draws = options.draws, .seed = options.seed});
  const stats::BestLevels best = stats::best_levels(
      table, claim.bootstrap,
      {.direction = direction, .margin = margin, .confidence = options.confidence});
  for (const std::int64_t level : best.levels) claim.range.push_back(table.position_of(level));
  const bool is_part = claim.range.size() < table.levels.size();
  claim.is_range = is_part && (best.is_range || !factor.is_numeric);
  claim.from = compared_with(table, factor, reference, claim.range);
  claim.p = level_p_value(table, claim.bootstrap, options);
  return claim;
}

std::optional<std::int64_t> blocks_to_settle(const stats::EffectTable& table,
                                             stats::Direction direction) {
  const auto smallest =
      static_cast<std::int64_t>(std::ceil(1 - std::log2(stats::PowerTarget{}.alpha)));
  const auto blocks = static_cast<std::int64_t>(table.blocks.size());
  const std::int64_t least = std::max(smallest, blocks + 1);
  if (!table.is_connected || blocks < 2) return least;
  const std::vector<double> effects = stats::level_effects(table);
  const auto best = direction == stats::Direction::kMaximise
                        ? std::max_element(effects.begin(), effects.end())
                        : std::min_element(effects.begin(), effects.end());
  const std::vector<std::size_t> to{static_cast<std::size_t>(best - effects.begin())};
  const auto differences = stats::block_contrasts(table, all_but(effects.size(), to), to);
  if (differences.size() < 2) return least;
  const auto needed = stats::blocks_needed(differences);
  if (!needed) return std::nullopt;
  return std::max(least, *needed);
}

}  // namespace vitlab::guide
