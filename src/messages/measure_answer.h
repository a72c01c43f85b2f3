#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json_fields.h"
#include "messages/machine.h"
#include "stats/summary.h"
#include "sweep/protocol.h"

namespace vitlab::messages {

/// A protocol as answers tell it, those settings that equal their defaults too.
struct WholeProtocol : sweep::Protocol {
  bool operator==(const WholeProtocol&) const = default;
};

/// A series of numbers: where its middle and its ends lie.
struct Spread {
  std::optional<double> mean;
  double median = 0, p5 = 0, p95 = 0;
  std::int64_t samples = 0;

  bool operator==(const Spread&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::optional("mean", &Spread::mean),
                      core::required("median", &Spread::median), core::required("p5", &Spread::p5),
                      core::required("p95", &Spread::p95),
                      core::required("samples", &Spread::samples)};
  }
};

/// The spread of a sample.
Spread spread_of(const stats::Summary& summary, bool with_mean);

/// A speed over another one's, and its interval.
struct SpeedRatio {
  double value = 0, low = 0, high = 0;

  bool operator==(const SpeedRatio&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("value", &SpeedRatio::value),
                      core::required("low", &SpeedRatio::low),
                      core::required("high", &SpeedRatio::high)};
  }
};

/// A throughput over another one's: the median of the rounds' ratios.
struct ThroughputRatio : SpeedRatio {
  std::int64_t rounds = 0;

  bool operator==(const ThroughputRatio&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(SpeedRatio::fields(),
                          std::tuple{core::required("rounds", &ThroughputRatio::rounds)});
  }
};

/// How far a runtime's logits are from vitlab's, over the largest; null where nobody knows.
struct LogitDifference {
  bool was_asked = false;  // else it is left out
  std::optional<double> relative;

  bool operator==(const LogitDifference&) const = default;
};
core::Json to_json_form(const LogitDifference& difference);
void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    LogitDifference& difference);

/// What is told of a runtime other than vitlab's own.
struct RuntimeFacts {
  std::optional<std::string> version;
  LogitDifference difference;

  bool operator==(const RuntimeFacts&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::optional("runtime_version", &RuntimeFacts::version),
                      core::optional("max_rel_difference", &RuntimeFacts::difference)};
  }
};

/// The speed of a model that took turns with others, or why it has none.
struct SpeedRow : RuntimeFacts {
  std::string model;
  std::string reference;                             // that the ratio is over
  std::string runtime;                               // as sweep::runtime_label() has it
  std::optional<std::string> out_of_memory, failed;  // why; then nothing below is there
  std::optional<Spread> throughput_images_per_s;
  std::optional<Spread> latency_ms;  // of a whole batch
  std::optional<ThroughputRatio> throughput_ratio;
  std::optional<std::vector<std::string>> warnings;
  std::optional<std::vector<std::vector<double>>> samples_ms_by_round;

  bool has_speed() const { return !out_of_memory && !failed; }

  bool operator==(const SpeedRow&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(
        std::tuple{core::required("model", &SpeedRow::model),
                   core::required("reference", &SpeedRow::reference),
                   core::required("runtime", &SpeedRow::runtime)},
        RuntimeFacts::fields(),
        std::tuple{core::optional("out_of_memory", &SpeedRow::out_of_memory),
                   core::optional("failed", &SpeedRow::failed),
                   core::optional("throughput_images_per_s", &SpeedRow::throughput_images_per_s),
                   core::optional("latency_ms", &SpeedRow::latency_ms),
                   core::optional("throughput_ratio", &SpeedRow::throughput_ratio),
                   core::optional("warnings", &SpeedRow::warnings),
                   core::optional("samples_ms_by_round", &SpeedRow::samples_ms_by_round)});
  }
};

/// A model's speed with where it was measured, and with the warnings that are the machine's too.
struct MeasuredModel : SpeedRow {
  Environment environment;
  MachineState machine_state;

  bool operator==(const MeasuredModel&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(
        SpeedRow::fields(),
        std::tuple{core::required("environment", &MeasuredModel::environment),
                   core::required("machine_state", &MeasuredModel::machine_state)});
  }
};

/// A model under one protocol among others.
struct CandidateRow : SpeedRow {
  WholeProtocol protocol;

  bool operator==(const CandidateRow&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(SpeedRow::fields(),
                          std::tuple{core::required("protocol", &CandidateRow::protocol)});
  }
};

/// Among candidates that differ in nothing but their batch: the largest that was timed and the
/// least that did not fit.
struct LargestBatch {
  std::string model, runtime, device;
  graph::Dtype dtype{};
  std::int64_t threads = 1;
  std::optional<std::int64_t> batch, too_large;

  bool operator==(const LargestBatch&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("model", &LargestBatch::model),
                      core::required("runtime", &LargestBatch::runtime),
                      core::required("device", &LargestBatch::device),
                      core::required("dtype", &LargestBatch::dtype),
                      core::required("threads", &LargestBatch::threads),
                      core::required("batch", &LargestBatch::batch),
                      core::required("too_large", &LargestBatch::too_large)};
  }
};

/// Speeds side by side. What concerns the machine is told once.
struct MeasureAnswer {
  WholeProtocol protocol;  // of the reference
  std::vector<CandidateRow> candidates;
  std::vector<LargestBatch> largest_batch_that_fits;
  std::vector<std::string> warnings;
  MachineState machine_state;
  Environment environment;

  bool operator==(const MeasureAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("protocol", &MeasureAnswer::protocol),
        core::required("candidates", &MeasureAnswer::candidates),
        core::required("largest_batch_that_fits", &MeasureAnswer::largest_batch_that_fits),
        core::required("warnings", &MeasureAnswer::warnings),
        core::required("machine_state", &MeasureAnswer::machine_state),
        core::required("environment", &MeasureAnswer::environment)};
  }
};

}  // namespace vitlab::messages

namespace vitlab::core {

template <>
struct JsonForm<messages::WholeProtocol> {
  static Json write(const messages::WholeProtocol& value) {
    return sweep::protocol_json(value, true);
  }
  static void read(const Json& json, const JsonPlace& place, messages::WholeProtocol& value) {
    JsonForm<sweep::Protocol>::read(json, place, value);
  }
};

}  // namespace vitlab::core
