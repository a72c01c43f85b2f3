#include "guide/comparison.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/error.h"

namespace vitlab::guide {
namespace {

constexpr char kSeparator = '\x1f';

bool is_width_knob(const std::string& name) { return name == "widths" || name == "width"; }

Factor make_factor(std::size_t knob, const std::string& name, const std::set<std::string>& cells) {
  Factor factor{knob, name, {cells.begin(), cells.end()}, true};
  for (const std::string& level : factor.levels)
    factor.is_numeric = factor.is_numeric && as_number(level).has_value();
  if (factor.is_numeric) {
    std::stable_sort(
        factor.levels.begin(), factor.levels.end(),
        [](const std::string& a, const std::string& b) { return *as_number(a) < *as_number(b); });
  }
  return factor;
}

std::string block_of(const Observation& row, const std::vector<std::string>& knobs,
                     const Factor& factor) {
  std::string block = row.budget;
  for (const std::string& part : row.context) block += kSeparator + part;
  for (std::size_t k = 0; k < knobs.size(); ++k) {
    if (k != factor.knob && !is_solved_width(row, knobs[k]))
      block += kSeparator + knobs[k] + "=" + row.knobs[k];
  }
  return block;
}

std::int64_t most_seeds(const stats::EffectTable& table) {
  std::size_t most = 0;
  for (const auto& block : table.cells)
    for (const auto& cell : block) most = std::max(most, cell.size());
  return static_cast<std::int64_t>(most);
}

}  // namespace

std::optional<double> as_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_solved_width(const Observation& row, const std::string& knob) {
  return row.has_budget && is_width_knob(knob);
}

std::int64_t Factor::level_of(const std::string& cell) const {
  const auto found = std::find(levels.begin(), levels.end(), cell);
  return found == levels.end() ? -1 : found - levels.begin();
}

std::vector<Factor> factors_of(const Observations& observations) {
  std::vector<Factor> factors;
  for (std::size_t k = 0; k < observations.knobs.size(); ++k) {
    std::set<std::string> cells;
    for (const MetricObservations& metric : observations.metrics) {
      for (const Observation& row : metric.rows) {
        const bool is_solved = is_solved_width(row, observations.knobs[k]);
        if (!is_solved && !row.knobs[k].empty()) cells.insert(row.knobs[k]);
      }
    }
    if (cells.size() >= 2) factors.push_back(make_factor(k, observations.knobs[k], cells));
  }
  return factors;
}

const std::string& cell_of(const Observation& row, const std::vector<std::string>& knobs,
                           const std::string& name) {
  if (name == kBudgetName) return row.budget;
  for (std::size_t i = 0; i < kContextNames.size(); ++i)
    if (kContextNames[i] == name) return row.context[i];
  const auto found = std::find(knobs.begin(), knobs.end(), name);
  core::ensure(found != knobs.end(), "a stratum is of a context column or a knob");
  return row.knobs[static_cast<std::size_t>(found - knobs.begin())];
}

Comparison compare_levels(const MetricObservations& metric, const std::vector<std::string>& knobs,
                          const Factor& factor, const Stratum& stratum) {
  std::vector<stats::EffectRow> effect_rows;
  std::vector<const Observation*> rows;
  for (const Observation& row : metric.rows) {
    const std::int64_t level = factor.level_of(row.knobs[factor.knob]);
    const bool is_outside =
        !stratum.is_whole() && cell_of(row, knobs, stratum.name) != stratum.value;
    if (level < 0 || row.budget.empty() || is_outside) continue;
    effect_rows.push_back({block_of(row, knobs, factor), row.seed, level, row.value});
    rows.push_back(&row);
  }
  Comparison comparison;
  comparison.table = stats::tabulate(effect_rows);
  comparison.seeds = most_seeds(comparison.table);
  const auto& blocks = comparison.table.blocks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::binary_search(blocks.begin(), blocks.end(), effect_rows[i].block)) continue;
    comparison.rows.push_back(rows[i]);
    comparison.row_blocks.push_back(effect_rows[i].block);
    comparison.uses_strata = comparison.uses_strata || !rows[i]->has_budget;
  }
  return comparison;
}

std::vector<std::string> varying_names(const Comparison& comparison,
                                       const std::vector<std::string>& knobs,
                                       const Factor& factor) {
  std::vector<std::string> candidates(kContextNames.begin(), kContextNames.end());
  candidates.emplace_back(kBudgetName);
  for (const std::string& knob : knobs)
    if (knob != factor.name) candidates.push_back(knob);
  std::vector<std::string> names;
  for (const std::string& name : candidates) {
    std::set<std::string> cells;
    for (const Observation* row : comparison.rows)
      if (!is_solved_width(*row, name)) cells.insert(cell_of(*row, knobs, name));
    if (cells.size() > 1) names.push_back(name);
  }
  return names;
}

}  // namespace vitlab::guide
