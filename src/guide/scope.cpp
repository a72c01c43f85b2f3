#include "guide/scope.h"

#include <algorithm>
#include <set>

#include "core/text.h"

namespace vitlab::guide {
namespace {

/// The mean share of attention layers at some levels, as "33 %"; "" if unknown.
std::string mhsa_share_at(const Candidate& candidate, const Observations& observations,
                          const std::vector<std::size_t>& positions) {
  std::set<std::string> models;
  for (const Observation* row : candidate.comparison.rows) {
    const std::int64_t level = candidate.factor->level_of(row->knobs[candidate.factor->knob]);
    for (const std::size_t l : positions)
      if (candidate.comparison.table.levels[l] == level) models.insert(row->model);
  }
  double sum = 0;
  for (const std::string& model : models) {
    const auto& share = observations.models.at(model).mhsa_share;
    if (!share) return "";
    sum += *share;
  }
  if (models.empty()) return "";
  return core::significant(100 * sum / static_cast<double>(models.size()), 3) + " %";
}

/// Values that end in a number ("16", "macs = 5e+06") in the order of these numbers.
void order_numbers(std::vector<std::string>& values) {
  std::vector<std::pair<double, std::string>> keyed;
  for (const std::string& value : values) {
    const std::size_t space = value.rfind(' ');
    const auto number = as_number(space == value.npos ? value : value.substr(space + 1));
    if (!number) return;
    keyed.emplace_back(*number, value);
  }
  std::sort(keyed.begin(), keyed.end());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = keyed[i].second;
}

}  // namespace

std::vector<ScopeItem> scope_of(const Candidate& candidate, const Observations& observations) {
  std::vector<std::string> names(kContextNames.begin(), kContextNames.end());
  names.emplace_back(kBudgetName);
  for (const std::string& knob : observations.knobs)
    if (knob != candidate.factor->name) names.push_back(knob);
  std::vector<ScopeItem> scope;
  for (const std::string& name : names) {
    std::set<std::string> cells;
    for (const Observation* row : candidate.comparison.rows)
      if (!is_solved_width(*row, name)) cells.insert(cell_of(*row, observations.knobs, name));
    cells.erase("");
    if (cells.empty()) continue;
    scope.push_back({name, {cells.begin(), cells.end()}});
    order_numbers(scope.back().values);
  }
  const std::string inside = mhsa_share_at(candidate, observations, candidate.claim->range);
  const std::string outside = mhsa_share_at(candidate, observations, candidate.claim->from);
  if (!inside.empty() && inside != outside)
    scope.push_back({"mhsa_share", {inside + " against " + outside}});
  return scope;
}

}  // namespace vitlab::guide
