#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "profile/environment.h"
#include "profile/timed_model.h"
#include "stats/intervals.h"
#include "stats/noise.h"
#include "stats/summary.h"
#include "store/record.h"
#include "sweep/protocol.h"

namespace vitlab {

/// What the seconds of whole batches say of speed.
struct Speed {
  Summary latency_ms;  // of a whole batch
  Summary images_per_s;
  NoiseVerdict noise;
};
Speed speed_of(const std::vector<double>& seconds, Index batch);

/// One model of a measurement in turns.
struct MeasuredModel {
  std::string name;
  std::optional<std::string> out_of_memory;  // the reason, where there are no samples
  std::vector<std::vector<double>> rounds;   // seconds of each timed batch, by round
  Speed speed;
  /// Throughput over the reference's: the median of the rounds' ratios of medians, with a bootstrap
  /// interval over rounds, or the range where there are fewer than six. Absent without a reference.
  std::optional<Estimate> ratio;
};

struct Measurement {
  Protocol protocol;
  Environment environment;  // before the first forward
  std::size_t reference = 0;
  std::vector<MeasuredModel> models;
};

/// Times models in turns, so that drift of the machine hits all alike: warm-up of each, then
/// `rounds` rounds in which each has its share of timed_seconds, in an order that turns round by
/// round. Running out of memory is a result of that model. Throws CapabilityError where the device
/// cannot be opened, Interrupted.
Measurement measure_interleaved(const std::vector<NamedGraph>& models, const Protocol& protocol,
                                std::size_t reference, const TimingNotice& notice = {});

/// Details of one model's record: speed, every sample, the ratio, environment and warnings.
Json measured_json(const Measurement& measurement, std::size_t model);
/// `throughput`, `latency` and `throughput_ratio`; none if memory ran out. low and high are p5 and
/// p95 of the samples, and the interval of the ratio.
std::vector<MetricValue> metrics_of(const Measurement& measurement, std::size_t model);

/// Median, p5, p95 and how many, as every command prints a series.
Json spread_json(const Summary& summary, bool with_mean);
std::vector<MetricValue> metrics_of(const Speed& speed);

}  // namespace vitlab
