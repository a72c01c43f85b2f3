#include "design/budgets.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "architecture/solve.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::design {
namespace {

double parse_limit(std::string_view text) {
  double limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  const bool is_read = error == std::errc() && end == text.data() + text.size();
  if (!is_read || !std::isfinite(limit) || limit <= 0)
    throw core::UserError("budgets: " + core::quoted_clip(text) +
                          " is not a positive number; write macs=80e6,200e6");
  return limit;
}

std::string parse_metric(std::string_view text) {
  const auto names = architecture::cost_metric_names();
  if (std::find(names.begin(), names.end(), text) != names.end()) return std::string(text);
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  throw core::UserError("budgets: " + core::quoted_clip(text) + " is not a cost" +
                        core::did_you_mean(text, names) + " (one of " + known + ")");
}

}  // namespace

std::vector<CostBudget> parse_budgets(std::string_view text) {
  std::vector<CostBudget> budgets;
  std::string metric;
  for (const std::string& part : core::split_list(text)) {
    const std::size_t equals = part.find('=');
    if (equals != part.npos) metric = parse_metric(part.substr(0, equals));
    if (metric.empty())
      throw core::UserError("budgets: " + core::quoted_clip(part) +
                            " has no metric; write macs=80e6,200e6");
    budgets.push_back({metric, parse_limit(equals == part.npos ? part : part.substr(equals + 1))});
  }
  return budgets;
}

std::string budget_text(const CostBudget& budget) {
  return budget.metric + " <= " + core::shortest(budget.limit);
}

std::vector<CostBudget> ordered_budgets(const std::vector<CostBudget>& budgets) {
  std::vector<std::string> metrics;
  for (const CostBudget& budget : budgets)
    if (std::find(metrics.begin(), metrics.end(), budget.metric) == metrics.end())
      metrics.push_back(budget.metric);
  std::vector<CostBudget> ordered;
  for (const std::string& metric : metrics) {
    std::vector<double> limits;
    for (const CostBudget& budget : budgets)
      if (budget.metric == metric) limits.push_back(budget.limit);
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
    for (const double limit : limits) ordered.push_back({metric, limit});
  }
  return ordered;
}

}  // namespace vitlab::design
