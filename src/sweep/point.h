#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "architecture/solve.h"
#include "core/config_node.h"
#include "stats/intervals.h"
#include "sweep/solve_lock.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// A point of a sweep on its way to a model.
struct Point {
  core::Json given = core::Json::object();  // what the axes say, for messages
  core::Json knobs = core::Json::object();
  std::string model_name;                           // value of the knob `model`; "" without one
  const architecture::NamedModel* model = nullptr;  // what it names
  std::optional<double> budget;
  architecture::BudgetSolution solution;
  std::optional<stats::Interval>
      imprecise;  // of a measured solution that fits only by its middle value
  architecture::ModelSpec spec;
  std::optional<graph::Cost> cost;
  double share = 0;
};

/// Why a point gives no trial.
struct Refusal {
  std::string reason;
};

/// A point whose widths are still to be found by measuring.
struct StillUnsolved {
  std::string key;
  SolveTarget target;
};

/// Makes models of the points of one sweep.
class PointBuilder {
 public:
  /// Expressions that cannot be evaluated go to `problems`, which are then thrown.
  PointBuilder(const SweepSpec& sweep, const SolveLock& lock, core::Problems& problems);

  /// The axes of the sweep and, behind them, its budgets if widths are solved.
  const std::vector<SweepAxis>& axes() const { return axes_; }

  /// Sets `given` and `knobs`: base, then axes over it, then `when` in turn, then `derive`; a named
  /// model's knobs under all. `at` is an index per axis. May throw Refusal.
  void lay_knobs(const std::vector<std::size_t>& at, Point& point);

  /// Sets the rest. Throws Refusal or UserError for a point that gives no model or that `where`
  /// rejects, StillUnsolved for one whose measured solve the lock does not hold.
  void build(Point& point);

  /// What an expression sees under a name; ExpressionError if it is not there.
  core::Json look_up(const std::string& name, const Point& point) const;

 private:
  void solve(Point& point);
  void take_measured_widths(Point& point) const;
  void settle(const core::Json& own, Point& point) const;
  void demand(const PlacedExpression& condition, const Point& point);
  bool holds(const PlacedExpression& condition, const std::string& what, const Point& point);
  core::Json guarded(const PlacedExpression& placed, const std::string& what, const Point& point);

  const SweepSpec& sweep_;
  const SolveLock& lock_;
  core::Problems& problems_;
  std::vector<SweepAxis> axes_;
  architecture::CostCounter counter_;
};

/// A value as a message shows it: a text without quotes.
std::string shown_value(const core::Json& value);

}  // namespace vitlab::sweep
