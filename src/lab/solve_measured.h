#pragma once

#include <functional>
#include <optional>
#include <string>

#include "architecture/knob_grid.h"
#include "architecture/presets.h"
#include "lab/engines.h"
#include "predict/speed_search.h"
#include "sweep/protocol.h"
#include "sweep/solve_lock.h"

namespace vitlab::lab {

/// A speed that a model must reach: an absolute one, or one relative to another model's that is
/// measured in the same run.
struct MeasuredTarget {
  std::string metric = "throughput";  // throughput (images/s) | latency_ms (of a batch)
  double equals = 0;                  // in the metric's unit, or a factor of the reference's
  std::optional<architecture::NamedModel> reference;
  double tolerance = 0.03;
  sweep::Protocol protocol;
};

/// What was found, in the target's metric (or as a factor of the reference's).
struct MeasuredAnswer {
  core::Json value;  // of the knob
  double achieved = 0, low = 0, high = 0;
  double residual = 0;  // of speed: above 0 is faster than asked
  predict::SpeedVerdict verdict = predict::SpeedVerdict::kNotReached;
  int measurements = 0;
  messages::Environment environment;

  /// "no value of widths on the grid comes nearer …"; empty if the target was met.
  std::string why_not(double tolerance) const;
};

/// Seconds of a batch of a spec, as something other than a clock says it.
using SecondsOf = std::function<double(const architecture::ModelSpec&)>;

/// One knob of a model, the values that it may take, and the speed that is wanted.
struct MeasuredSolve {
  core::Json knobs;
  architecture::KnobGrid grid;
  MeasuredTarget target;
  SecondsOf guess;  // the roofline of round numbers if empty
};

/// Solves one knob for a measured target: guesses propose, engines measure, one model after the
/// other. Throws UserError if the knob gives no model, Interrupted.
MeasuredAnswer solve_measured(const MeasuredSolve& request, Engines& engines,
                              const EventSink& sink);

}  // namespace vitlab::lab
