#pragma once

#include <optional>
#include <string>

#include "architecture/presets.h"
#include "lab/solve_measured.h"

namespace vitlab::lab {

/// A cost or a speed that a model is to meet by one of its knobs.
struct SolveRequest {
  core::Json knobs;
  std::string knob;  // "": the widths, or what scales them
  double step = 0;   // values are multiples of this; 0: what the knob suggests
  /// A cost is counted; throughput and latency_ms are measured under the target's protocol.
  MeasuredTarget target;
  std::string predictor;  // a file that proposes instead of the roofline; "" for none
};

/// What only a measured solution has.
struct SolvedSpeed {
  double low = 0, high = 0;
  std::string verdict;
  int measurements = 0;
  messages::Environment environment;
};

/// The value nearest the target, met or not.
struct SolveOutcome {
  std::string knob;
  core::Json value;
  double step = 0;
  core::Json knobs;  // of the model, with the value put in
  double achieved = 0, residual = 0;
  std::optional<SolvedSpeed> speed;
  std::string why_not;  // "" if the target is met
};

/// Whether a target of this metric is measured: a speed.
bool is_measured(const std::string& metric);

/// Solves one knob. Throws UserError for a knob that gives no model and for a predictor of another
/// machine or number of threads.
SolveOutcome solve_model(const SolveRequest& request, Engines& engines, const EventSink& sink);

}  // namespace vitlab::lab
