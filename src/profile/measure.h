#pragma once

#include <optional>
#include <string>
#include <vector>

#include "messages/measure_answer.h"
#include "profile/environment.h"
#include "profile/machine_state.h"
#include "profile/timed_model.h"
#include "profile/turns.h"
#include "stats/intervals.h"
#include "stats/noise.h"
#include "stats/summary.h"
#include "store/record.h"
#include "sweep/protocol.h"

namespace vitlab::profile {

/// What the seconds of whole batches say of speed.
struct Speed {
  stats::Summary latency_ms;  // of a whole batch
  stats::Summary images_per_s;
  stats::NoiseVerdict noise;
};
Speed speed_of(const std::vector<double>& seconds, graph::Index batch);

/// One candidate of a measurement in turns.
struct MeasuredModel {
  std::string name;
  sweep::Protocol protocol;
  TimedTurns turns;
  Speed speed;  // where there are rounds
  /// Throughput over the reference's: the median of the rounds' ratios of medians, with a bootstrap
  /// interval over rounds, or the range where there are fewer than six. Absent without a reference.
  std::optional<stats::Estimate> ratio;

  bool has_speed() const { return !turns.out_of_memory && !turns.failed; }
};

struct Measurement {
  messages::Environment environment;  // before the first forward, with the most threads of all
  MachineState state;                 // from the end of the warm-up to the end
  std::size_t reference = 0;
  std::vector<MeasuredModel> models;
};

/// Times candidates in turns (see turns.h), so that drift of the machine hits all alike. Throws
/// CapabilityError where a device cannot be opened or a runtime is missing, Interrupted.
Measurement measure_interleaved(const std::vector<Candidate>& candidates, std::size_t reference,
                                const TimingNotice& notice = {}, const TurnOptions& options = {});
/// Models in vitlab's own executor under one protocol.
Measurement measure_interleaved(const std::vector<NamedGraph>& models,
                                const sweep::Protocol& protocol, std::size_t reference,
                                const TimingNotice& notice = {});

/// Noise, drift and outliers of one candidate's timings, in words.
std::vector<std::string> speed_warnings(const MeasuredModel& model);
/// What else ran on the machine, in words: it concerns all candidates.
std::vector<std::string> machine_warnings(const Measurement& measurement);

/// A row for each set of candidates that differ in nothing but their batch.
std::vector<messages::LargestBatch> largest_batches(const Measurement& measurement);

/// One model's speed, every sample, the ratio and the warnings that are its own.
messages::SpeedRow speed_row(const Measurement& measurement, std::size_t model);
/// The same, environment with the machine's state, and all warnings.
messages::MeasuredModel measured_model(const Measurement& measurement, std::size_t model);
/// The ratio as answers tell it; nothing without one.
std::optional<messages::ThroughputRatio> ratio_message(const MeasuredModel& model);
/// `throughput`, `latency` and `throughput_ratio`; none without a speed. low and high are p5 and
/// p95 of the samples, and the interval of the ratio.
std::vector<store::MetricValue> metrics_of(const Measurement& measurement, std::size_t model);

std::vector<store::MetricValue> metrics_of(const Speed& speed);

}  // namespace vitlab::profile
