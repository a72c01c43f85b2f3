#pragma once

#include <optional>
#include <string>

#include "architecture/knob_grid.h"
#include "architecture/presets.h"
#include "predict/speed_search.h"
#include "sweep/protocol.h"
#include "sweep/solve_lock.h"

namespace vitlab::cli {

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
  core::Json environment = core::Json::object();

  /// "no value of widths on the grid comes nearer …"; empty if the target was met.
  std::string why_not(double tolerance) const;
};

/// Solves one knob for a measured target: guesses come from `guess` (seconds of a spec; the
/// roofline of round numbers if empty), measurements from the engine, one after the other. Throws
/// UserError if the knob gives no model, Interrupted.
MeasuredAnswer solve_measured(
    const core::Json& knobs, const architecture::KnobGrid& grid, const MeasuredTarget& target,
    const std::function<double(const architecture::ModelSpec&)>& guess = {});

}  // namespace vitlab::cli
