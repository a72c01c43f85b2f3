#include "engine/measure_stages.h"

#include <algorithm>

#include "engine/candidates.h"
#include "profile/profile.h"
#include "sweep/named_config.h"

namespace vitlab::engine {

namespace {

/// Of a profile what the turns did not give: shares of time. Its own speed is not recorded twice.
void add_profile(store::StageRecord& record, messages::MeasureDetails& details,
                 const profile::NamedGraph& model, sweep::Protocol protocol) {
  // Where time goes needs fewer forwards than how much of it there is.
  protocol.warmup_seconds = std::min(protocol.warmup_seconds, 0.2);
  protocol.timed_seconds = std::max(0.3, protocol.timed_seconds / 3);
  const profile::ProfileResult profile = profile::profile_model(model, protocol);
  if (profile.out_of_memory) return;
  for (store::MetricValue& metric : profile::metrics_of(profile))
    if (metric.metric != "throughput" && metric.metric != "latency")
      record.metrics.push_back(std::move(metric));
  details.profile = profile::message_of(profile);
}

}  // namespace

std::vector<store::StageRecord> run_measure_stages(
    const sweep::Plan& plan, const std::vector<const sweep::PlannedStage*>& stages,
    const std::function<void(std::int64_t done, std::int64_t total, const std::string& note)>&
        note) {
  const sweep::Protocol protocol = sweep::protocol_from_json(stages.front()->settings, "protocol");
  std::vector<ModelToTime> models;
  const auto add = [&](const std::string& id) {
    const sweep::PlannedModel& model = plan.models.at(id);
    models.push_back(model_to_time(model.name.empty() ? model.id : model.name, model.spec()));
  };
  std::size_t reference = 0;
  bool reference_is_extra = false;
  for (const sweep::PlannedStage* stage : stages) {
    if (stage->model == plan.reference) reference = models.size();
    add(stage->model);
  }
  const bool has_reference = !plan.reference.empty();
  if (has_reference && stages[reference]->model != plan.reference) {
    reference = models.size();
    reference_is_extra = true;
    add(plan.reference);
  }
  std::vector<profile::Candidate> candidates;
  for (const ModelToTime& model : models) candidates.push_back(model_candidate(model, protocol));
  const profile::Measurement measurement =
      profile::measure_interleaved(candidates, reference, note);
  std::vector<store::StageRecord> records;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    store::StageRecord record = blank_record(*stages[i]);
    record.metrics = profile::metrics_of(measurement, i);
    if (!has_reference)
      std::erase_if(record.metrics,
                    [](const store::MetricValue& m) { return m.metric == "throughput_ratio"; });
    messages::MeasureDetails details{
        profile::measured_model(measurement, i), {protocol}, reference_is_extra, {}};
    details.reference = plan.reference;
    const profile::TimedTurns& turns = measurement.models[i].turns;
    if (turns.out_of_memory) {
      record.state = store::StageState::kOutOfMemory;
      record.reason = *turns.out_of_memory;
    } else if (turns.failed) {
      record.state = store::StageState::kFailed;
      record.reason = *turns.failed;
    } else if (protocol.runtime == sweep::Runtime::kLibtorch) {
      const profile::ModelForms& forms = *models[i].forms;
      if (note)
        note(static_cast<std::int64_t>(i), static_cast<std::int64_t>(stages.size()),
             "profile " + forms.name());
      add_profile(record, details, {forms.name(), forms.graph(), forms.weights()}, protocol);
    }
    record.details = core::to_json(details);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace vitlab::engine
