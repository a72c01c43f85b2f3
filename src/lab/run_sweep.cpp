#include "lab/run_sweep.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "core/error.h"
#include "core/hash.h"
#include "lab/plan_sweep.h"
#include "lab/solve_sweep.h"

namespace vitlab::lab {

namespace {

/// What all workers of a phase tell, as one job with a step a stage.
class PhaseJob {
 public:
  PhaseJob(const EventSink& sink, const std::string& label, std::size_t stages)
      : sink_(sink), job_(sink, label, static_cast<std::int64_t>(stages)) {}

  void note(const messages::Event& event) {
    if (const auto* said = std::get_if<messages::Note>(&event)) sink_(Note{said->note, true});
    if (const auto* begun = std::get_if<messages::StageBegin>(&event)) move_to(*begun);
    if (const auto* stage = std::get_if<messages::StageProgress>(&event))
      move_to(*stage, ", " + stage->note);
    const auto* ended = std::get_if<messages::StageEnd>(&event);
    if (!ended) return;
    ++done_;
    sink_(StageEnded{ended->kind, ended->model, ended->state, ended->reason});
    move_to(*ended);
  }
  void finish() { job_.finish(); }

 private:
  void move_to(const messages::StageEvent& stage, const std::string& note = "") {
    job_.move_to(done_, stage.kind + " " + stage.model + note);
  }

  const EventSink& sink_;
  Job job_;
  std::int64_t done_ = 0;
};

std::size_t open_stages(const SweepFolder& folder, bool timed) {
  const StageStates states = stage_states(folder.plan, folder.store.folder());
  std::size_t count = 0;
  for (const sweep::PlannedStage& stage : folder.plan.stages) {
    const auto state = core::find_choice<store::StageState>(states.at(stage.id));
    count += stage.timed == timed && !(state && store::is_final(*state));
  }
  return count;
}

graph::Index default_workers(const sweep::Plan& plan) {
  const auto cores = static_cast<graph::Index>(std::max(1U, std::thread::hardware_concurrency()));
  return std::max<graph::Index>(1, cores / std::max<graph::Index>(1, plan.recipe.threads));
}

void run_phases(const SweepFolder& folder, const SweepRequest& request, Engines& engines,
                const EventSink& sink) {
  const graph::Index workers = request.workers > 0 ? request.workers : default_workers(folder.plan);
  for (const bool timed : {false, true}) {
    const std::size_t open = open_stages(folder, timed);
    if (open == 0) continue;
    PhaseJob job(sink, timed ? "measure" : "train and analyse", open);
    schedule::PhaseRequest phase;
    phase.plan = folder.plan_hash;
    phase.timed = timed;
    // Timed stages have the device to themselves.
    phase.workers =
        timed ? 1 : static_cast<int>(std::min(workers, static_cast<graph::Index>(open)));
    phase.retry_failed = request.retry_failed;
    phase.run =
        core::identity(std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) +
                       folder.plan_hash);
    engines.work(folder.store, phase, [&](int, const messages::Event& event) { job.note(event); });
    job.finish();
  }
}

}  // namespace

std::vector<SweepRequest> read_sweeps(const std::vector<std::string>& files,
                                      const std::string& out) {
  std::vector<SweepRequest> sweeps;
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

Conclusion run_sweep(const SweepRequest& request, Engines& engines, const EventSink& sink) {
  const sweep::Plan plan = solve_sweep(request.spec, request.out, engines, sink);
  if (plan.trials.empty())
    throw core::UserError(request.file + " gives no trial: all " +
                          std::to_string(plan.rejected.size()) +
                          " points are rejected (vitlab plan " + request.file + " says why)");
  const store::Store store = store::Store::open_or_create(request.out);
  const std::string hash = store.put_plan(sweep::plan_json(plan));
  set_current_plan(store, hash, "vitlab sweep " + request.file + " --out " + request.out);
  const SweepFolder folder = open_sweep_folder(request.out);
  try {
    run_phases(folder, request, engines, sink);
  } catch (const core::Interrupted&) {
    write_views(folder);
    throw;
  }
  return conclude(folder);
}

}  // namespace vitlab::lab
