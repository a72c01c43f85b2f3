#include "profile/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "core/error.h"
#include "model/device.h"

namespace vitlab {

namespace {

// Below so many rounds a bootstrap of their ratios says less than the range.
constexpr std::size_t kRoundsToResample = 6;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<double> joined(const std::vector<std::vector<double>>& rounds) {
  std::vector<double> all;
  for (const std::vector<double>& round : rounds) all.insert(all.end(), round.begin(), round.end());
  return all;
}

/// One model's turn. The first forward is not counted: another model has filled the caches.
std::vector<double> take_turn(TimedModel& model, const Protocol& protocol) {
  const double share = protocol.timed_seconds / static_cast<double>(protocol.rounds);
  model.forward();
  std::vector<double> seconds;
  const auto start = std::chrono::steady_clock::now();
  while (static_cast<Index>(seconds.size()) < protocol.min_samples || seconds_since(start) < share)
    seconds.push_back(model.forward());
  return seconds;
}

/// The turns of all models under one protocol.
class Turns {
 public:
  Turns(const std::vector<NamedGraph>& models, const Protocol& protocol, at::Device device,
        const TimingNotice& notice)
      : protocol_(protocol),
        notice_(notice),
        total_(static_cast<std::int64_t>(models.size()) * (protocol.rounds + 1)),
        timed_(models.size()),
        results_(models.size()) {
    for (std::size_t i = 0; i < models.size(); ++i) {
      results_[i].name = models[i].name;
      attempt(i, [&] {
        timed_[i] = std::make_unique<TimedModel>(models[i], protocol, device);
        timed_[i]->warm_up(protocol.warmup_seconds);
      });
    }
  }

  std::vector<MeasuredModel> take() {
    for (Index round = 0; round < protocol_.rounds; ++round) {
      for (std::size_t k = 0; k < timed_.size(); ++k) {
        const std::size_t i = round % 2 == 0 ? k : timed_.size() - 1 - k;
        attempt(i, [&] {
          if (timed_[i] != nullptr) results_[i].rounds.push_back(take_turn(*timed_[i], protocol_));
        });
      }
    }
    return std::move(results_);
  }

 private:
  template <typename Work>
  void attempt(std::size_t i, Work&& work) {
    if (std::optional<std::string> reason = out_of_memory(protocol_.batch, work)) {
      results_[i].out_of_memory = std::move(reason);
      results_[i].rounds.clear();
      timed_[i].reset();
    }
    if (notice_) notice_(++done_, total_, results_[i].name);
  }

  const Protocol& protocol_;
  const TimingNotice& notice_;
  std::int64_t done_ = 0;
  std::int64_t total_;
  std::vector<std::unique_ptr<TimedModel>> timed_;
  std::vector<MeasuredModel> results_;
};

std::optional<Estimate> throughput_ratio(const MeasuredModel& model,
                                         const MeasuredModel& reference) {
  if (model.out_of_memory || reference.out_of_memory) return std::nullopt;
  std::vector<double> ratios;
  for (std::size_t r = 0; r < model.rounds.size(); ++r)
    ratios.push_back(median(reference.rounds[r]) / median(model.rounds[r]));
  if (ratios.size() >= kRoundsToResample) return bootstrap_median(ratios);
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return Estimate{median(ratios), *low, *high};
}

Json milliseconds(const std::vector<std::vector<double>>& rounds) {
  Json json = Json::array();
  for (const std::vector<double>& round : rounds) {
    Json row = Json::array();
    for (const double seconds : round) row.push_back(std::round(seconds * 1e9) / 1e6);
    json.push_back(std::move(row));
  }
  return json;
}

}  // namespace

Speed speed_of(const std::vector<double>& seconds, Index batch) {
  std::vector<double> milliseconds, rates;
  for (const double x : seconds) {
    milliseconds.push_back(1e3 * x);
    rates.push_back(static_cast<double>(batch) / x);
  }
  return {summarise(milliseconds), summarise(rates), judge_noise(seconds)};
}

Measurement measure_interleaved(const std::vector<NamedGraph>& models, const Protocol& protocol,
                                std::size_t reference, const TimingNotice& notice) {
  ensure(reference < models.size(), "the reference is one of the models");
  keep_freed_memory();
  const at::Device device = open_device(protocol.device);
  const ThreadsInUse threads(protocol.threads);
  Measurement measurement{protocol, environment(device), reference, {}};
  measurement.models = Turns(models, protocol, device, notice).take();
  for (MeasuredModel& model : measurement.models) {
    if (model.out_of_memory) continue;
    model.speed = speed_of(joined(model.rounds), protocol.batch);
    model.ratio = throughput_ratio(model, measurement.models[reference]);
  }
  return measurement;
}

Json spread_json(const Summary& summary, bool with_mean) {
  Json json = Json::object();
  if (with_mean) json["mean"] = json_number(summary.mean);
  json["median"] = json_number(summary.median);
  json["p5"] = json_number(summary.p5);
  json["p95"] = json_number(summary.p95);
  json["samples"] = summary.count;
  return json;
}

Json measured_json(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  Json json{{"model", model.name}, {"reference", measurement.models[measurement.reference].name}};
  if (model.out_of_memory) {
    json["out_of_memory"] = *model.out_of_memory;
  } else {
    const Speed& speed = model.speed;
    json["throughput_images_per_s"] = spread_json(speed.images_per_s, false);
    json["latency_ms"] = spread_json(speed.latency_ms, true);
    if (model.ratio)
      json["throughput_ratio"] = {{"value", json_number(model.ratio->value)},
                                  {"low", json_number(model.ratio->low)},
                                  {"high", json_number(model.ratio->high)},
                                  {"rounds", model.rounds.size()}};
    json["warnings"] = timing_warnings(speed.noise, measurement.environment);
    json["samples_ms_by_round"] = milliseconds(model.rounds);
  }
  json["environment"] = environment_json(measurement.environment);
  return json;
}

std::vector<MetricValue> metrics_of(const Speed& speed) {
  const auto row = [](const char* metric, const Summary& x, const char* unit) {
    return MetricValue{metric, "", x.median, unit, x.p5, x.p95, x.count};
  };
  return {row("throughput", speed.images_per_s, "images/s"),
          row("latency", speed.latency_ms, "ms")};
}

std::vector<MetricValue> metrics_of(const Measurement& measurement, std::size_t index) {
  const MeasuredModel& model = measurement.models.at(index);
  if (model.out_of_memory) return {};
  std::vector<MetricValue> metrics = metrics_of(model.speed);
  if (model.ratio)
    metrics.push_back({"throughput_ratio", "", model.ratio->value, "1", model.ratio->low,
                       model.ratio->high, static_cast<std::int64_t>(model.rounds.size())});
  return metrics;
}

}  // namespace vitlab
