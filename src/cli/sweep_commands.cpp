#include <algorithm>
#include <map>
#include <thread>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/measured_solver.h"
#include "cli/sweep_folder.h"
#include "cli/sweep_report.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "core/text.h"
#include "schedule/worker_pool.h"
#include "sweep/plan.h"

namespace vitlab::cli {

namespace fs = std::filesystem;

namespace {

/// The state of each stage as a store holds it; "planned" without one.
std::map<std::string, std::string> stage_states(const sweep::Plan& plan, const std::string& out) {
  std::map<std::string, std::string> states;
  for (const sweep::PlannedStage& stage : plan.stages) states[stage.id] = "planned";
  if (out.empty() || !fs::exists(fs::path(out) / "store.json")) return states;
  const store::Store store = store::Store::open(out);
  for (auto& [id, state] : states)
    if (const auto record = store.read_record(id))
      state = std::string(store::name_of(record->state));
  return states;
}

core::Json plan_document(const sweep::Plan& plan,
                         const std::map<std::string, std::string>& states) {
  core::Json document = json_document("plan");
  document["sweep"] = plan.name;
  document["data"] = plan.data;
  document["recipe"] = plan.recipe_name;
  document["points"] = plan.points;
  document["models"] = plan.models.size();
  document["reference"] = plan.reference.empty() ? core::Json(nullptr) : core::Json(plan.reference);
  document["trials"] = core::Json::array();
  for (const sweep::Trial& trial : plan.trials) {
    const sweep::PlannedModel& model = plan.models.at(trial.model);
    core::Json row = core::Json::object();
    row["id"] = trial.id;
    row["model"] = trial.model;
    row["seed"] = trial.seed;
    row["knobs"] = trial.knobs;
    row["params"] = model.params;
    row["macs"] = model.macs;
    row["mhsa_share"] = model.mhsa_share;
    row["budget_metric"] =
        model.budget_metric.empty() ? core::Json(nullptr) : core::Json(model.budget_metric);
    row["budget"] = model.budget ? core::Json(*model.budget) : core::Json(nullptr);
    row["residual"] = model.residual;
    document["trials"].push_back(std::move(row));
  }
  document["rejected"] = core::Json::array();
  for (const sweep::Rejected& rejected : plan.rejected) {
    core::Json row = core::Json::object();
    row["point"] = rejected.point;
    row["reason"] = rejected.reason;
    document["rejected"].push_back(std::move(row));
  }
  // Only sweeps with a measured solve have points that wait.
  for (const sweep::Unsolved& unsolved : plan.unsolved)
    document["unsolved"].push_back(unsolved.point);
  if (!plan.imprecise.empty()) document["imprecise"] = core::Json::array();
  for (const sweep::Imprecise& one : plan.imprecise)
    document["imprecise"].push_back(
        {{"point", one.point}, {"achieved", one.achieved}, {"low", one.low}, {"high", one.high}});
  document["stages"] = core::Json::array();
  for (const sweep::PlannedStage& stage : plan.stages) {
    core::Json row = core::Json::object();
    row["id"] = stage.id;
    row["kind"] = stage.kind;
    row["model"] = stage.model;
    row["state"] = states.at(stage.id);
    document["stages"].push_back(std::move(row));
  }
  return document;
}

/// Names the points whose speed was measured less closely than their target asks; empty if none.
std::string imprecise_text(const sweep::Plan& plan) {
  if (plan.imprecise.empty()) return "";
  std::string text = "\n" + std::to_string(plan.imprecise.size()) +
                     " points fit their target by the middle of what was measured, whose interval "
                     "is wider than the tolerance (a longer protocol narrows it):\n";
  for (const sweep::Imprecise& one : plan.imprecise)
    text += "  " + core::dump_json(one.point) + ": " + core::significant(one.achieved, 4) + " (" +
            core::significant(one.low, 4) + " … " + core::significant(one.high, 4) + ")\n";
  return text;
}

std::string plan_text(const sweep::Plan& plan, const std::map<std::string, std::string>& states) {
  core::TextTable trials({"trial", "model", "seed", "parameters", "MACs", "off budget"});
  for (const sweep::Trial& trial : plan.trials) {
    const sweep::PlannedModel& model = plan.models.at(trial.model);
    trials.add(
        {trial.id.substr(0, 8), model.name, std::to_string(trial.seed),
         core::with_thousands(model.params), core::with_thousands(model.macs),
         model.budget ? core::significant(100 * model.residual, 2) + " %" : std::string("-")});
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
  text += imprecise_text(plan);
  if (plan.rejected.empty()) return text;
  text += "\n" + std::to_string(plan.rejected.size()) + " points rejected:\n";
  for (const sweep::Rejected& rejected : plan.rejected)
    text += "  " + core::dump_json(rejected.point) + ": " + rejected.reason + "\n";
  return text;
}

MeasuredTarget target_of(const sweep::WidthSolve& solve, const sweep::Unsolved& unsolved) {
  return {solve.metric, unsolved.target.at("equals").get<double>(), solve.relative_to,
          solve.tolerance, *solve.protocol};
}

sweep::LockedSolution locked(const MeasuredAnswer& answer, double tolerance) {
  return {answer.value,
          answer.achieved,
          answer.low,
          answer.high,
          answer.residual,
          std::string(predict::speed_verdict_name(answer.verdict)),
          answer.why_not(tolerance),
          answer.measurements,
          answer.environment.at("device").get<std::string>()};
}

/// Finds the widths that the lock file of `out` lacks, one point after the other; each is written
/// as soon as it is found. Gives the plan that they lead to.
sweep::Plan solved_plan(const sweep::SweepSpec& sweep, const std::string& out) {
  sweep::SolveLock lock = sweep::SolveLock::read(out);
  lock.forget_unsettled();
  sweep::Plan open = sweep::expand(sweep, lock);
  if (open.unsolved.empty()) return open;
  store::Store::open_or_create(out);  // the lock file lies in it
  core::Progress progress("solve widths", static_cast<std::int64_t>(open.unsolved.size()));
  std::int64_t done = 0;
  for (const sweep::Unsolved& unsolved : open.unsolved) {
    core::check_interrupt();
    progress.update(done++, core::dump_json(unsolved.point));
    if (lock.find(unsolved.key) != nullptr) continue;  // another point asked the same
    const core::Json& knobs = unsolved.target.at("knobs");
    sweep::LockedSolution solution;
    try {
      const architecture::KnobGrid grid = architecture::knob_grid(
          knobs, architecture::width_knob(knobs), static_cast<double>(sweep.solve->multiple_of));
      solution = locked(solve_measured(knobs, grid, target_of(*sweep.solve, unsolved)),
                        sweep.solve->tolerance);
    } catch (const core::UserError& error) {  // no width of this point makes a model
      solution = {core::Json{1}, 0, 0, 0, 0, "no_model", error.what(), 0, ""};
    }
    core::Json about = unsolved.point;
    about[sweep.solve->metric_name()] = unsolved.target.at("equals");
    lock.add(unsolved.key, solution, about, out);
  }
  progress.finish();
  sweep::Plan plan = sweep::expand(sweep, lock);
  if (const std::string words = imprecise_text(plan); !words.empty()) log_line(words);
  return plan;
}

/// A line of progress for all workers together.
class SweepProgress {
 public:
  SweepProgress(const std::string& label, std::size_t total)
      : progress_(label, static_cast<std::int64_t>(total)) {}

  void note(const messages::Event& event) {
    if (const auto* said = std::get_if<messages::Note>(&event)) log_line("\n" + said->note);
    if (const auto* begun = std::get_if<messages::StageBegin>(&event)) update(*begun, "");
    if (const auto* stage = std::get_if<messages::StageProgress>(&event))
      update(*stage, ", " + stage->note);
    const auto* ended = std::get_if<messages::StageEnd>(&event);
    if (!ended) return;
    ++done_;
    if (ended->state != "done")
      log_line("\n" + ended->kind + " of " + ended->model + " ended as " + ended->state + ": " +
               ended->reason);
    update(*ended, "");
  }
  void finish() { progress_.finish(); }

 private:
  void update(const messages::StageEvent& stage, const std::string& note) {
    progress_.update(done_, stage.kind + " " + stage.model + note);
  }

  core::Progress progress_;
  std::int64_t done_ = 0;
};

std::size_t open_stages(const sweep::Plan& plan, const std::map<std::string, std::string>& states,
                        bool timed) {
  std::size_t count = 0;
  for (const sweep::PlannedStage& stage : plan.stages) {
    const auto state = store::stage_state_named(states.at(stage.id));
    count += stage.timed == timed && !(state && store::is_final(*state));
  }
  return count;
}

int default_workers(const sweep::Plan& plan) {
  const auto cores = static_cast<graph::Index>(std::max(1U, std::thread::hardware_concurrency()));
  return static_cast<int>(
      std::max<graph::Index>(1, cores / std::max<graph::Index>(1, plan.recipe.threads)));
}

void run_phases(const SweepFolder& folder, graph::Index workers, bool retry_failed) {
  for (const bool timed : {false, true}) {
    const auto states = stage_states(folder.plan, folder.store.folder().string());
    const std::size_t open = open_stages(folder.plan, states, timed);
    if (open == 0) continue;
    SweepProgress progress(timed ? "measure" : "train and analyse", open);
    schedule::PhaseRequest phase;
    phase.plan = folder.plan_hash;
    phase.timed = timed;
    phase.workers =
        timed ? 1
              : static_cast<int>(std::min<graph::Index>(workers, static_cast<graph::Index>(open)));
    phase.retry_failed = retry_failed;
    phase.run =
        core::identity(std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) +
                       folder.plan_hash);
    schedule::run_phase(folder.store, phase,
                        [&](int, const messages::Event& event) { progress.note(event); });
    progress.finish();
  }
}

/// A sweep file that was read, and where its store stands.
struct NamedSweep {
  std::string file, out;
  sweep::SweepSpec spec;
};

/// Reads all before any is run. Throws UserError for what is wrong with any of them, and for two
/// sweeps of one name.
std::vector<NamedSweep> read_sweeps(const std::vector<std::string>& files, const std::string& out) {
  std::vector<NamedSweep> sweeps;
  std::map<std::string, std::string> by_name;
  for (const std::string& file : files) {
    sweep::SweepSpec spec = sweep::load_sweep(file);
    const auto [entry, is_new] = by_name.try_emplace(spec.name, file);
    if (!is_new)
      throw core::UserError(file + " and " + entry->second + " are both named " + spec.name +
                            ": their results would lie in one store");
    std::string store = out.empty() ? "results/" + spec.name : out;
    if (!out.empty() && files.size() > 1) store += "/" + spec.name;
    sweeps.push_back({file, std::move(store), std::move(spec)});
  }
  return sweeps;
}

/// Solves what is to be measured, then trains, analyses and measures.
SweepFolder run_one_sweep(const NamedSweep& sweep, graph::Index workers, bool retry_failed) {
  const sweep::Plan plan = solved_plan(sweep.spec, sweep.out);
  if (plan.trials.empty())
    throw core::UserError(sweep.file + " gives no trial: all " +
                          std::to_string(plan.rejected.size()) +
                          " points are rejected (vitlab plan " + sweep.file + " says why)");
  const store::Store store = store::Store::open_or_create(sweep.out);
  const std::string hash = store.put_plan(sweep::plan_json(plan));
  set_current_plan(store, hash, "vitlab sweep " + sweep.file + " --out " + sweep.out);
  SweepFolder folder = open_sweep_folder(sweep.out);
  try {
    run_phases(folder, workers > 0 ? workers : default_workers(folder.plan), retry_failed);
  } catch (const core::Interrupted&) {
    write_views(folder);
    throw;
  }
  return folder;
}

}  // namespace

core::ExitCode run_plan(const std::vector<std::string>& words) {
  std::string sweep, out;
  bool json = false;
  Arguments arguments("plan", "Say what a sweep would run, and what it rejects and why.",
                      {"vitlab plan experiments/quickstart/sweep.yaml",
                       "vitlab plan sweep.yaml --out results/mine --json"});
  arguments.positional("sweep", "a sweep file", sweep);
  arguments.option("--out", "a store, to say what is done already", out);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const sweep::Plan plan = sweep::expand(
      sweep::load_sweep(sweep), out.empty() ? sweep::SolveLock() : sweep::SolveLock::read(out));
  const auto states = stage_states(plan, out);
  if (json)
    print_json(plan_document(plan, states));
  else
    print_text(plan_text(plan, states));
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
  arguments.option("--workers", "engines at once for untimed stages (0: one per core)", workers);
  arguments.flag("--retry-failed", "try stages that failed once more", retry_failed);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  if (workers < 0) throw core::UserError("--workers must not be negative");
  const std::vector<NamedSweep> sweeps = read_sweeps(files, out);
  if (sweeps.size() == 1)
    return finish_sweep(run_one_sweep(sweeps[0], workers, retry_failed), json, "sweep");
  core::Json document = json_document("sweep");
  document["sweeps"] = core::Json::array();
  core::ExitCode code = core::ExitCode::kDone;
  for (const NamedSweep& sweep : sweeps) {
    SweepOutcome outcome = conclude_sweep(run_one_sweep(sweep, workers, retry_failed));
    if (outcome.code != core::ExitCode::kDone) code = outcome.code;
    if (!json) print_text(sweep.file + ": " + outcome.text + "\n");
    document["sweeps"].push_back(std::move(outcome.document));
  }
  if (json) print_json(document);
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
  const SweepFolder folder = open_sweep_folder(folder_name);
  const store::Collected collected = write_views(folder);
  const std::string path = (folder.store.views() / "results.csv").string();
  for (const store::StoreProblem& problem : collected.problems)
    log_line("passed over " + problem.path.string() + ": " + problem.reason);
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
