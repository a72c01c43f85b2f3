#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "core/json_fields.h"
#include "sweep/solve_lock.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// One distinct model of a plan.
struct PlannedModel {
  std::string id;
  std::string spec_text;  // canonical JSON of the spec, of which `id` is the identity
  std::string name;       // what varies, for people: "mixer=full ffn_per_side=2"
  core::Json knobs =
      core::Json::object();  // resolved, solved widths included; empty for explicit models
  core::Json point =
      core::Json::object();  // values of the varying knobs; of the first point, if several met
  graph::Index params = 0;
  graph::Index macs = 0;
  double mhsa_share = 0;
  std::string budget_metric;  // "" if no widths were solved
  std::optional<double> budget;
  std::optional<double> residual;  // achieved / budget - 1

  architecture::ModelSpec spec() const;
  friend bool operator==(const PlannedModel&, const PlannedModel&) = default;
  // The spec is text here too: a plan may hold 100,000, which most readers of it never look into.
  static constexpr auto fields() {
    return std::tuple{core::required("id", &PlannedModel::id),
                      core::required("name", &PlannedModel::name),
                      core::required("params", &PlannedModel::params),
                      core::required("macs", &PlannedModel::macs),
                      core::required("mhsa_share", &PlannedModel::mhsa_share),
                      core::optional("budget_metric", &PlannedModel::budget_metric),
                      core::optional("budget", &PlannedModel::budget),
                      core::optional("residual", &PlannedModel::residual),
                      core::required("point", &PlannedModel::point),
                      core::required("knobs", &PlannedModel::knobs),
                      core::required("spec", &PlannedModel::spec_text)};
  }
};

/// The models of a plan by their ids; a list in its file.
struct PlannedModels : std::map<std::string, PlannedModel> {};
core::Json to_json_form(const PlannedModels& models);
/// Throws UserError for a model whose id is not that of its spec.
void from_json_form(const core::Json& json, const core::JsonPlace& place, PlannedModels& models);

/// A model with a seed: what is trained and analysed.
struct Trial {
  std::string id;  // H(model, data, recipe, seed)
  std::string model;
  std::int64_t seed = 0;
  core::Json knobs = core::Json::object();  // every knob that varies
  std::vector<std::string> stages;          // ids, those of the model alone included

  friend bool operator==(const Trial&, const Trial&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("id", &Trial::id), core::required("model", &Trial::model),
                      core::required("seed", &Trial::seed), core::required("knobs", &Trial::knobs),
                      core::required("stages", &Trial::stages)};
  }
};

/// A point of the axes that gave no trial, and why.
struct Rejected {
  core::Json point = core::Json::object();
  std::string reason;

  friend bool operator==(const Rejected&, const Rejected&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("point", &Rejected::point),
                      core::required("reason", &Rejected::reason)};
  }
};

/// A point whose widths a measured solve has not found yet: what vitlab sweep solves first.
struct Unsolved {
  core::Json point = core::Json::object();
  std::string key;     // in the lock file
  SolveTarget target;  // what `key` is the identity of
  friend bool operator==(const Unsolved&, const Unsolved&) = default;
};

/// A point whose measured solution fits its target by the middle value alone: the interval that was
/// measured is wider than the tolerance.
struct Imprecise {
  core::Json point = core::Json::object();
  double achieved = 0, low = 0, high = 0;
  friend bool operator==(const Imprecise&, const Imprecise&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("point", &Imprecise::point),
                      core::required("achieved", &Imprecise::achieved),
                      core::required("low", &Imprecise::low),
                      core::required("high", &Imprecise::high)};
  }
};

/// A unit of work with one record in the store.
struct PlannedStage {
  std::string id;
  std::string kind;
  std::int64_t version = 1;
  std::string model;
  core::Json settings = core::Json::object();  // canonical: the readers of the kind take it
  std::vector<std::string> after;              // ids of the stages whose results it starts from
  std::optional<std::int64_t> seed;            // absent where nothing is random
  bool timed = false;
  std::string device = "cpu";

  friend bool operator==(const PlannedStage&, const PlannedStage&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("id", &PlannedStage::id),
                      core::required("kind", &PlannedStage::kind),
                      core::required("version", &PlannedStage::version),
                      core::required("model", &PlannedStage::model),
                      core::required("settings", &PlannedStage::settings),
                      core::required("after", &PlannedStage::after),
                      core::optional("seed", &PlannedStage::seed),
                      core::required("timed", &PlannedStage::timed),
                      core::required("device", &PlannedStage::device)};
  }
};

/// A sweep written out: all that workers need, and nothing that depends on when or where.
struct Plan {
  std::string name;
  std::string data;  // text of the data set; "" if there is none
  std::string data_fingerprint;
  bool skip_broken = false;  // images that do not decode are left out
  std::string recipe_name;
  Recipe recipe;
  std::vector<std::string> knobs;  // that vary, in the order of the axes
  std::string reference;           // model id; "" if the sweep names none
  graph::Index points = 0;         // of the product of all axes
  graph::Index merged = 0;         // points whose model another point had already
  PlannedModels models;
  std::vector<Trial> trials;         // in the order of the points, then of the seeds
  std::vector<PlannedStage> stages;  // each after those that it starts from
  std::vector<Rejected> rejected;
  // Not part of its file:
  std::vector<Unsolved> unsolved;  // empty in a plan that is run
  std::vector<Imprecise> imprecise;

  friend bool operator==(const Plan&, const Plan&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("name", &Plan::name),
                      core::required("data", &Plan::data),
                      core::required("data_fingerprint", &Plan::data_fingerprint),
                      core::optional("skip_broken", &Plan::skip_broken),
                      core::required("recipe_name", &Plan::recipe_name),
                      core::required("recipe", &Plan::recipe),
                      core::required("knobs", &Plan::knobs),
                      core::required("reference", &Plan::reference),
                      core::required("points", &Plan::points),
                      core::required("merged", &Plan::merged),
                      core::required("models", &Plan::models),
                      core::required("trials", &Plan::trials),
                      core::required("stages", &Plan::stages),
                      core::required("rejected", &Plan::rejected)};
  }
};

/// Expands a sweep. Opens the data set for its fingerprint. Throws UserError for an expression that
/// cannot be evaluated, a reference that does not match exactly one model, more than a million
/// points. The same sweep gives the same plan; the order of keys in the file changes no id. Widths
/// of a measured solve come from `lock`; points that it does not hold are `unsolved`.
Plan expand(const SweepSpec& sweep, const SolveLock& lock = {});

/// What a stage's id is the identity of: kind, version, model, and, where they matter, settings,
/// stages it starts from, data fingerprint, recipe, seed, class of device.
core::Json stage_spec(const PlannedStage& stage, const std::string& data_fingerprint,
                      const Recipe& recipe);

/// "cuda:1" -> "cuda".
std::string device_class(const std::string& device);

/// Adds trials and stages of one model to a plan, as `sweep.stages` and `sweep.seeds` ask.
void add_trials(Plan& plan, const SweepSpec& sweep, const PlannedModel& model);

/// The plan as the store keeps it and workers read it: complete and deterministic.
core::Json plan_json(const Plan& plan);
/// What a plan would run, for people: trials with what they cost, rejected and unsolved points, and
/// every stage with its word of `states`.
core::Json plan_overview_json(const Plan& plan, const std::map<std::string, std::string>& states);
/// The inverse of plan_json(); throws UserError naming `source`.
Plan plan_from_json(core::Json json, const std::string& source);

}  // namespace vitlab::sweep
