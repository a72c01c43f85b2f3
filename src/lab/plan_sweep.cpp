#include "lab/plan_sweep.h"

#include "store/store.h"

namespace vitlab::lab {

PlanOutcome plan_sweep(const PlanRequest& request) {
  PlanOutcome outcome;
  outcome.plan =
      sweep::expand(sweep::load_sweep(request.file),
                    request.out.empty() ? sweep::SolveLock() : sweep::SolveLock::read(request.out));
  outcome.states = stage_states(outcome.plan, request.out);
  return outcome;
}

StageStates stage_states(const sweep::Plan& plan, const std::filesystem::path& folder) {
  StageStates states;
  for (const sweep::PlannedStage& stage : plan.stages) states[stage.id] = "planned";
  if (folder.empty() || !std::filesystem::exists(folder / "store.json")) return states;
  const store::Store store = store::Store::open(folder);
  for (auto& [id, state] : states)
    if (const auto record = store.read_record(id)) state = core::word_of(record->state);
  return states;
}

}  // namespace vitlab::lab
