#include "lab/conclude.h"

#include <memory>

#include "facts/plan_input.h"
#include "guide/guide.h"
#include "report/report.h"
#include "store/external_rows.h"
#include "sweep/named_config.h"

namespace vitlab::lab {

namespace {

void add_heads(const std::string& model,
               const std::shared_ptr<const messages::HeadSimilarity>& heads,
               facts::ReportInput& input) {
  if (heads->layers.empty()) return;
  for (const messages::LayerHeads& layer : heads->layers)
    if (layer.small_grid) input.small_grids.insert({model, layer.layer});
  input.heads.push_back({model, heads});
}

void add_measured(const sweep::PlannedStage& stage, const store::MeasuredWhere& where,
                  facts::ReportInput& input) {
  if (where.profile && where.profile->times) {
    store::ResultRow context;
    store::set_context(context, where);
    input.profiles.push_back(
        {stage.model, facts::setting_of(context),
         std::make_shared<const messages::ProfileTimes>(*where.profile->times)});
  }
  if (sweep::device_class(stage.device) == "cuda") input.gpus.insert(where.environment.device);
  if (!input.machine.empty()) return;
  input.machine = core::to_json(where.environment);
  // The whole protocol, defaults included, so that the report stands alone.
  input.protocol =
      sweep::protocol_json(sweep::protocol_from_json(stage.settings, "protocol"), true);
}

/// What the records say besides numbers: heads pair by pair, grids too small for that, profiles,
/// protocol, machine.
void add_details(const sweep::Plan& plan, const store::Collected& collected,
                 facts::ReportInput& input) {
  for (const sweep::PlannedStage& stage : plan.stages) {
    if (const auto heads = collected.similarity.find(stage.id); heads != collected.similarity.end())
      add_heads(stage.model, heads->second, input);
    if (const auto where = collected.measured.find(stage.id); where != collected.measured.end())
      add_measured(stage, where->second, input);
  }
  if (!plan.data.empty()) input.protocol["training"] = sweep::recipe_json(plan.recipe, true);
}

facts::ReportInput report_input(const SweepFolder& folder, const store::Collected& collected) {
  const sweep::Plan& plan = folder.plan;
  facts::ReportInput input;
  facts::add_plan(plan, input);
  input.table = collected.table;
  input.guidelines = guide::guide(collected.table);
  for (const store::OpenStage& open : collected.not_done)
    input.failures.push_back({open.trial.empty() ? open.model : open.trial, open.kind, open.state,
                              open.name + ": " + open.reason});
  input.command = folder.command;
  input.files = {{"../views/results.csv", "every number, one a row"},
                 {"guidelines.json", "the guidelines with their evidence"}};
  for (const std::string& name :
       store::add_external_rows(folder.store.folder() / "external", plan, input.table))
    input.files.push_back({"../external/" + name, "speeds that another program measured"});
  input.date = facts::source_date();
  add_details(plan, collected, input);
  return input;
}

}  // namespace

Conclusion conclude(const SweepFolder& folder) {
  const store::Collected collected = write_views(folder);
  const report::Report report = report::build_report(report_input(folder, collected));
  const std::filesystem::path out = folder.store.folder() / "report";
  report::write_report(report, out);
  Conclusion conclusion;
  conclusion.out = folder.store.folder();
  conclusion.results = folder.results();
  conclusion.report = out / "index.html";
  conclusion.stages = collected.stages;
  conclusion.done = collected.done;
  conclusion.not_done = collected.not_done;
  conclusion.verdict = report.verdict;
  conclusion.problems = collected.problems;
  return conclusion;
}

}  // namespace vitlab::lab
