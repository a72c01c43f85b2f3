#include "architecture/solve.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::architecture {

namespace {

constexpr double kReach = 0.15;  // how far a width may leave its proportional share

struct MetricRow {
  const char* name;
  double (*of)(const graph::Cost&);
};

double as_double(graph::Index value) { return static_cast<double>(value); }

const std::vector<MetricRow>& metric_rows() {
  static const std::vector<MetricRow> rows{
      {"macs", [](const graph::Cost& c) { return as_double(c.macs); }},
      {"params", [](const graph::Cost& c) { return as_double(c.parameters); }},
      {"flops", [](const graph::Cost& c) { return as_double(c.flops); }},
      {"bytes_moved", [](const graph::Cost& c) { return 4 * as_double(c.elements_moved); }},
      {"activations", [](const graph::Cost& c) { return as_double(c.activations); }},
      {"peak_activation_bytes",
       [](const graph::Cost& c) { return 4 * as_double(c.peak_elements); }},
  };
  return rows;
}

/// The candidate multiples of the quantum for one width.
std::vector<graph::Index> multiples_near(double share, graph::Index quantum) {
  const double reach = std::max(kReach * share, static_cast<double>(quantum));
  std::vector<graph::Index> result;
  const auto first =
      static_cast<graph::Index>(std::ceil((share - reach) / static_cast<double>(quantum)));
  for (graph::Index k = std::max<graph::Index>(1, first); as_double(k * quantum) <= share + reach;
       ++k)
    result.push_back(k * quantum);
  return result;
}

/// Walks candidates and keeps the best.
class WidthSearch {
 public:
  WidthSearch(const core::Json& knobs, const BudgetTarget& target, CostCounter& counter)
      : knobs_(knobs), target_(target), counter_(counter), base_(template_widths(knobs)) {}

  BudgetSolution run() {
    coarse_ = coarse_quantum();
    const double scale = match_scale();
    std::vector<std::vector<graph::Index>> candidates;
    for (const graph::Index width : base_) {
      candidates.push_back(multiples_near(scale * as_double(width), target_.multiple_of));
      keep_buildable(candidates.back(), candidates.size() - 1, scale);
      thin(candidates.back(), scale * as_double(width));
    }
    std::vector<graph::Index> widths(base_.size());
    visit(candidates, 0, widths, scale);
    if (best_.widths.empty())
      throw core::UserError("no widths in multiples of " + std::to_string(target_.multiple_of) +
                            " make a model of this template" +
                            (first_error_.empty() ? "" : ": " + first_error_));
    return best_;
  }

 private:
  /// The metric of the model with these widths; NaN if it cannot be built.
  double metric(const std::vector<graph::Index>& widths) {
    try {
      BudgetSolution solution;
      solution.widths = widths;
      return cost_metric(
          counter_.count(expand_knobs_untried(with_widths(knobs_, solution), "solve")),
          target_.metric);
    } catch (const core::UserError& error) {
      if (first_error_.empty()) first_error_ = error.what();
      return std::numeric_limits<double>::quiet_NaN();
    }
  }

  std::vector<graph::Index> scaled(double scale, graph::Index quantum) const {
    std::vector<graph::Index> widths;
    for (const graph::Index width : base_) {
      const double quanta = scale * as_double(width) / as_double(quantum);
      widths.push_back(std::max<graph::Index>(1, std::llround(quanta)) * quantum);
    }
    return widths;
  }

  /// The smallest multiple of the quantum all of whose multiples make models (heads divide widths),
  /// so that the cost over the scale has no gaps.
  graph::Index coarse_quantum() {
    for (graph::Index multiple = 1; multiple <= 64; ++multiple) {
      const graph::Index quantum = multiple * target_.multiple_of;
      bool builds = true;
      for (const double scale : {0.61, 0.73, 0.87, 1.0, 1.13, 1.29, 1.7, 2.3})
        builds = builds && !std::isnan(metric(scaled(scale, quantum)));
      if (builds) return quantum;
    }
    return target_.multiple_of;
  }

  /// Drops the widths of a stage that make no model beside widths that do.
  void keep_buildable(std::vector<graph::Index>& multiples, std::size_t stage, double scale) {
    std::vector<graph::Index> widths = scaled(scale, coarse_);
    if (std::isnan(metric(widths))) return;
    std::erase_if(multiples, [&](graph::Index width) {
      widths[stage] = width;
      return std::isnan(metric(widths));
    });
  }

  /// The scale of the base widths at which the rounded model costs about the target; widths that
  /// cannot be built are stepped over.
  double match_scale() {
    double low = 1.0 / 64, high = 1.0 / 64;
    const auto cost_at = [&](double scale) {
      for (double nudge = 1; nudge < 1.3; nudge *= 1.03) {
        const double value = metric(scaled(scale * nudge, coarse_));
        if (!std::isnan(value)) return value;
      }
      return std::numeric_limits<double>::quiet_NaN();
    };
    while (high < 256) {
      const double value = cost_at(high);
      if (!std::isnan(value) && value >= target_.equals) break;
      low = high;
      high *= 1.5;
    }
    for (int i = 0; i < 24; ++i) {
      const double middle = 0.5 * (low + high);
      const double value = cost_at(middle);
      (std::isnan(value) || value < target_.equals ? low : high) = middle;
    }
    return high;
  }

  /// With many stages or a small quantum, keeps the multiples nearest the share.
  void thin(std::vector<graph::Index>& multiples, double share) const {
    const std::size_t limit = base_.size() <= 1 ? 64 : base_.size() <= 3 ? 9 : 5;
    std::stable_sort(multiples.begin(), multiples.end(), [&](graph::Index a, graph::Index b) {
      return std::abs(as_double(a) - share) < std::abs(as_double(b) - share);
    });
    if (multiples.size() > limit) multiples.resize(limit);
    std::sort(multiples.begin(), multiples.end());
  }

  void visit(const std::vector<std::vector<graph::Index>>& candidates, std::size_t stage,
             std::vector<graph::Index>& widths, double scale) {
    if (stage == candidates.size()) return consider(widths, scale);
    for (const graph::Index width : candidates[stage]) {
      widths[stage] = width;
      visit(candidates, stage + 1, widths, scale);
    }
  }

  void consider(const std::vector<graph::Index>& widths, double scale) {
    const double value = metric(widths);
    if (std::isnan(value)) return;
    double distortion = 0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const double log_ratio = std::log(as_double(widths[i]) / (scale * as_double(base_[i])));
      distortion += log_ratio * log_ratio;
    }
    const double gap = std::abs(value - target_.equals);
    if (!best_.widths.empty() &&
        (gap > best_gap_ || (gap == best_gap_ && distortion >= best_distortion_)))
      return;
    best_ = {widths, value, value / target_.equals - 1};
    best_gap_ = gap;
    best_distortion_ = distortion;
  }

  const core::Json& knobs_;
  const BudgetTarget& target_;
  CostCounter& counter_;
  std::vector<graph::Index> base_;
  graph::Index coarse_ = 1;
  BudgetSolution best_;
  double best_gap_ = 0;
  double best_distortion_ = 0;
  std::string first_error_;
};

}  // namespace

double cost_metric(const graph::Cost& cost, const std::string& metric) {
  for (const MetricRow& row : metric_rows())
    if (metric == row.name) return row.of(cost);
  throw core::UserError("'" + metric + "' is not a cost metric" +
                        core::did_you_mean(metric, cost_metric_names()));
}

std::vector<std::string> cost_metric_names() {
  std::vector<std::string> names;
  for (const MetricRow& row : metric_rows()) names.emplace_back(row.name);
  return names;
}

namespace {

/// The knob that holds the widths of the template that `knobs` name.
const Knob& width_row(const core::Json& knobs) {
  const Template& family =
      template_of(knobs, "widths can be solved for a template only, not for an explicit model");
  for (const char* knob : {"widths", "width"})
    if (const Knob* row = family.find(knob)) return *row;
  throw core::UserError("template " + std::string(family.name) + " has no width knob to solve for");
}

}  // namespace

std::string width_knob(const core::Json& knobs) { return std::string(width_row(knobs).name); }

std::vector<graph::Index> template_widths(const core::Json& knobs) {
  const Knob& row = width_row(knobs);
  const std::string knob(row.name);
  const core::Json value = knobs.contains(knob) ? knobs.at(knob) : row.default_beside(knobs);
  std::vector<graph::Index> widths;
  if (value.is_number_integer()) widths.push_back(value.get<graph::Index>());
  if (value.is_array())
    for (const core::Json& item : value)
      if (item.is_number_integer()) widths.push_back(item.get<graph::Index>());
  if (widths.empty() || *std::min_element(widths.begin(), widths.end()) < 1)
    throw core::UserError(knob + " must hold positive whole numbers, whose proportions are kept");
  return widths;
}

core::Json with_widths(core::Json knobs, const BudgetSolution& solution) {
  const std::string knob = width_knob(knobs);
  knobs.erase("width");
  knobs[knob] = knob == "width" ? core::Json(solution.widths.at(0)) : core::Json(solution.widths);
  return knobs;
}

BudgetSolution solve_widths(const core::Json& knobs, const BudgetTarget& target,
                            CostCounter& counter) {
  cost_metric({}, target.metric);  // throws if unknown
  if (!(target.equals > 0)) throw core::UserError("equals must be a positive number");
  if (target.multiple_of < 1) throw core::UserError("multiple_of must be at least 1");
  BudgetSolution solution = WidthSearch(knobs, target, counter).run();
  if (std::abs(solution.residual) > target.tolerance) {
    std::string widths;
    for (const graph::Index width : solution.widths)
      widths += (widths.empty() ? "" : ", ") + std::to_string(width);
    throw core::UserError("no widths in multiples of " + std::to_string(target.multiple_of) +
                          " give " + target.metric + " = " + core::shortest(target.equals) +
                          " within " + core::significant(100 * target.tolerance, 3) +
                          " %; the nearest, [" + widths + "], gives " +
                          core::shortest(solution.achieved) + " (" +
                          core::significant(100 * solution.residual, 3) + " %)");
  }
  return solution;
}

}  // namespace vitlab::architecture
