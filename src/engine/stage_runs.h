#pragma once

#include <functional>
#include <string>

#include "store/store.h"
#include "sweep/plan.h"

namespace vitlab::engine {

/// What a stage needs to run: its plan, itself, and the store with the results that it starts from.
struct StageContext {
  const store::Store& store;
  const sweep::Plan& plan;
  const sweep::PlannedStage& stage;
  std::function<void(const std::string& note)> note;
};

/// Runs one stage of any kind but measure, whose models take turns, and fills state, reason,
/// metrics and details of `record`; files go into `files`. Errors are thrown.
void run_stage(const StageContext& context, store::StageRecord& record,
               const store::StagedFiles& files);

/// The record of a stage before it ran: id, kind, version.
store::StageRecord blank_record(const sweep::PlannedStage& stage);

/// Device and program: what a record's provenance holds besides times.
store::Provenance provenance();

}  // namespace vitlab::engine
