#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vitlab::design {

/// What a model may cost at most.
struct CostBudget {
  std::string metric;  // one of cost_metric_names()
  double limit = 0;

  friend bool operator==(const CostBudget&, const CostBudget&) = default;
};

/// Reads "macs=80e6,200e6,params=5e6": a number alone goes on with the metric before it. Throws
/// UserError naming the part that is wrong.
std::vector<CostBudget> parse_budgets(std::string_view text);

/// "macs <= 8e+07".
std::string budget_text(const CostBudget& budget);

/// Distinct budgets, metric by metric in the order in which the metrics first stand, ascending.
std::vector<CostBudget> ordered_budgets(const std::vector<CostBudget>& budgets);

}  // namespace vitlab::design
