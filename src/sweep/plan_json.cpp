#include "core/error.h"
#include "core/hash.h"
#include "sweep/named_config.h"
#include "sweep/plan.h"

namespace vitlab::sweep {

namespace {

constexpr int kSchema = 1;

core::Json text_or_null(const std::string& text) {
  return text.empty() ? core::Json(nullptr) : core::Json(text);
}

void add_cost(const PlannedModel& model, core::Json& json) {
  json["params"] = model.params;
  json["macs"] = model.macs;
  json["mhsa_share"] = model.mhsa_share;
}

core::Json model_json(const PlannedModel& model) {
  core::Json json = core::Json::object();
  json["id"] = model.id;
  json["name"] = model.name;
  add_cost(model, json);
  if (model.budget) {
    json["budget_metric"] = model.budget_metric;
    json["budget"] = *model.budget;
    json["residual"] = model.residual;
  }
  json["point"] = model.point;
  json["knobs"] = model.knobs;
  // As text: a plan may hold 100,000 specs, which most readers of it never look into.
  json["spec"] = model.spec_text;
  return json;
}

core::Json trial_head_json(const Trial& trial) {
  core::Json json = core::Json::object();
  json["id"] = trial.id;
  json["model"] = trial.model;
  json["seed"] = trial.seed;
  json["knobs"] = trial.knobs;
  return json;
}

core::Json trial_json(const Trial& trial) {
  core::Json json = trial_head_json(trial);
  json["stages"] = trial.stages;
  return json;
}

/// A trial with what its model costs, for people.
core::Json costed_trial_json(const Trial& trial, const PlannedModel& model) {
  core::Json json = trial_head_json(trial);
  add_cost(model, json);
  json["budget_metric"] = text_or_null(model.budget_metric);
  json["budget"] = model.budget ? core::Json(*model.budget) : core::Json(nullptr);
  json["residual"] = model.residual;
  return json;
}

core::Json rejected_json(const Plan& plan) {
  core::Json json = core::Json::array();
  for (const Rejected& one : plan.rejected)
    json.push_back({{"point", one.point}, {"reason", one.reason}});
  return json;
}

core::Json stage_json(const PlannedStage& stage) {
  core::Json json = core::Json::object();
  json["id"] = stage.id;
  json["kind"] = stage.kind;
  json["version"] = stage.version;
  json["model"] = stage.model;
  json["settings"] = stage.settings;
  json["after"] = stage.after;
  if (stage.seed) json["seed"] = *stage.seed;
  json["timed"] = stage.timed;
  json["device"] = stage.device;
  return json;
}

PlannedModel model_from_json(const core::Json& json) {
  PlannedModel model;
  json.at("id").get_to(model.id);
  json.at("name").get_to(model.name);
  json.at("params").get_to(model.params);
  json.at("macs").get_to(model.macs);
  json.at("mhsa_share").get_to(model.mhsa_share);
  if (json.contains("budget")) {
    json.at("budget_metric").get_to(model.budget_metric);
    model.budget = json.at("budget").get<double>();
    json.at("residual").get_to(model.residual);
  }
  model.point = json.at("point");
  model.knobs = json.at("knobs");
  json.at("spec").get_to(model.spec_text);
  if (core::identity(model.spec_text) != model.id)
    throw core::UserError("model " + model.id + " is not what its spec says");
  return model;
}

Trial trial_from_json(const core::Json& json) {
  Trial trial;
  json.at("id").get_to(trial.id);
  json.at("model").get_to(trial.model);
  json.at("seed").get_to(trial.seed);
  trial.knobs = json.at("knobs");
  json.at("stages").get_to(trial.stages);
  return trial;
}

PlannedStage stage_from_json(const core::Json& json) {
  PlannedStage stage;
  json.at("id").get_to(stage.id);
  json.at("kind").get_to(stage.kind);
  json.at("version").get_to(stage.version);
  json.at("model").get_to(stage.model);
  stage.settings = json.at("settings");
  json.at("after").get_to(stage.after);
  if (json.contains("seed")) stage.seed = json.at("seed").get<std::int64_t>();
  json.at("timed").get_to(stage.timed);
  json.at("device").get_to(stage.device);
  return stage;
}

Plan read_plan(const core::Json& json, const std::string& source) {
  Plan plan;
  json.at("name").get_to(plan.name);
  json.at("data").get_to(plan.data);
  json.at("data_fingerprint").get_to(plan.data_fingerprint);
  json.at("recipe_name").get_to(plan.recipe_name);
  plan.recipe = recipe_from_json(json.at("recipe"), source + ": recipe");
  json.at("knobs").get_to(plan.knobs);
  json.at("reference").get_to(plan.reference);
  json.at("points").get_to(plan.points);
  json.at("merged").get_to(plan.merged);
  for (const core::Json& item : json.at("models")) {
    PlannedModel model = model_from_json(item);
    plan.models.emplace(model.id, std::move(model));
  }
  for (const core::Json& item : json.at("trials")) plan.trials.push_back(trial_from_json(item));
  for (const core::Json& item : json.at("stages")) plan.stages.push_back(stage_from_json(item));
  for (const core::Json& item : json.at("rejected"))
    plan.rejected.push_back({item.at("point"), item.at("reason").get<std::string>()});
  return plan;
}

}  // namespace

core::Json plan_json(const Plan& plan) {
  core::Json json = core::Json::object();
  json["schema"] = kSchema;
  json["name"] = plan.name;
  json["data"] = plan.data;
  json["data_fingerprint"] = plan.data_fingerprint;
  json["recipe_name"] = plan.recipe_name;
  json["recipe"] = recipe_json(plan.recipe);
  json["knobs"] = plan.knobs;
  json["reference"] = plan.reference;
  json["points"] = plan.points;
  json["merged"] = plan.merged;
  for (const char* list : {"models", "trials", "stages"}) json[list] = core::Json::array();
  json["rejected"] = rejected_json(plan);
  for (const auto& [id, model] : plan.models) json["models"].push_back(model_json(model));
  for (const Trial& trial : plan.trials) json["trials"].push_back(trial_json(trial));
  for (const PlannedStage& stage : plan.stages) json["stages"].push_back(stage_json(stage));
  return json;
}

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
  json["rejected"] = rejected_json(plan);
  // Only sweeps with a measured solve have points that wait, or that were solved imprecisely.
  for (const Unsolved& one : plan.unsolved) json["unsolved"].push_back(one.point);
  for (const Imprecise& one : plan.imprecise)
    json["imprecise"].push_back(
        {{"point", one.point}, {"achieved", one.achieved}, {"low", one.low}, {"high", one.high}});
  json["stages"] = core::Json::array();
  for (const PlannedStage& stage : plan.stages)
    json["stages"].push_back({{"id", stage.id},
                              {"kind", stage.kind},
                              {"model", stage.model},
                              {"state", states.at(stage.id)}});
  return json;
}

Plan plan_from_json(const core::Json& json, const std::string& source) {
  try {
    if (!json.is_object() || json.at("schema") != kSchema)
      throw core::UserError("is not a plan of this version of vitlab; run plan again");
    return read_plan(json, source);
  } catch (const nlohmann::json::exception& error) {
    throw core::UserError(source + ": damaged plan: " + error.what());
  } catch (const core::UserError& error) {
    throw core::UserError(source + ": " + error.what());
  }
}

}  // namespace vitlab::sweep
