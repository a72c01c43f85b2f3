#include <algorithm>
#include <filesystem>
#include <numeric>

#include "architecture/solve.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/sweep_report.h"
#include "core/text.h"
#include "design/family_output.h"
#include "guide/guide.h"
#include "guide/guideline_output.h"
#include "report/plan_input.h"
#include "report/report.h"
#include "store/external_rows.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace fs = std::filesystem;

namespace {

/// What the records say besides numbers: heads pair by pair, grids too small for that, profiles,
/// protocol, machine.
void add_details(const sweep::Plan& plan, const store::Collected& collected,
                 report::ReportInput& input) {
  for (const sweep::PlannedStage& stage : plan.stages) {
    const auto found = collected.records.find(stage.id);
    if (found == collected.records.end()) continue;
    const core::Json& details = found->second.details;
    if (stage.kind == "similarity" && details.contains("layers")) {
      input.heads.push_back(
          {stage.model, std::make_shared<const report::HeadFacts>(report::head_facts(details))});
      for (const core::Json& layer : details.at("layers"))
        if (layer.value("small_grid", false))
          input.small_grids.insert({stage.model, layer.at("layer").get<std::string>()});
    }
    if (!stage.kind.starts_with("measure") || !details.contains("environment")) continue;
    if (details.contains("profile")) {
      store::ResultRow context;
      store::set_context(context, found->second);
      input.profiles.push_back({stage.model, report::setting_of(context),
                                std::make_shared<const report::ProfileFacts>(
                                    report::profile_facts(details.at("profile")))});
    }
    if (sweep::device_class(stage.device) == "cuda")
      input.gpus.insert(details.at("environment").value("device", std::string()));
    if (input.machine.empty()) {
      input.machine = details.at("environment");
      // The whole protocol, defaults included, so that the report stands alone.
      input.protocol =
          sweep::protocol_json(sweep::protocol_from_json(stage.settings, "protocol"), true);
    }
  }
  if (!plan.data.empty()) input.protocol["training"] = sweep::recipe_json(plan.recipe, true);
}

report::ReportInput report_input(const SweepFolder& folder, const store::Collected& collected) {
  const sweep::Plan& plan = folder.plan;
  report::ReportInput input;
  report::add_plan(plan, input);
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
  input.date = report::source_date();
  add_details(plan, collected, input);
  return input;
}

/// A table from a folder that `sweep` wrote or from a CSV file of the same form.
store::ResultsTable table_of(const std::string& source) {
  if (fs::is_directory(source)) return write_views(open_sweep_folder(source)).table;
  if (!fs::exists(source))
    throw core::UserError(source +
                          " is neither a folder that vitlab sweep wrote nor a results.csv");
  return store::read_results_csv(source);
}

/// The largest power of two, at most 16, that divides every width the sweep tried.
graph::Index usual_quantum(const sweep::Plan& plan) {
  graph::Index divisor = 16;
  for (const auto& [id, model] : plan.models) {
    if (!model.knobs.contains("template")) continue;
    const std::string knob = architecture::width_knob(model.knobs);
    if (!model.knobs.contains(knob)) continue;
    const core::Json& widths = model.knobs.at(knob);
    if (widths.is_number_integer()) divisor = std::gcd(divisor, widths.get<graph::Index>());
    if (widths.is_array())
      for (const core::Json& width : widths) divisor = std::gcd(divisor, width.get<graph::Index>());
  }
  return std::max<graph::Index>(1, divisor);
}

}  // namespace

SweepOutcome conclude_sweep(const SweepFolder& folder) {
  const store::Collected collected = write_views(folder);
  const report::Report report = report::build_report(report_input(folder, collected));
  const fs::path out = folder.store.folder() / "report";
  report::write_report(report, out);
  for (const store::StoreProblem& problem : collected.problems)
    log_line("passed over " + problem.path.string() + ": " + problem.reason);
  SweepOutcome outcome;
  outcome.code = collected.is_complete() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
  core::Json& document = outcome.document = core::Json::object();
  document["out"] = folder.store.folder().string();
  document["report"] = (out / "index.html").string();
  document["results"] = (folder.store.views() / "results.csv").string();
  document["stages"] = collected.stages;
  document["done"] = collected.done;
  document["verdict"] = report.verdict;
  document["not_done"] = core::Json::array();
  outcome.text = std::to_string(collected.done) + " of " + std::to_string(collected.stages) +
                 " stages done\nreport  " + (out / "index.html").string() + "\nresults " +
                 (folder.store.views() / "results.csv").string() + "\n";
  for (const store::OpenStage& open : collected.not_done) {
    core::Json row = core::Json::object();
    row["trial"] = open.trial;
    row["model"] = open.model;
    row["seed"] = open.seed ? core::Json(*open.seed) : core::Json(nullptr);
    row["stage"] = open.kind;
    row["state"] = open.state;
    row["reason"] = open.reason;
    document["not_done"].push_back(std::move(row));
    outcome.text += open.kind + " of " + open.name +
                    (open.seed ? ", seed " + std::to_string(*open.seed) : "") + ": " + open.state +
                    " (" + open.reason + ")\n";
  }
  for (const std::string& line : report.verdict) outcome.text += "\n" + line + "\n";
  return outcome;
}

core::ExitCode finish_sweep(const SweepFolder& folder, bool json, std::string_view command) {
  const SweepOutcome outcome = conclude_sweep(folder);
  if (json) {
    core::Json document = json_document(command);
    document.update(outcome.document);
    print_json(document);
  } else {
    print_text(outcome.text);
  }
  return outcome.code;
}

core::ExitCode run_report(const std::vector<std::string>& words) {
  std::string folder;
  bool json = false;
  Arguments arguments("report", "Rebuild the report from whatever a store holds, finished or not.",
                      {"vitlab report results/quickstart"});
  arguments.positional("folder", "a folder that vitlab sweep wrote", folder);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  return finish_sweep(open_sweep_folder(folder), json, "report");
}

core::ExitCode run_guide(const std::vector<std::string>& words) {
  std::string source;
  bool json = false, markdown = false;
  Arguments arguments("guide", "State design guidelines with their evidence, and what is missing.",
                      {"vitlab guide results/quickstart", "vitlab guide results.csv --json"});
  arguments.positional("source", "a folder that vitlab sweep wrote, or a results.csv", source);
  arguments.flag("--markdown", "print Markdown", markdown);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const guide::GuideResult result = guide::guide(table_of(source));
  if (json) {
    core::Json document = json_document("guide");
    document.update(guide::guide_json(result));
    print_json(document);
  } else {
    print_text(markdown ? guide::guide_markdown(result) : guide::guide_text(result));
  }
  return core::ExitCode::kDone;
}

core::ExitCode run_design(const std::vector<std::string>& words) {
  std::string source, budgets, out;
  std::vector<std::string> overrides;
  graph::Index multiple_of = 0;
  bool json = false;
  Arguments arguments("design", "Emit a family of variants, one a budget, under the guidelines.",
                      {"vitlab design results/quickstart --budgets macs=4e6,8e6 --out family"});
  arguments.positional("folder", "a folder that vitlab sweep wrote", source);
  arguments.option("--budgets", "metric=value,value,…: macs, params, bytes_moved, …", budgets,
                   true);
  arguments.option("--out", "the folder to write: M0.yaml, M1.yaml, …, design.json", out, true);
  arguments.option("--multiple-of",
                   "of every width (0: what divides the widths of the sweep, at most 16)",
                   multiple_of);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  if (multiple_of < 0) throw core::UserError("--multiple-of must not be negative");
  if (fs::exists(out) && (!fs::is_directory(out) || !fs::is_empty(out)))
    throw core::UserError("--out " + out + " exists already; name another folder or remove it");
  const SweepFolder folder = open_sweep_folder(source);
  design::DesignRequest request;
  request.budgets = design::parse_budgets(budgets);
  const sweep::Plan& plan = folder.plan;
  if (plan.trials.empty()) throw core::UserError(source + " holds a plan without trials");
  request.base =
      plan.models.at(plan.reference.empty() ? plan.trials.front().model : plan.reference).knobs;
  request.multiple_of = multiple_of > 0 ? multiple_of : usual_quantum(plan);
  const store::ResultsTable table = write_views(folder).table;
  const design::Family family =
      design::design_family(table, guide::guide(table).guidelines, request);
  design::write_family(family, out);
  if (json)
    print_json(design::family_json(family));
  else
    print_text(design::family_text(family) + "\nwrote " + out + "\n");
  return family.unsolved.empty() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
