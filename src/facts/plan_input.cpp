#include "facts/plan_input.h"

#include <algorithm>

#include "core/json.h"

namespace vitlab::facts {
namespace {

/// "mixer=full ffn_per_side=2".
std::string point_text(const core::Json& point) {
  if (!point.is_object()) return core::dump_json(point);
  std::string text;
  for (const auto& [knob, value] : point.items())
    text += (text.empty() ? "" : " ") + knob + "=" +
            (value.is_string() ? value.get<std::string>() : core::dump_json(value));
  return text.empty() ? "the only point" : text;
}

}  // namespace

void add_plan(const sweep::Plan& plan, ReportInput& input) {
  if (input.title.empty()) input.title = "Sweep " + plan.name;
  PlanFacts facts;
  facts.sweep = plan.name;
  facts.trials = static_cast<std::int64_t>(plan.trials.size());
  facts.reference = plan.reference;
  facts.data = plan.data;
  facts.recipe = plan.recipe_name;
  for (const sweep::PlannedStage& stage : plan.stages)
    if (std::find(facts.stages.begin(), facts.stages.end(), stage.kind) == facts.stages.end())
      facts.stages.push_back(stage.kind);
  input.plan = std::move(facts);
  for (const auto& [id, model] : plan.models) input.model_names[id] = model.name;
  for (const sweep::Rejected& rejected : plan.rejected)
    input.rejected.push_back({point_text(rejected.point), rejected.reason});
}

}  // namespace vitlab::facts
