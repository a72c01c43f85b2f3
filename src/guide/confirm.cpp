#include "guide/confirm.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/hash.h"
#include "stats/normal.h"
#include "stats/summary.h"

namespace vitlab::guide {
namespace {

constexpr double kHeldOut = 0.3;
constexpr double kOneSided = 0.9;

std::string context_of(const Observation& row) {
  std::string context;
  for (const std::string& part : row.context) context += part + "; ";
  return context;
}

/// The held-out blocks: those with the smallest hashes, contexts taking turns, so that each can
/// speak for itself.
std::set<std::string> held_out_blocks(const Comparison& comparison, std::uint64_t seed) {
  std::map<std::string, std::set<std::pair<std::uint64_t, std::string>>> by_context;
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) {
    const std::string& block = comparison.row_blocks[i];
    by_context[context_of(*comparison.rows[i])].emplace(core::mix64(seed, block), block);
  }
  std::set<std::tuple<std::size_t, std::uint64_t, std::string>> turns;
  for (const auto& [context, blocks] : by_context) {
    std::size_t turn = 0;
    for (const auto& [hash, block] : blocks) turns.emplace(turn++, hash, block);
  }
  const double blocks = static_cast<double>(comparison.table.blocks.size());
  const auto count = static_cast<std::size_t>(std::ceil(kHeldOut * blocks));
  std::set<std::string> held;
  for (const auto& [turn, hash, block] : turns)
    if (held.size() < count) held.insert(block);
  return held;
}

/// The rows of the blocks that are (not) held out, as a comparison of their own.
Comparison part_of(const Comparison& whole, const Factor& factor,
                   const std::set<std::string>& blocks, bool is_inside) {
  Comparison part;
  std::vector<stats::EffectRow> rows;
  for (std::size_t i = 0; i < whole.rows.size(); ++i) {
    if (blocks.contains(whole.row_blocks[i]) != is_inside) continue;
    const Observation& row = *whole.rows[i];
    part.rows.push_back(&row);
    part.row_blocks.push_back(whole.row_blocks[i]);
    rows.push_back(
        {whole.row_blocks[i], row.seed, factor.level_of(row.knobs[factor.knob]), row.value});
  }
  part.table = stats::tabulate(rows);
  return part;
}

/// Whether paired differences point the better way beyond the one-sided bound.
bool point_the_better_way(const std::vector<double>& differences, stats::Direction direction) {
  if (differences.size() < 2) return false;
  const double sign = direction == stats::Direction::kMaximise ? 1 : -1;
  const auto count = static_cast<double>(differences.size());
  const double reach =
      stats::student_quantile(kOneSided, static_cast<std::int64_t>(differences.size()) - 1) *
      stats::standard_deviation(differences) / std::sqrt(count);
  return sign * stats::mean(differences) - reach > 0;
}

/// Differences `range` levels minus all others per block of `table`.
std::vector<double> range_contrasts(const stats::EffectTable& table,
                                    const std::set<std::int64_t>& range) {
  std::vector<std::size_t> from;
  std::vector<std::size_t> to;
  for (std::size_t l = 0; l < table.levels.size(); ++l)
    (range.contains(table.levels[l]) ? to : from).push_back(l);
  if (from.empty() || to.empty()) return {};
  return stats::block_contrasts(table, from, to);
}

void confirm_by_context(const Comparison& held, const Factor& factor, stats::Direction direction,
                        const std::set<std::int64_t>& range, Confirmation& confirmation) {
  std::map<std::string, std::set<std::string>> blocks;
  std::map<std::string, std::set<std::string>> budgets;
  for (std::size_t i = 0; i < held.rows.size(); ++i) {
    blocks[context_of(*held.rows[i])].insert(held.row_blocks[i]);
    budgets[context_of(*held.rows[i])].insert(held.rows[i]->budget);
  }
  std::set<std::string> confirming;
  for (const auto& [context, names] : blocks) {
    const Comparison part = part_of(held, factor, names, true);
    if (!point_the_better_way(range_contrasts(part.table, range), direction)) continue;
    confirmation.contexts.push_back(context);
    confirming.insert(budgets[context].begin(), budgets[context].end());
  }
  confirmation.budgets = static_cast<std::int64_t>(confirming.size());
}

}  // namespace

Confirmation confirm(const Comparison& comparison, const Factor& factor, stats::Direction direction,
                     const LevelClaim& claim, const GuideOptions& options, double margin) {
  Confirmation confirmation;
  const stats::EffectTable& table = comparison.table;
  if (static_cast<std::int64_t>(table.blocks.size()) < kBootstrapBlocks) return confirmation;
  const std::set<std::string> held_names = held_out_blocks(comparison, options.seed);
  confirmation.held_out = static_cast<std::int64_t>(held_names.size());

  const Comparison chosen_on = part_of(comparison, factor, held_names, false);
  const auto choice = claim_levels(chosen_on, factor, direction, "", options, margin);
  if (!choice || !choice->is_range) return confirmation;
  std::set<std::int64_t> range;
  for (const std::size_t l : choice->range) range.insert(chosen_on.table.levels[l]);
  const bool is_same_claim = std::any_of(claim.range.begin(), claim.range.end(),
                                         [&](auto l) { return range.contains(table.levels[l]); });
  const Comparison held = part_of(comparison, factor, held_names, true);
  confirmation.is_confirmed =
      is_same_claim && point_the_better_way(range_contrasts(held.table, range), direction);
  if (confirmation.is_confirmed) confirm_by_context(held, factor, direction, range, confirmation);
  return confirmation;
}

}  // namespace vitlab::guide
