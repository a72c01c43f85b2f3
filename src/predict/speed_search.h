#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "architecture/solve_knob.h"

namespace vitlab::predict {

/// A measured number with its interval, in the unit of the target (seconds a batch, or a time over
/// the reference's).
struct MeasuredTime {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// Measures the model at one point of the grid beside the reference.
using MeasurePoint = std::function<MeasuredTime(std::size_t)>;

struct SpeedTarget {
  double time = 0;          // wanted, in the unit that points are measured in
  double tolerance = 0.03;  // the largest |wanted / achieved - 1| accepted, of speed
  int most_measurements = 6;
};

/// How a search for a speed ended.
enum class SpeedVerdict : std::uint8_t {
  kMet,         // within the tolerance, and the interval's half-width too
  kCoarseGrid,  // neighbours on the grid straddle the target, both beyond the tolerance
  kNoisy,       // the value fits, but its interval is wider than the tolerance
  kOutOfReach,  // even the end of the grid does not get there
  kNotReached,  // the measurements were used up
};
std::string_view speed_verdict_name(SpeedVerdict verdict);

struct SpeedSolution {
  std::size_t point = 0;
  MeasuredTime time;    // pooled over its measurements
  double residual = 0;  // of speed: wanted time / achieved time - 1
  SpeedVerdict verdict = SpeedVerdict::kNotReached;
  int measurements = 0;
  double proposed = 0;  // what the guess said of the first point before anything was measured
};

/// Finds the point of a grid at which a model runs in the wanted time: `guess` (positive, monotone,
/// right but for a factor) proposes, `measure` disposes. Each measurement corrects the guess
/// by a factor that runs, in logarithms, straight between measured points and half as steeply
/// beyond them. Throws UserError if `guess` gives no point at all.
SpeedSolution search_speed(std::size_t size, std::size_t start, const SpeedTarget& target,
                           const architecture::GridFunction& guess, const MeasurePoint& measure);

}  // namespace vitlab::predict
