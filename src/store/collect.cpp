#include "store/collect.h"

#include <set>

#include "core/error.h"
#include "core/text.h"
#include "messages/prune_answer.h"

namespace vitlab::store {

namespace {

std::string knob_text(const core::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return core::canonical_json(value);
}

/// None for stages that time nothing and attempts that came to nothing.
std::optional<MeasuredWhere> measured_where(const StageRecord& record) {
  const sweep::StageKindRow& kind = sweep::stage_kind(record.kind);
  if (!kind.is_timed || record.details.empty()) return std::nullopt;
  if (kind.value == sweep::StageKind::kMeasurePruned) {
    auto details = details_of<messages::MeasurePrunedDetails>(record);
    return MeasuredWhere{details.protocol, details.runtime, std::move(details.environment), {}};
  }
  auto details = details_of<messages::MeasureDetails>(record);
  return MeasuredWhere{details.protocol, details.runtime, std::move(details.environment),
                       std::move(details.profile)};
}

class Collector {
 public:
  Collector(const Store& store, const sweep::Plan& plan) : store_(store), plan_(plan) {
    for (const sweep::PlannedStage& stage : plan.stages) stages_[stage.id] = &stage;
    result_.table.knobs = plan.knobs;
    result_.stages = plan.stages.size();
  }

  Collected run() {
    std::set<std::string> models_seen;
    for (const sweep::Trial& trial : plan_.trials) {
      if (models_seen.insert(trial.model).second) add_stages(trial, true);
      add_stages(trial, false);
    }
    return std::move(result_);
  }

 private:
  /// Stages of the model alone have no seed and belong to all its trials: they come once.
  void add_stages(const sweep::Trial& trial, bool of_model) {
    for (const std::string& id : trial.stages) {
      const sweep::PlannedStage& stage = *stages_.at(id);
      if (stage.seed.has_value() == of_model) continue;
      add_stage(stage, trial, of_model);
    }
  }

  ResultRow blank(const sweep::PlannedStage& stage, const sweep::Trial& trial,
                  bool of_model) const {
    const sweep::PlannedModel& model = plan_.models.at(trial.model);
    ResultRow row;
    row.model = trial.model;
    if (!of_model) {
      row.trial = trial.id;
      row.seed = trial.seed;
    }
    if (sweep::stage_kind(stage.kind).needs_data) {
      row.dataset = plan_.data;
      row.recipe = plan_.recipe_name;
    }
    row.budget_metric = model.budget_metric;
    row.budget = model.budget;
    for (const std::string& knob : plan_.knobs)
      row.knobs.push_back(trial.knobs.contains(knob) ? knob_text(trial.knobs.at(knob)) : "");
    return row;
  }

  /// Takes what a record holds besides numbers. One that does not read is told as a problem and
  /// passed over.
  bool takes_details(const StageRecord& record, ResultRow& row) {
    try {
      if (auto where = measured_where(record)) {
        set_context(row, *where);
        result_.measured.insert_or_assign(record.id, *std::move(where));
      }
      if (sweep::stage_kind(record.kind).value == sweep::StageKind::kSimilarity)
        result_.similarity[record.id] = std::make_shared<const messages::HeadSimilarity>(
            details_of<messages::HeadSimilarity>(record));
      return true;
    } catch (const core::UserError& error) {
      result_.problems.push_back({store_.stage_folder(record.id), error.what(), true});
      return false;
    }
  }

  void add_stage(const sweep::PlannedStage& stage, const sweep::Trial& trial, bool of_model) {
    const StageAttempts attempts = store_.read_attempts(stage.id);
    result_.problems.insert(result_.problems.end(), attempts.problems.begin(),
                            attempts.problems.end());
    ResultRow row = blank(stage, trial, of_model);
    const StageRecord* record = attempts.winner();
    if (record && !takes_details(*record, row)) record = nullptr;
    const bool is_done = record && record->state == StageState::kDone;
    result_.done += is_done;
    if (!is_done) {
      const std::string state = record ? std::string(core::word_of(record->state)) : "missing";
      const std::string reason = record ? record->reason : "not run yet";
      result_.not_done.push_back({row.trial, row.model, plan_.models.at(trial.model).name, row.seed,
                                  stage.kind, state, reason});
      row.metric = "status";
      row.subject = stage.kind + " " + state + ": " + reason;
      row.unit = "1";
      result_.table.rows.push_back(row);
    }
    if (!record) return;
    for (const MetricValue& metric : record->metrics) {
      ResultRow own = row;
      own.metric = metric.metric;
      own.subject = metric.subject;
      own.value = metric.value;
      own.unit = metric.unit;
      own.low = metric.low;
      own.high = metric.high;
      own.samples = metric.samples;
      result_.table.rows.push_back(std::move(own));
    }
    if (is_done) {
      row.metric = "status";
      row.subject = stage.kind;
      row.value = 1;
      row.unit = "1";
      result_.table.rows.push_back(row);
    }
  }

  const Store& store_;
  const sweep::Plan& plan_;
  std::map<std::string, const sweep::PlannedStage*> stages_;
  Collected result_;
};

}  // namespace

void set_context(ResultRow& row, const MeasuredWhere& where) {
  row.device = where.environment.device;
  row.runtime = where.runtime;
  row.dtype = core::word_of(where.protocol.dtype);
  row.threads = where.protocol.threads;
  row.batch = where.protocol.batch;
}

Collected collect(const Store& store, const sweep::Plan& plan) {
  return Collector(store, plan).run();
}

}  // namespace vitlab::store
