#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "engine/prune_stage.h"
#include "profile/measure.h"

namespace vitlab::engine {

namespace {

/// A gain below this share of the estimated one is worth a note.
constexpr double kGainShare = 0.8;

/// Throughput over that of the model before; zeros where there is none.
stats::Estimate speed_ratio(const profile::Measurement& measurement, std::size_t model) {
  return measurement.models[model].ratio.value_or(stats::Estimate{});
}

std::string times(double ratio) { return core::significant(ratio, 3) + "x"; }

struct Rounding {
  graph::Index multiple = 8;
  std::size_t model = 0;  // of the measurement; 0 where rounding changes nothing
  graph::Index macs = 0;
  double macs_ratio = 1;  // over the pruned model's
};

std::vector<std::string> notes_of(const profile::Measurement& measurement, const PrunedSpeed& speed,
                                  graph::Index macs_before, graph::Index macs_after,
                                  const std::vector<Rounding>& roundings) {
  std::vector<std::string> notes;
  const bool by_latency = speed.latency_gain.has_value();
  const double estimated =
      speed.latency_gain.value_or(static_cast<double>(macs_before) /
                                  static_cast<double>(std::max<graph::Index>(1, macs_after)));
  const stats::Estimate cut = speed_ratio(measurement, 1);
  const double measured = cut.value;
  if (measured > 0 && measured - 1 < kGainShare * (estimated - 1))
    notes.push_back(std::string(by_latency ? "The table of latencies" : "The count of MACs") +
                    " says " + times(estimated) + " as fast, measured is " + times(measured) +
                    ": less than 80 % of the gain.");
  const Rounding* best = nullptr;
  for (const Rounding& rounding : roundings) {
    if (rounding.model == 0) continue;
    const stats::Estimate own = speed_ratio(measurement, rounding.model);
    // Beyond the spread of both: less is luck of the rounds.
    if (own.low <= cut.high) continue;
    if (!best || own.value > speed_ratio(measurement, best->model).value) best = &rounding;
  }
  if (best)
    notes.push_back(
        "Sizes at multiples of " + std::to_string(best->multiple) +
        " would have been faster: " + times(speed_ratio(measurement, best->model).value) +
        " instead of " + times(measured) + ", with " + times(best->macs_ratio) +
        " the MACs of the pruned model; set multiple_of: " + std::to_string(best->multiple) + ".");
  return notes;
}

}  // namespace

sweep::Protocol default_prune_protocol() {
  sweep::Protocol protocol;
  protocol.warmup_seconds = 0.3;
  protocol.timed_seconds = 1;
  return protocol;
}

std::vector<RoundedSpec> rounded_specs(const prune::PruneResult& result) {
  return {{8, prune::rounded_to_multiples(result, 8)},
          {16, prune::rounded_to_multiples(result, 16)}};
}

core::Json measure_pruned(const PrunedSpeed& speed) {
  std::vector<profile::NamedGraph> models{profile::untrained_model("before", speed.before),
                                          profile::untrained_model("after", speed.after)};
  const graph::Index macs_before = graph::graph_cost(models[0].graph).macs;
  const graph::Index macs_after = graph::graph_cost(models[1].graph).macs;
  std::vector<Rounding> roundings;
  for (const RoundedSpec& rounded : speed.rounded) {
    roundings.push_back({rounded.multiple, 0, macs_after, 1});
    if (rounded.spec == speed.after) continue;
    Rounding& own = roundings.back();
    own.model = models.size();
    models.push_back(
        profile::untrained_model("multiples of " + std::to_string(rounded.multiple), rounded.spec));
    own.macs = graph::graph_cost(models.back().graph).macs;
    own.macs_ratio =
        static_cast<double>(own.macs) / static_cast<double>(std::max<graph::Index>(1, macs_after));
  }
  const profile::Measurement measurement = profile::measure_interleaved(models, speed.protocol, 0);
  for (const std::size_t i : {0, 1})
    if (!measurement.models[i].has_speed())
      throw core::Failure("the model " + measurement.models[i].name +
                          " pruning could not be timed: " +
                          measurement.models[i].turns.out_of_memory.value_or(
                              measurement.models[i].turns.failed.value_or("no reason given")));
  core::Json json = core::Json::object();
  json["protocol"] = sweep::protocol_json(speed.protocol);
  json["before"] = core::to_json(profile::measured_model(measurement, 0));
  json["after"] = core::to_json(profile::measured_model(measurement, 1));
  if (!roundings.empty()) json["rounded"] = core::Json::array();
  for (const Rounding& rounding : roundings) {
    core::Json row = core::Json::object();
    row["multiple_of"] = rounding.multiple;
    row["changes"] = rounding.model != 0;
    row["macs"] = rounding.macs;
    row["macs_ratio"] = rounding.macs_ratio;
    if (rounding.model != 0)
      row["measured"] = core::to_json(profile::measured_model(measurement, rounding.model));
    json["rounded"].push_back(std::move(row));
  }
  json["notes"] = notes_of(measurement, speed, macs_before, macs_after, roundings);
  return json;
}

std::vector<store::MetricValue> pruned_speed_metrics(const core::Json& measured,
                                                     const std::string& prefix) {
  std::vector<store::MetricValue> metrics;
  const auto add = [&](const core::Json& model, const std::string& suffix) {
    if (!model.contains("throughput_ratio")) return;
    const core::Json& ratio = model.at("throughput_ratio");
    metrics.push_back({prefix + "speed_ratio" + suffix, "", ratio.at("value").get<double>(), "1",
                       ratio.at("low").get<double>(), ratio.at("high").get<double>(),
                       ratio.at("rounds").get<graph::Index>()});
  };
  add(measured.at("after"), "");
  for (const core::Json& rounding : measured.value("rounded", core::Json::array())) {
    if (!rounding.at("changes").get<bool>()) continue;
    const std::string suffix = ".multiples_of_" + rounding.at("multiple_of").dump();
    add(rounding.at("measured"), suffix);
    metrics.push_back(
        {prefix + "macs" + suffix, "", rounding.at("macs").get<double>(), "MACs", {}, {}, 1});
  }
  return metrics;
}

}  // namespace vitlab::engine
