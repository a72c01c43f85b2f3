#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "core/json.h"
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
  double residual = 0;  // achieved / budget - 1

  architecture::ModelSpec spec() const;
  friend bool operator==(const PlannedModel&, const PlannedModel&) = default;
};

/// A model with a seed: what is trained and analysed.
struct Trial {
  std::string id;  // H(model, data, recipe, seed)
  std::string model;
  std::int64_t seed = 0;
  core::Json knobs = core::Json::object();  // every knob that varies
  std::vector<std::string> stages;          // ids, those of the model alone included

  friend bool operator==(const Trial&, const Trial&) = default;
};

/// A point of the axes that gave no trial, and why.
struct Rejected {
  core::Json point = core::Json::object();
  std::string reason;

  friend bool operator==(const Rejected&, const Rejected&) = default;
};

/// A point whose widths a measured solve has not found yet: what vitlab sweep solves first.
struct Unsolved {
  core::Json point = core::Json::object();
  std::string key;  // in the lock file
  core::Json target =
      core::Json::object();  // what `key` is the identity of; "knobs" and "equals" among it
  friend bool operator==(const Unsolved&, const Unsolved&) = default;
};

/// A point whose measured solution fits its target by the middle value alone: the interval that was
/// measured is wider than the tolerance.
struct Imprecise {
  core::Json point = core::Json::object();
  double achieved = 0, low = 0, high = 0;
  friend bool operator==(const Imprecise&, const Imprecise&) = default;
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
};

/// A sweep written out: all that workers need, and nothing that depends on when or where.
struct Plan {
  std::string name;
  std::string data;  // text of the data set; "" if there is none
  std::string data_fingerprint;
  std::string recipe_name;
  Recipe recipe;
  std::vector<std::string> knobs;  // that vary, in the order of the axes
  std::string reference;           // model id; "" if the sweep names none
  graph::Index points = 0;         // of the product of all axes
  graph::Index merged = 0;         // points whose model another point had already
  std::map<std::string, PlannedModel> models;
  std::vector<Trial> trials;         // in the order of the points, then of the seeds
  std::vector<PlannedStage> stages;  // each after those that it starts from
  std::vector<Rejected> rejected;
  // Not part of plan_json():
  std::vector<Unsolved> unsolved;  // empty in a plan that is run
  std::vector<Imprecise> imprecise;

  friend bool operator==(const Plan&, const Plan&) = default;
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
Plan plan_from_json(const core::Json& json, const std::string& source);

}  // namespace vitlab::sweep
