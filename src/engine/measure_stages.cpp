#include "engine/measure_stages.h"

#include <algorithm>

#include "profile/profile.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

/// Of a profile what the turns did not give: shares of time. Its own speed is not recorded twice.
void add_profile(StageRecord& record, const NamedGraph& model, Protocol protocol) {
  // Where time goes needs fewer forwards than how much of it there is.
  protocol.warmup_seconds = std::min(protocol.warmup_seconds, 0.2);
  protocol.timed_seconds = std::max(0.3, protocol.timed_seconds / 3);
  const ProfileResult profile = profile_model(model, protocol);
  if (profile.out_of_memory) return;
  for (MetricValue& metric : metrics_of(profile))
    if (metric.metric != "throughput" && metric.metric != "latency")
      record.metrics.push_back(std::move(metric));
  record.details["profile"] = profile_json(profile);
}

}  // namespace

std::vector<StageRecord> run_measure_stages(
    const Plan& plan, const std::vector<const PlannedStage*>& stages,
    const std::function<void(std::int64_t done, std::int64_t total, const std::string& note)>&
        note) {
  const Protocol protocol = protocol_from_json(stages.front()->settings, "protocol");
  std::vector<NamedGraph> models;
  std::size_t reference = 0;
  bool reference_is_extra = false;
  for (const PlannedStage* stage : stages) {
    if (stage->model == plan.reference) reference = models.size();
    const PlannedModel& model = plan.models.at(stage->model);
    models.push_back(untrained_model(model.name.empty() ? model.id : model.name, model.spec()));
  }
  const bool has_reference = !plan.reference.empty();
  if (has_reference && stages[reference]->model != plan.reference) {
    const PlannedModel& model = plan.models.at(plan.reference);
    reference = models.size();
    reference_is_extra = true;
    models.push_back(untrained_model(model.name.empty() ? model.id : model.name, model.spec()));
  }
  const Measurement measurement = measure_interleaved(models, protocol, reference, note);
  std::vector<StageRecord> records;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    StageRecord record = blank_record(*stages[i]);
    record.metrics = metrics_of(measurement, i);
    if (!has_reference)
      std::erase_if(record.metrics,
                    [](const MetricValue& m) { return m.metric == "throughput_ratio"; });
    record.details = measured_json(measurement, i);
    record.details["protocol"] = protocol_json(protocol, true);
    record.details["reference"] = plan.reference;
    record.details["reference_measured_again"] = reference_is_extra;
    if (measurement.models[i].out_of_memory) {
      record.state = StageState::kOutOfMemory;
      record.reason = *measurement.models[i].out_of_memory;
    } else {
      if (note)
        note(static_cast<std::int64_t>(i), static_cast<std::int64_t>(stages.size()),
             "profile " + models[i].name);
      add_profile(record, models[i], protocol);
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace vitlab
