#include "design/design_space.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/text.h"

namespace vitlab::design {
namespace {

constexpr double kReach = 0.25;
constexpr double kAim = 0.97;  // of the budget: where the search is centred

/// The multiples of `quantum` within reach of `centre`, at most `limit` of them, the nearest.
std::vector<graph::Index> multiples_near(double centre, graph::Index quantum, std::size_t limit) {
  const auto step = static_cast<double>(quantum);
  const double reach = std::max(kReach * centre, step);
  std::vector<graph::Index> multiples;
  const auto first = static_cast<graph::Index>(std::ceil((centre - reach) / step));
  const auto last = static_cast<graph::Index>(std::floor((centre + reach) / step));
  for (graph::Index count = std::max<graph::Index>(1, first); count <= last; ++count)
    multiples.push_back(count * quantum);
  std::stable_sort(multiples.begin(), multiples.end(), [&](graph::Index a, graph::Index b) {
    return std::abs(static_cast<double>(a) - centre) < std::abs(static_cast<double>(b) - centre);
  });
  if (multiples.size() > limit) multiples.resize(limit);
  std::sort(multiples.begin(), multiples.end());
  return multiples;
}

/// The geometric mean of how much wider `widths` are than `base`.
double scale_of(const std::vector<graph::Index>& widths, const std::vector<graph::Index>& base) {
  double sum = 0;
  for (std::size_t i = 0; i < base.size(); ++i)
    sum += std::log(static_cast<double>(widths[i]) / static_cast<double>(base[i]));
  return std::exp(sum / static_cast<double>(base.size()));
}

/// Calls visit(widths) for every choice of one candidate a stage that never falls.
template <typename Visit>
void visit_rising(const std::vector<std::vector<graph::Index>>& candidates,
                  std::vector<graph::Index>& widths, const Visit& visit) {
  if (widths.size() == candidates.size()) return visit(widths);
  for (const graph::Index width : candidates[widths.size()]) {
    if (!widths.empty() && width < widths.back()) continue;
    widths.push_back(width);
    visit_rising(candidates, widths, visit);
    widths.pop_back();
  }
}

/// Drops what uses less than kLeastUse of the budget, if something uses more; else all but the
/// dearest.
void keep_well_used(std::vector<WidthPoint>& points, const CostBudget& budget) {
  double most = 0;
  for (const WidthPoint& point : points)
    most = std::max(most, architecture::cost_metric(point.cost, budget.metric));
  const double least = std::min(most, kLeastUse * budget.limit);
  std::erase_if(points, [&](const WidthPoint& point) {
    return architecture::cost_metric(point.cost, budget.metric) < least;
  });
}

}  // namespace

WidthPoints widths_within(const core::Json& knobs, const CostBudget& budget, double more_than,
                          graph::Index multiple_of, architecture::CostCounter& counter) {
  WidthPoints result;
  architecture::BudgetSolution centre;
  try {
    centre = architecture::solve_widths(knobs,
                                        {.metric = budget.metric,
                                         .equals = kAim * budget.limit,
                                         .tolerance = std::numeric_limits<double>::max(),
                                         .multiple_of = multiple_of},
                                        counter);
  } catch (const core::UserError& error) {
    result.problem = error.what();
    return result;
  }
  result.smallest = centre.achieved;
  std::vector<std::vector<graph::Index>> candidates;
  const std::vector<graph::Index> base = architecture::template_widths(knobs);
  // Where heads must divide the widths, the solver may end well below the budget: cost goes about
  // with the square of the scale.
  const double scale =
      scale_of(centre.widths, base) * std::sqrt(kAim * budget.limit / centre.achieved);
  const std::size_t limit = base.size() <= 1 ? 64 : base.size() <= 3 ? 9 : 5;
  for (const graph::Index width : base)
    candidates.push_back(multiples_near(scale * static_cast<double>(width), multiple_of, limit));
  const auto consider = [&](const std::vector<graph::Index>& widths) {
    architecture::BudgetSolution solution;
    solution.widths = widths;
    try {
      const graph::Cost cost = counter.count(
          architecture::expand_knobs(architecture::with_widths(knobs, solution), "design"));
      const double value = architecture::cost_metric(cost, budget.metric);
      result.smallest = std::min(result.smallest, value);
      if (value <= budget.limit && value > more_than) result.points.push_back({widths, cost});
    } catch (const core::UserError&) {
      // Widths that the template refuses (heads that do not divide them) are not in the space.
    }
  };
  std::vector<graph::Index> widths;
  visit_rising(candidates, widths, consider);
  keep_well_used(result.points, budget);
  if (!result.points.empty()) return result;
  result.problem = result.smallest > budget.limit
                       ? "the smallest model found costs " + core::shortest(result.smallest)
                       : "no model costs more than " + core::shortest(more_than) + " and at most " +
                             core::shortest(budget.limit);
  return result;
}

}  // namespace vitlab::design
