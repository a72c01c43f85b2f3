#include "sweep/point.h"

#include <algorithm>

#include "architecture/templates.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/knob_check.h"

namespace vitlab::sweep {

namespace {

/// The problems of a point, each once; their places mean nothing, since a point stands in no file.
std::string listed(const core::Problems& problems) {
  std::vector<std::string> texts;
  for (const core::Problem& problem : problems.all())
    if (texts.empty() || texts.back() != problem.text()) texts.push_back(problem.text());
  return core::joined(texts, ";");
}

/// The model of a point whose knobs are settled. Checks of shapes are left to the cost counter.
architecture::ModelSpec spec_of(const Point& point) {
  if (point.model && point.model->knobs.empty()) {
    if (!point.knobs.empty())
      throw Refusal{"'" + point.model_name + "' is an explicit model: knobs cannot change it (" +
                    point.knobs.begin().key() + ")"};
    return point.model->spec;
  }
  core::Problems problems("point", "");
  architecture::ModelSpec spec = architecture::expand_knobs_untried(point.knobs, problems);
  if (!problems.empty()) throw Refusal{listed(problems)};
  return spec;
}

bool is_metric(const std::string& name) {
  const auto& metrics = expression_metrics();
  return std::find(metrics.begin(), metrics.end(), name) != metrics.end();
}

bool needs_model(const Expression& expression, const std::string& width) {
  for (const Expression::Name& use : expression.names())
    if (use.name == width || is_metric(use.name)) return true;
  return false;
}

}  // namespace

std::string shown_value(const core::Json& value) {
  return value.is_string() ? value.get<std::string>() : core::canonical_json(value);
}

PointBuilder::PointBuilder(const SweepSpec& sweep, const SolveLock& lock, core::Problems& problems)
    : sweep_(sweep), lock_(lock), problems_(problems), axes_(sweep.axes) {
  if (!sweep.solve) return;
  SweepAxis budgets{{std::string(kBudgetName)}, {}};
  for (const double budget : sweep.solve->budgets)
    budgets.points.push_back({plain_numbers(budget)});
  axes_.push_back(std::move(budgets));
}

void PointBuilder::lay_knobs(const std::vector<std::size_t>& at, Point& point) {
  core::Json own = sweep_.base;
  for (std::size_t i = 0; i < axes_.size(); ++i)
    for (std::size_t k = 0; k < axes_[i].knobs.size(); ++k) {
      const core::Json& value = axes_[i].points[at[i]][k];
      const bool is_budget = sweep_.solve && i + 1 == axes_.size();
      if (is_budget) point.budget = value.get<double>();
      if (!is_budget) own[axes_[i].knobs[k]] = value;
      if (!is_budget || sweep_.solve->is_axis) point.given[axes_[i].knobs[k]] = value;
    }
  settle(own, point);
  for (const Conditional& conditional : sweep_.when) {
    if (!holds(conditional.condition, "when", point)) continue;
    own.update(conditional.set);
    settle(own, point);
  }
  for (const Derivation& derivation : sweep_.derive)
    point.knobs[derivation.knob] =
        plain_numbers(guarded(derivation.value, "derive." + derivation.knob, point));
}

/// Replaces the pseudo-knob `model` by the knobs of the model that it names.
void PointBuilder::settle(const core::Json& own, Point& point) const {
  point.model = nullptr;
  point.model_name.clear();
  point.knobs = own;
  const auto name = own.find(std::string(kModelKnob));
  if (name == own.end()) return;
  point.model_name = shown_value(*name);
  const auto found = sweep_.models.find(point.model_name);
  if (found == sweep_.models.end())
    throw Refusal{"model '" + point.model_name + "' must stand in base or on an axis"};
  point.model = &found->second;
  point.knobs = found->second.knobs;
  point.knobs.update(own);
  point.knobs.erase(std::string(kModelKnob));
}

void PointBuilder::build(Point& point) {
  const std::string width = sweep_.solve ? architecture::width_knob(point.knobs) : "";
  std::vector<const PlacedExpression*> late;
  for (const PlacedExpression& condition : sweep_.where) {
    if (needs_model(condition.expression, width))
      late.push_back(&condition);
    else
      demand(condition, point);
  }
  if (sweep_.solve) solve(point);
  point.spec = spec_of(point);
  point.cost = counter_.count(point.spec);
  point.share = architecture::mhsa_share(point.spec);
  for (const PlacedExpression* condition : late) demand(*condition, point);
}

void PointBuilder::solve(Point& point) {
  const WidthSolve& solve = *sweep_.solve;
  if (solve.is_measured()) return take_measured_widths(point);
  point.solution = architecture::solve_widths(
      point.knobs, {solve.metric, *point.budget, solve.tolerance, solve.multiple_of}, counter_);
  point.knobs = architecture::with_widths(std::move(point.knobs), point.solution);
}

void PointBuilder::take_measured_widths(Point& point) const {
  SolveTarget target = solve_target(point.knobs, *sweep_.solve, *point.budget);
  const std::string key = solve_key(target);
  const LockedSolution* found = lock_.find(key);
  if (found == nullptr) throw StillUnsolved{key, std::move(target)};
  if (!found->fits())
    throw Refusal{"no widths give " + sweep_.solve->metric_name() + " = " +
                  core::shortest(*point.budget) + ": " + found->reason + "; the nearest, " +
                  core::dump_json(found->value) + ", give " +
                  core::significant(found->achieved, 4)};
  point.solution = {found->value.is_array()
                        ? found->value.get<std::vector<graph::Index>>()
                        : std::vector<graph::Index>{found->value.get<graph::Index>()},
                    found->achieved, found->achieved / *point.budget - 1};
  if (found->verdict == "noisy") point.imprecise = {found->low, found->high};
  point.knobs = architecture::with_widths(std::move(point.knobs), point.solution);
}

void PointBuilder::demand(const PlacedExpression& condition, const Point& point) {
  if (holds(condition, "where", point)) return;
  std::string values;
  for (const Expression::Name& use : condition.expression.names()) {
    try {
      values += (values.empty() ? "" : ", ") + use.name + " = " +
                shown_value(plain_numbers(look_up(use.name, point)));
    } catch (const ExpressionError&) {
      continue;  // a name behind `and` or `or` that did not count
    }
  }
  throw Refusal{"where " + condition.text + " does not hold" +
                (values.empty() ? "" : " (" + values + ")")};
}

bool PointBuilder::holds(const PlacedExpression& condition, const std::string& what,
                         const Point& point) {
  const core::Json value = guarded(condition, what, point);
  if (value.is_boolean()) return value.get<bool>();
  problems_.add(condition.place, what + " must be true or false, got " + shown_value(value));
  problems_.throw_if_any();
  return false;
}

/// Evaluates; what goes wrong is a problem of the sweep at its place in the file.
core::Json PointBuilder::guarded(const PlacedExpression& placed, const std::string& what,
                                 const Point& point) {
  const Expression::Lookup lookup = [&](const std::string& name) { return look_up(name, point); };
  try {
    return placed.expression.evaluate(lookup);
  } catch (const ExpressionError& error) {
    const int column = placed.place.column + static_cast<int>(error.offset());
    problems_.add({placed.place.line, column},
                  what + ": " + error.what() + " (at " + core::canonical_json(point.given) + ")");
  }
  problems_.throw_if_any();
  return nullptr;
}

core::Json PointBuilder::look_up(const std::string& name, const Point& point) const {
  if (point.cost && name == "mhsa_share") return point.share;
  if (point.cost && is_metric(name)) return architecture::cost_metric(*point.cost, name);
  if (name == kBudgetName && point.budget) return *point.budget;
  if (name == kModelKnob && point.model) return point.model_name;
  if (const auto found = point.knobs.find(name); found != point.knobs.end()) return *found;
  const std::string family = architecture::template_name(point.knobs);
  core::Json value = knob_default(family, name, point.knobs);
  if (value.is_null())
    throw ExpressionError(0, name + (family.empty() ? " is not set for an explicit model"
                                                    : " is not a knob of template " + family));
  return value;
}

}  // namespace vitlab::sweep
