#include <algorithm>

#include "core/text.h"
#include "engine/prune_stage.h"
#include "profile/measure.h"

namespace vitlab {

namespace {

/// A gain below this share of the estimated one is worth a note.
constexpr double kGainShare = 0.8;

double speed_ratio(const Measurement& measurement, std::size_t model) {
  const auto& ratio = measurement.models[model].ratio;
  return ratio ? ratio->value : 0;
}

std::string times(double ratio) { return significant(ratio, 3) + "x"; }

struct Rounding {
  Index multiple = 8;
  std::size_t model = 0;  // of the measurement; 0 where rounding changes nothing
  double macs_ratio = 1;  // over the pruned model's
};

std::vector<std::string> notes_of(const Measurement& measurement, const PruneResult& result,
                                  const std::vector<Rounding>& roundings) {
  std::vector<std::string> notes;
  const bool by_latency = result.after.latency > 0;
  const double estimated =
      by_latency ? result.before.latency / result.after.latency
                 : static_cast<double>(result.before.cost.macs) /
                       static_cast<double>(std::max<Index>(1, result.after.cost.macs));
  const double measured = speed_ratio(measurement, 1);
  if (measured > 0 && measured - 1 < kGainShare * (estimated - 1))
    notes.push_back(std::string(by_latency ? "The table of latencies" : "The count of MACs") +
                    " says " + times(estimated) + " as fast, measured is " + times(measured) +
                    ": less than 80 % of the gain.");
  const Rounding* best = nullptr;
  for (const Rounding& rounding : roundings) {
    if (rounding.model == 0) continue;
    const double own = speed_ratio(measurement, rounding.model);
    if (own > measured && (!best || own > speed_ratio(measurement, best->model))) best = &rounding;
  }
  if (best)
    notes.push_back(
        "Sizes at multiples of " + std::to_string(best->multiple) +
        " would have been faster: " + times(speed_ratio(measurement, best->model)) +
        " instead of " + times(measured) + ", with " + times(best->macs_ratio) +
        " the MACs of the pruned model; set multiple_of: " + std::to_string(best->multiple) + ".");
  return notes;
}

}  // namespace

Protocol default_prune_protocol() {
  Protocol protocol;
  protocol.warmup_seconds = 0.3;
  protocol.timed_seconds = 1;
  return protocol;
}

Json measure_pruned(const PruneStage& stage, const PrunedModel& pruned, bool rounded) {
  const PruneResult& result = pruned.result;
  std::vector<NamedGraph> models{{"before", build_graph(stage.spec), stage.weights},
                                 {"after", build_graph(result.spec), result.weights}};
  std::vector<Rounding> roundings;
  for (const Index multiple : {8, 16}) {
    if (!rounded) break;
    const ModelSpec spec = rounded_to_multiples(result, multiple);
    roundings.push_back({multiple, 0, 1});
    if (spec == result.spec) continue;
    roundings.back().model = models.size();
    models.push_back(untrained_model("multiples of " + std::to_string(multiple), spec));
    roundings.back().macs_ratio = static_cast<double>(graph_cost(models.back().graph).macs) /
                                  static_cast<double>(std::max<Index>(1, result.after.cost.macs));
  }
  const Protocol protocol = stage.protocol.value_or(default_prune_protocol());
  const Measurement measurement = measure_interleaved(models, protocol, 0);
  Json json = Json::object();
  json["protocol"] = protocol_json(protocol);
  json["before"] = measured_json(measurement, 0);
  json["after"] = measured_json(measurement, 1);
  if (rounded) json["rounded"] = Json::array();
  for (const Rounding& rounding : roundings) {
    Json row = Json::object();
    row["multiple_of"] = rounding.multiple;
    row["changes"] = rounding.model != 0;
    row["macs_ratio"] = rounding.macs_ratio;
    if (rounding.model != 0) row["measured"] = measured_json(measurement, rounding.model);
    json["rounded"].push_back(std::move(row));
  }
  json["notes"] = notes_of(measurement, result, roundings);
  return json;
}

}  // namespace vitlab
