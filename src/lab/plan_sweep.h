#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sweep/plan.h"

namespace vitlab::lab {

/// By stage: the word of its state in a store, "planned" where it has none.
using StageStates = std::map<std::string, std::string>;

/// Which sweep is to be planned, and a store that may hold some of it already ("" for none).
struct PlanRequest {
  std::string file, out;
};

/// What a sweep would run, and how much of it is done.
struct PlanOutcome {
  sweep::Plan plan;
  StageStates states;
};

/// Expands a sweep with the widths that its store has locked. Throws UserError with every problem
/// and its place.
PlanOutcome plan_sweep(const PlanRequest& request);

/// The states of a plan's stages in the store that lies in `folder`, if one does.
StageStates stage_states(const sweep::Plan& plan, const std::filesystem::path& folder);

}  // namespace vitlab::lab
