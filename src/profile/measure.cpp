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
Environment opened_environment(const std::vector<Candidate>& candidates, at::Device device) {
  graph::Index most_threads = 1;
  for (const Candidate& candidate : candidates) {
    model::open_device(candidate.protocol.device);
    most_threads = std::max(most_threads, candidate.protocol.threads);
  }
  const ThreadsInUse threads(most_threads);
  return environment(device);
}

core::Json milliseconds(const std::vector<std::vector<double>>& rounds) {
  core::Json json = core::Json::array();
  for (const std::vector<double>& round : rounds) {
    core::Json row = core::Json::array();
    for (const double seconds : round) row.push_back(std::round(seconds * 1e9) / 1e6);
    json.push_back(std::move(row));
  }
  return json;
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

core::Json spread_json(const stats::Summary& summary, bool with_mean) {
  core::Json json = core::Json::object();
  if (with_mean) json["mean"] = core::json_number(summary.mean);
  json["median"] = core::json_number(summary.median);
  json["p5"] = core::json_number(summary.p5);
  json["p95"] = core::json_number(summary.p95);
  json["samples"] = summary.count;
  return json;
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

core::Json speed_json(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  core::Json json{{"model", model.name},
                  {"reference", measurement.models[measurement.reference].name},
                  {"runtime", sweep::runtime_label(model.protocol)}};
  json.update(model.turns.about);
  if (model.turns.out_of_memory) {
    json["out_of_memory"] = *model.turns.out_of_memory;
  } else if (model.turns.failed) {
    json["failed"] = *model.turns.failed;
  } else {
    const Speed& speed = model.speed;
    json["throughput_images_per_s"] = spread_json(speed.images_per_s, false);
    json["latency_ms"] = spread_json(speed.latency_ms, true);
    if (model.ratio)
      json["throughput_ratio"] = {{"value", core::json_number(model.ratio->value)},
                                  {"low", core::json_number(model.ratio->low)},
                                  {"high", core::json_number(model.ratio->high)},
                                  {"rounds", model.turns.rounds.size()}};
    json["warnings"] = speed_warnings(model);
    json["samples_ms_by_round"] = milliseconds(model.turns.rounds);
  }
  return json;
}

core::Json measured_json(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  Environment machine = measurement.environment;
  machine.threads = model.protocol.threads;
  core::Json json = speed_json(measurement, index);
  if (model.has_speed())
    for (const std::string& warning : machine_warnings(measurement))
      json["warnings"].push_back(warning);
  json["environment"] = environment_json(machine);
  json["machine_state"] = machine_state_json(measurement.state);
  return json;
}

core::Json largest_batches_json(const Measurement& measurement) {
  std::map<std::tuple<std::string, std::string, std::string, std::string, graph::Index>,
           std::pair<std::optional<graph::Index>, std::optional<graph::Index>>>
      found;
  for (const MeasuredModel& model : measurement.models) {
    const sweep::Protocol& p = model.protocol;
    auto& [largest, too_large] =
        found[{model.name, sweep::runtime_label(p), p.device, p.dtype, p.threads}];
    if (model.has_speed()) largest = std::max(largest.value_or(0), p.batch);
    if (model.turns.out_of_memory) too_large = std::min(too_large.value_or(p.batch), p.batch);
  }
  core::Json rows = core::Json::array();
  for (const auto& [key, batches] : found) {
    const auto& [name, runtime, device, dtype, threads] = key;
    core::Json row{{"model", name},
                   {"runtime", runtime},
                   {"device", device},
                   {"dtype", dtype},
                   {"threads", threads}};
    row["batch"] = batches.first ? core::Json(*batches.first) : core::Json(nullptr);
    row["too_large"] = batches.second ? core::Json(*batches.second) : core::Json(nullptr);
    rows.push_back(std::move(row));
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
