#include "core/error.h"
#include "core/hash.h"
#include "sweep/plan.h"

namespace vitlab::sweep {

namespace {

constexpr std::int64_t kSchema = 1;

core::Json text_or_null(const std::string& text) {
  return text.empty() ? core::Json(nullptr) : core::Json(text);
}

/// A trial with what its model costs, for people.
core::Json costed_trial_json(const Trial& trial, const PlannedModel& model) {
  core::Json json = core::to_json(trial);
  json.erase("stages");
  json["params"] = model.params;
  json["macs"] = model.macs;
  json["mhsa_share"] = model.mhsa_share;
  json["budget_metric"] = text_or_null(model.budget_metric);
  json["budget"] = core::to_json(model.budget);
  json["residual"] = model.residual.value_or(0);
  return json;
}

}  // namespace

core::Json to_json_form(const PlannedModels& models) {
  core::Json json = core::Json::array();
  for (const auto& [id, model] : models) json.push_back(core::to_json(model));
  return json;
}

void from_json_form(const core::Json& json, const core::JsonPlace& place, PlannedModels& models) {
  for (auto& model : core::from_json<std::vector<PlannedModel>>(json, place)) {
    if (core::identity(model.spec_text) != model.id)
      place.refuse("holds " + model.id + ", which is not what its spec says");
    models.emplace(model.id, std::move(model));
  }
}

core::Json plan_json(const Plan& plan) { return core::with_schema(kSchema, core::to_json(plan)); }

core::Json plan_overview_json(const Plan& plan, const std::map<std::string, std::string>& states) {
  core::Json json = core::Json::object();
  json["sweep"] = plan.name;
  json["data"] = plan.data;
  json["recipe"] = plan.recipe_name;
  json["points"] = plan.points;
  json["models"] = plan.models.size();
  json["reference"] = text_or_null(plan.reference);
  json["trials"] = core::Json::array();
  for (const Trial& trial : plan.trials)
    json["trials"].push_back(costed_trial_json(trial, plan.models.at(trial.model)));
  json["rejected"] = core::to_json(plan.rejected);
  // Only sweeps with a measured solve have points that wait, or that were solved imprecisely.
  for (const Unsolved& one : plan.unsolved) json["unsolved"].push_back(one.point);
  if (!plan.imprecise.empty()) json["imprecise"] = core::to_json(plan.imprecise);
  json["stages"] = core::Json::array();
  for (const PlannedStage& stage : plan.stages)
    json["stages"].push_back({{"id", stage.id},
                              {"kind", stage.kind},
                              {"model", stage.model},
                              {"state", states.at(stage.id)}});
  return json;
}

Plan plan_from_json(core::Json json, const std::string& source) {
  const core::JsonPlace place(source + ":");
  try {
    if (core::take_schema(json, place) != kSchema) place.refuse("is not of this version of vitlab");
    return core::from_json<Plan>(json, place);
  } catch (const core::UserError& error) {
    throw core::UserError(std::string(error.what()) + "; run plan again");
  }
}

}  // namespace vitlab::sweep
