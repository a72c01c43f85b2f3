#include "sweep/plan.h"

#include <algorithm>

#include "core/hash.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"

namespace vitlab::sweep {

namespace {

bool uses_recipe(const PlannedStage& stage) {
  const StageKind kind = stage_kind(stage.kind).value;
  return kind == StageKind::kTrain ||
         (kind == StageKind::kPrune &&
          core::from_json<PruneSettings>(stage.settings, "settings").finetune_epochs > 0);
}

std::string trial_id(const Plan& plan, const std::string& model, std::int64_t seed) {
  core::Json json = core::Json::object();
  json["model"] = model;
  if (!plan.data_fingerprint.empty()) json["data"] = plan.data_fingerprint;
  core::Json recipe = recipe_json(plan.recipe);
  if (!recipe.empty()) json["recipe"] = std::move(recipe);
  json["seed"] = seed;
  return core::identity(core::canonical_json(json));
}

/// Stages of one model as a sweep asks for them: those without a seed once, the others per seed.
class StageWriter {
 public:
  StageWriter(Plan& plan, const SweepSpec& sweep, const std::string& model)
      : plan_(plan), sweep_(sweep), model_(model), shared_(sweep.stages.size()) {}

  std::vector<std::string> write(std::int64_t seed) {
    std::vector<std::string> ids;
    std::string trained, pruned;
    for (std::size_t i = 0; i < sweep_.stages.size(); ++i) {
      const StageRequest& request = sweep_.stages[i];
      const StageKind kind = kind_of(request);
      if (!core::choice_row(kind).needs_data) {
        if (shared_[i].empty()) shared_[i] = add(request, std::nullopt, "");
        ids.push_back(shared_[i]);
        continue;
      }
      const std::string& before = kind == StageKind::kMeasurePruned ? pruned : trained;
      ids.push_back(add(request, seed, kind == StageKind::kTrain ? "" : before));
      if (kind == StageKind::kTrain) trained = ids.back();
      if (kind == StageKind::kPrune) pruned = ids.back();
    }
    return ids;
  }

 private:
  std::string add(const StageRequest& request, std::optional<std::int64_t> seed,
                  const std::string& after) {
    const StageKindRow& kind = core::choice_row(kind_of(request));
    PlannedStage stage;
    stage.kind = kind.word;
    stage.version = kind.version;
    stage.model = model_;
    stage.settings = stage_settings_json(request);
    if (!after.empty()) stage.after.push_back(after);
    stage.seed = seed;
    stage.timed = kind.is_timed;
    if (const Protocol* protocol = protocol_of(request)) stage.device = protocol->device;
    stage.id = core::identity(
        core::canonical_json(stage_spec(stage, plan_.data_fingerprint, plan_.recipe)));
    plan_.stages.push_back(stage);
    return stage.id;
  }

  Plan& plan_;
  const SweepSpec& sweep_;
  const std::string& model_;
  std::vector<std::string> shared_;  // ids of the stages without a seed
};

}  // namespace

architecture::ModelSpec PlannedModel::spec() const {
  return architecture::spec_from_json_text(spec_text, "model " + id);
}

std::string device_class(const std::string& device) { return device.substr(0, device.find(':')); }

core::Json stage_spec(const PlannedStage& stage, const std::string& data_fingerprint,
                      const Recipe& recipe) {
  core::Json json = core::Json::object();
  json["kind"] = stage.kind;
  json["version"] = stage.version;
  json["model"] = stage.model;
  core::Json settings = stage.settings;
  // Which of several equal devices was used is provenance.
  if (stage.timed) {
    settings.erase("device");
    json["device"] = device_class(stage.device);
  }
  if (!settings.empty()) json["settings"] = std::move(settings);
  if (!stage.after.empty()) json["after"] = stage.after;
  if (stage_kind(stage.kind).needs_data) json["data"] = data_fingerprint;
  if (uses_recipe(stage)) {
    core::Json own = recipe_json(recipe);
    if (!own.empty()) json["recipe"] = std::move(own);
  }
  if (stage.seed) json["seed"] = *stage.seed;
  return json;
}

void add_trials(Plan& plan, const SweepSpec& sweep, const PlannedModel& model) {
  StageWriter writer(plan, sweep, model.id);
  for (const std::int64_t seed : sweep.seeds) {
    Trial trial;
    trial.id = trial_id(plan, model.id, seed);
    trial.model = model.id;
    trial.seed = seed;
    trial.knobs = model.point;
    trial.stages = writer.write(seed);
    plan.trials.push_back(std::move(trial));
  }
}

}  // namespace vitlab::sweep
