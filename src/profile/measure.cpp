#include "profile/measure.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "model/device.h"
#include "profile/own_candidate.h"

namespace vitlab::profile {

namespace {

// Below so many rounds a bootstrap of their ratios says less than the range.
constexpr std::size_t kRoundsToResample = 6;

double median_rate(const MeasuredModel& model, std::size_t round) {
  return static_cast<double>(model.protocol.batch) / stats::median(model.turns.rounds[round]);
}

std::optional<stats::Estimate> throughput_ratio(const MeasuredModel& model,
                                                const MeasuredModel& reference) {
  if (!model.has_speed() || !reference.has_speed()) return std::nullopt;
  const std::size_t rounds = std::min(model.turns.rounds.size(), reference.turns.rounds.size());
  std::vector<double> ratios;
  for (std::size_t r = 0; r < rounds; ++r)
    ratios.push_back(median_rate(model, r) / median_rate(reference, r));
  if (ratios.size() >= kRoundsToResample) return stats::bootstrap_median(ratios);
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return stats::Estimate{stats::median(ratios), *low, *high};
}

/// Opens every device that is asked for, so that one that is not there is told before any work.
messages::Environment opened_environment(const std::vector<Candidate>& candidates,
                                         at::Device device) {
  graph::Index most_threads = 1;
  for (const Candidate& candidate : candidates) {
    model::open_device(candidate.protocol.device);
    most_threads = std::max(most_threads, candidate.protocol.threads);
  }
  const ThreadsInUse threads(most_threads);
  return environment(device);
}

std::vector<std::vector<double>> milliseconds(const std::vector<std::vector<double>>& rounds) {
  std::vector<std::vector<double>> rows;
  for (const std::vector<double>& round : rounds) {
    rows.emplace_back();
    for (const double seconds : round) rows.back().push_back(std::round(seconds * 1e9) / 1e6);
  }
  return rows;
}

}  // namespace

Speed speed_of(const std::vector<double>& seconds, graph::Index batch) {
  std::vector<double> milliseconds, rates;
  for (const double x : seconds) {
    milliseconds.push_back(1e3 * x);
    rates.push_back(static_cast<double>(batch) / x);
  }
  return {stats::summarise(milliseconds), stats::summarise(rates), stats::judge_noise(seconds)};
}

Measurement measure_interleaved(const std::vector<Candidate>& candidates, std::size_t reference,
                                const TimingNotice& notice, const TurnOptions& options) {
  core::ensure(reference < candidates.size(), "the reference is one of the candidates");
  model::keep_freed_memory();
  const at::Device device = model::open_device(candidates[reference].protocol.device);
  Measurement measurement{opened_environment(candidates, device), {}, reference, {}};
  TurnOptions own = options;
  own.when_warm = [&] { measurement.state.before = machine_moment(device); };
  std::vector<TimedTurns> turns = take_turns(candidates, own, notice);
  measurement.state.after = machine_moment(device);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const sweep::Protocol& protocol = candidates[i].protocol;
    MeasuredModel model{candidates[i].name, protocol, std::move(turns[i]), {}, {}};
    if (model.has_speed()) model.speed = speed_of(joined(model.turns.rounds), protocol.batch);
    measurement.models.push_back(std::move(model));
  }
  for (MeasuredModel& model : measurement.models)
    model.ratio = throughput_ratio(model, measurement.models[reference]);
  return measurement;
}

Measurement measure_interleaved(const std::vector<NamedGraph>& models,
                                const sweep::Protocol& protocol, std::size_t reference,
                                const TimingNotice& notice) {
  std::vector<Candidate> candidates;
  for (const NamedGraph& model : models)
    candidates.push_back(own_candidate(
        std::make_shared<ModelForms>(model.name, model.graph, [&model] { return model.weights; }),
        protocol));
  return measure_interleaved(candidates, reference, notice);
}

std::vector<std::string> speed_warnings(const MeasuredModel& model) {
  constexpr double kMostSpread = 1.25;
  std::vector<std::string> warnings = noise_warnings(model.speed.noise);
  const stats::Summary& latency = model.speed.latency_ms;
  if (latency.p95 > kMostSpread * latency.p5)
    warnings.push_back(
        fmt::format("uneven: the slowest samples (p95) take {:.2f} times as long as "
                    "the fastest (p5)",
                    latency.p95 / latency.p5));
  return warnings;
}

std::vector<std::string> machine_warnings(const Measurement& measurement) {
  std::vector<std::string> warnings = load_warnings(measurement.environment);
  for (std::string& warning : state_warnings(measurement.state))
    warnings.push_back(std::move(warning));
  return warnings;
}

std::optional<messages::ThroughputRatio> ratio_message(const MeasuredModel& model) {
  if (!model.ratio) return std::nullopt;
  return messages::ThroughputRatio{{model.ratio->value, model.ratio->low, model.ratio->high},
                                   static_cast<std::int64_t>(model.turns.rounds.size())};
}

messages::SpeedRow speed_row(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  messages::SpeedRow row{model.turns.about};
  row.model = model.name;
  row.reference = measurement.models[measurement.reference].name;
  row.runtime = sweep::runtime_label(model.protocol);
  row.out_of_memory = model.turns.out_of_memory;
  if (!row.out_of_memory) row.failed = model.turns.failed;
  if (!model.has_speed()) return row;
  row.throughput_images_per_s = messages::spread_of(model.speed.images_per_s, false);
  row.latency_ms = messages::spread_of(model.speed.latency_ms, true);
  row.throughput_ratio = ratio_message(model);
  row.warnings = speed_warnings(model);
  row.samples_ms_by_round = milliseconds(model.turns.rounds);
  return row;
}

messages::MeasuredModel measured_model(const Measurement& measurement, std::size_t index) {
  messages::MeasuredModel measured{speed_row(measurement, index), measurement.environment,
                                   message_of(measurement.state)};
  measured.environment.threads = measurement.models.at(index).protocol.threads;
  if (measured.warnings)
    for (std::string& warning : machine_warnings(measurement))
      measured.warnings->push_back(std::move(warning));
  return measured;
}

std::vector<messages::LargestBatch> largest_batches(const Measurement& measurement) {
  std::map<std::tuple<std::string, std::string, std::string, graph::Dtype, graph::Index>,
           std::pair<std::optional<graph::Index>, std::optional<graph::Index>>>
      found;
  for (const MeasuredModel& model : measurement.models) {
    const sweep::Protocol& p = model.protocol;
    auto& [largest, too_large] =
        found[{model.name, sweep::runtime_label(p), p.device, p.dtype, p.threads}];
    if (model.has_speed()) largest = std::max(largest.value_or(0), p.batch);
    if (model.turns.out_of_memory) too_large = std::min(too_large.value_or(p.batch), p.batch);
  }
  std::vector<messages::LargestBatch> rows;
  for (const auto& [key, batches] : found) {
    const auto& [name, runtime, device, dtype, threads] = key;
    rows.push_back({name, runtime, device, dtype, threads, batches.first, batches.second});
  }
  return rows;
}

std::vector<store::MetricValue> metrics_of(const Speed& speed) {
  const auto row = [](const char* metric, const stats::Summary& x, const char* unit) {
    return store::MetricValue{metric, "", x.median, unit, x.p5, x.p95, x.count};
  };
  return {row("throughput", speed.images_per_s, "images/s"),
          row("latency", speed.latency_ms, "ms")};
}

std::vector<store::MetricValue> metrics_of(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  if (!model.has_speed()) return {};
  std::vector<store::MetricValue> metrics = metrics_of(model.speed);
  if (model.ratio)
    metrics.push_back({"throughput_ratio", "", model.ratio->value, "1", model.ratio->low,
                       model.ratio->high, static_cast<std::int64_t>(model.turns.rounds.size())});
  return metrics;
}

}  // namespace vitlab::profile
