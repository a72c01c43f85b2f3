#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "facts/head_facts.h"
#include "facts/raw_file.h"
#include "facts/setting.h"
#include "guide/guideline.h"
#include "messages/profile_answer.h"
#include "store/results_csv.h"

namespace vitlab::facts {

/// What was asked for: the sweep in a few facts.
struct PlanFacts {
  std::string sweep;
  std::int64_t trials = 0;
  std::string reference;  // model id; "" if the sweep names none
  std::string data;
  std::string recipe;
  std::vector<std::string> stages;  // kinds, in their order
};

/// A trial, or a stage of one, that did not end well.
struct TrialFailure {
  std::string trial;  // or model, for what belongs to no trial
  std::string stage;
  std::string state;
  std::string reason;
};

/// A point of the sweep that gave no model, and why.
struct RejectedPoint {
  std::string point;
  std::string reason;
};

/// Where the time of a model goes, in one setting.
struct ModelProfile {
  std::string model;  // id
  Setting setting;
  std::shared_ptr<const messages::ProfileTimes> times;
};

/// What similarity found in one trial of a model.
struct ModelHeads {
  std::string model;  // id
  std::shared_ptr<const messages::HeadSimilarity> facts;
};

/// Everything that a report says; the same input gives the same bytes.
struct ReportInput {
  std::string title;
  PlanFacts plan;
  store::ResultsTable table;
  std::map<std::string, std::string> model_names;  // id -> words; others are named by their knobs
  /// (model, layer) whose attention sees 4 tokens or fewer: any two maps are alike there.
  std::set<std::pair<std::string, std::string>> small_grids;
  std::set<std::string> gpus;  // those of the table's devices that are GPUs
  std::vector<ModelProfile> profiles;
  std::vector<ModelHeads> heads;
  guide::GuideResult guidelines;
  std::vector<TrialFailure> failures;
  std::vector<RejectedPoint> rejected;
  core::Json protocol =
      core::Json::object();  // how it was measured: name -> value, objects nested at will
  core::Json machine = core::Json::object();  // on what
  std::string command;                        // the command line that makes these results again
  std::vector<RawFile> files;
  std::optional<std::string> date;  // printed if given: see source_date()
};

/// The day that SOURCE_DATE_EPOCH (seconds since 1970) names, "2023-06-18"; none where it is unset
/// or no number. The clock is never asked: reports of the same input are the same.
std::optional<std::string> source_date();

}  // namespace vitlab::facts
