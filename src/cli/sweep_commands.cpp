#include <map>

#include "cli/command.h"
#include "cli/conclusion_output.h"
#include "cli/engine_commands.h"
#include "cli/narration.h"
#include "core/text.h"
#include "lab/plan_sweep.h"
#include "lab/run_sweep.h"

namespace vitlab::cli {

namespace {

std::string plan_text(const sweep::Plan& plan, const lab::StageStates& states) {
  core::TextTable trials({"trial", "model", "seed", "parameters", "MACs", "off budget"});
  for (const sweep::Trial& trial : plan.trials) {
    const sweep::PlannedModel& model = plan.models.at(trial.model);
    trials.add(
        {trial.id.substr(0, 8), model.name, std::to_string(trial.seed),
         core::with_thousands(model.params), core::with_thousands(model.macs),
         model.residual ? core::significant(100 * *model.residual, 2) + " %" : std::string("-")});
  }
  // Where every point waits for its widths there is no trial yet.
  std::string text = plan.trials.empty() ? "" : trials.str(output_width()) + "\n";
  std::map<std::string, std::map<std::string, int>> kinds;
  for (const sweep::PlannedStage& stage : plan.stages) ++kinds[stage.kind][states.at(stage.id)];
  text += std::to_string(plan.points) + " points, " + std::to_string(plan.models.size()) +
          " distinct models, " + std::to_string(plan.trials.size()) + " trials, " +
          std::to_string(plan.stages.size()) + " stages" + (plan.stages.empty() ? "" : ":") + "\n";
  for (const auto& [kind, counts] : kinds) {
    text += "  " + kind + ":";
    for (const auto& [state, count] : counts) text += " " + std::to_string(count) + " " + state;
    text += "\n";
  }
  if (!plan.unsolved.empty())
    text += "\n" + std::to_string(plan.unsolved.size()) +
            " points wait for their widths, which vitlab sweep finds by measuring:\n";
  for (const sweep::Unsolved& unsolved : plan.unsolved)
    text += "  " + core::dump_json(unsolved.point) + "\n";
  text += imprecise_text(plan.imprecise);
  if (plan.rejected.empty()) return text;
  text += "\n" + std::to_string(plan.rejected.size()) + " points rejected:\n";
  for (const sweep::Rejected& rejected : plan.rejected)
    text += "  " + core::dump_json(rejected.point) + ": " + rejected.reason + "\n";
  return text;
}

}  // namespace

core::ExitCode run_plan(const std::vector<std::string>& words) {
  lab::PlanRequest request;
  bool json = false;
  Arguments arguments("plan", "Say what a sweep would run, and what it rejects and why.",
                      {"vitlab plan experiments/quickstart/sweep.yaml",
                       "vitlab plan sweep.yaml --out results/mine --json"});
  arguments.positional("sweep", "a sweep file", request.file);
  arguments.option("--out", "a store, to say what is done already", request.out);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const lab::PlanOutcome planned = lab::plan_sweep(request);
  if (json)
    print_json(document_of("plan", sweep::plan_overview_json(planned.plan, planned.states)));
  else
    print_text(plan_text(planned.plan, planned.states));
  return core::ExitCode::kDone;
}

core::ExitCode run_sweep(const std::vector<std::string>& words) {
  std::vector<std::string> files;
  std::string out;
  graph::Index workers = 0;
  bool json = false, retry_failed = false;
  Arguments arguments("sweep",
                      "Run a sweep: train, analyse, measure, report. The same command resumes.",
                      {"vitlab sweep experiments/quickstart/sweep.yaml --out results/quickstart",
                       "vitlab sweep sweep.yaml --workers 4 --retry-failed",
                       "vitlab sweep ring.yaml digits.yaml --out results/similarity"});
  arguments.positionals("sweeps", "sweep files, run one after the other", files);
  arguments.option("--out",
                   "the store (default: results/<name of the sweep>); of several sweeps the folder "
                   "of their stores, each under its name",
                   out);
  arguments.option("--workers", "engines at once for untimed stages (0: one per core)", workers,
                   {.least = 0});
  arguments.flag("--retry-failed", "try stages that failed once more", retry_failed);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  std::vector<lab::SweepRequest> sweeps = lab::read_sweeps(files, out);
  lab::EngineProcesses engines;
  core::Json documents = core::Json::array();
  core::ExitCode code = core::ExitCode::kDone;
  for (lab::SweepRequest& sweep : sweeps) {
    sweep.workers = workers;
    sweep.retry_failed = retry_failed;
    const Narration narration;
    const lab::Conclusion conclusion = lab::run_sweep(sweep, engines, narration.sink());
    log_problems(conclusion.problems);
    if (!conclusion.is_complete()) code = exit_code(conclusion);
    const std::string text = conclusion_text(conclusion);
    if (!json) print_text(sweeps.size() == 1 ? text : sweep.file + ": " + text + "\n");
    documents.push_back(conclusion_json(conclusion));
  }
  if (json)
    print_json(document_of("sweep",
                           sweeps.size() == 1 ? documents[0] : core::Json{{"sweeps", documents}}));
  return code;
}

core::ExitCode run_collect(const std::vector<std::string>& words) {
  std::string folder_name;
  bool json = false;
  Arguments arguments("collect", "Rebuild views/results.csv from whatever a store holds.",
                      {"vitlab collect results/quickstart"});
  arguments.positional("folder", "a folder that vitlab sweep wrote", folder_name);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const lab::SweepFolder folder = lab::open_sweep_folder(folder_name);
  const store::Collected collected = lab::write_views(folder);
  const std::string path = folder.results().string();
  log_problems(collected.problems);
  if (json) {
    core::Json document = json_document("collect");
    document["results"] = path;
    document["rows"] = collected.table.rows.size();
    document["stages"] = collected.stages;
    document["done"] = collected.done;
    print_json(document);
  } else {
    print_text("wrote " + path + ": " + std::to_string(collected.table.rows.size()) + " rows, " +
               std::to_string(collected.done) + " of " + std::to_string(collected.stages) +
               " stages done\n");
  }
  return collected.is_complete() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
