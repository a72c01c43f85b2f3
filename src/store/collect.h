#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "messages/profile_answer.h"
#include "messages/similarity_answer.h"
#include "store/results_csv.h"
#include "store/store.h"
#include "sweep/plan.h"

namespace vitlab::store {

/// A stage of a plan that is not done, and why.
struct OpenStage {
  std::string trial;  // "" for a stage of the model alone
  std::string model;
  std::string name;  // of the model, for people
  std::optional<std::int64_t> seed;
  std::string kind;
  std::string state;  // "diverged", "oom", "failed", …; "missing" if nothing was published yet
  std::string reason;
};

/// How and where the speeds of a record were measured.
struct MeasuredWhere {
  sweep::Protocol protocol;
  std::string runtime;
  messages::Environment environment;
  std::optional<messages::ProfileAnswer> profile;
};

/// Everything that the store holds of a plan, finished or not.
struct Collected {
  ResultsTable table;
  std::vector<OpenStage> not_done;
  std::size_t stages = 0;
  std::size_t done = 0;
  // What records hold besides numbers, by the ids of their stages; of the others nothing is told.
  std::map<std::string, MeasuredWhere> measured;
  std::map<std::string, std::shared_ptr<const messages::HeadSimilarity>> similarity;
  std::vector<StoreProblem> problems;  // damaged records, passed over

  bool is_complete() const { return done == stages; }
};

/// Fills in how a record was measured: device, runtime, dtype, threads and batch.
void set_context(ResultRow& row, const MeasuredWhere& where);

/// Reads the records of a plan's stages. Rows stand in the order of the plan, model rows before
/// those of its trials; the same store and plan give the same table, byte for byte. A stage that is
/// not done is a row with metric `status`, value 0 and its reason as the subject.
Collected collect(const Store& store, const sweep::Plan& plan);

}  // namespace vitlab::store
