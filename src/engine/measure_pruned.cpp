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

/// What rounding leads to, and which model of the measurement it is; 0 where it changes nothing.
struct Rounding {
  messages::RoundedSpeed row;
  std::size_t model = 0;
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
        "Sizes at multiples of " + std::to_string(best->row.multiple_of) +
        " would have been faster: " + times(speed_ratio(measurement, best->model).value) +
        " instead of " + times(measured) + ", with " + times(best->row.macs_ratio) +
        " the MACs of the pruned model; set multiple_of: " + std::to_string(best->row.multiple_of) +
        ".");
  return notes;
}

}  // namespace

sweep::Protocol default_prune_protocol() {
  sweep::Protocol protocol;
  protocol.warmup_seconds = 0.3;
  protocol.timed_seconds = 1;
  return protocol;
}

std::vector<messages::RoundedSpec> rounded_specs(const prune::PruneResult& result) {
  return {{8, prune::rounded_to_multiples(result, 8)},
          {16, prune::rounded_to_multiples(result, 16)}};
}

messages::PrunedSpeeds measure_pruned(const PrunedSpeed& speed) {
  std::vector<profile::NamedGraph> models{profile::untrained_model("before", speed.before),
                                          profile::untrained_model("after", speed.after)};
  const graph::Index macs_before = graph::graph_cost(models[0].graph).macs;
  const graph::Index macs_after = graph::graph_cost(models[1].graph).macs;
  std::vector<Rounding> roundings;
  for (const messages::RoundedSpec& rounded : speed.rounded) {
    Rounding& own = roundings.emplace_back();
    own.row.multiple_of = rounded.multiple_of;
    own.row.macs = macs_after;
    own.row.changes = rounded.spec != speed.after;
    if (!own.row.changes) continue;
    own.model = models.size();
    models.push_back(profile::untrained_model("multiples of " + std::to_string(rounded.multiple_of),
                                              rounded.spec));
    own.row.macs = graph::graph_cost(models.back().graph).macs;
    own.row.macs_ratio = static_cast<double>(own.row.macs) /
                         static_cast<double>(std::max<graph::Index>(1, macs_after));
  }
  const profile::Measurement measurement = profile::measure_interleaved(models, speed.protocol, 0);
  for (const std::size_t i : {0, 1})
    if (!measurement.models[i].has_speed())
      throw core::Failure("the model " + measurement.models[i].name +
                          " pruning could not be timed: " +
                          measurement.models[i].turns.out_of_memory.value_or(
                              measurement.models[i].turns.failed.value_or("no reason given")));
  messages::PrunedSpeeds speeds;
  speeds.protocol = speed.protocol;
  speeds.before = profile::measured_model(measurement, 0);
  speeds.after = profile::measured_model(measurement, 1);
  speeds.notes = notes_of(measurement, speed, macs_before, macs_after, roundings);
  for (Rounding& rounding : roundings) {
    if (rounding.row.changes)
      rounding.row.measured = profile::measured_model(measurement, rounding.model);
    speeds.rounded.push_back(std::move(rounding.row));
  }
  return speeds;
}

std::vector<store::MetricValue> pruned_speed_metrics(const messages::PrunedSpeedRows& measured,
                                                     const std::string& prefix) {
  std::vector<store::MetricValue> metrics;
  const auto add = [&](const messages::MeasuredModel& model, const std::string& suffix) {
    if (!model.throughput_ratio) return;
    const messages::ThroughputRatio& ratio = *model.throughput_ratio;
    metrics.push_back({prefix + "speed_ratio" + suffix, "", ratio.value, "1", ratio.low, ratio.high,
                       ratio.rounds});
  };
  add(measured.after, "");
  for (const messages::RoundedSpeed& rounding : measured.rounded) {
    if (!rounding.measured) continue;
    const std::string suffix = ".multiples_of_" + std::to_string(rounding.multiple_of);
    add(*rounding.measured, suffix);
    metrics.push_back(
        {prefix + "macs" + suffix, "", static_cast<double>(rounding.macs), "MACs", {}, {}, 1});
  }
  return metrics;
}

}  // namespace vitlab::engine
