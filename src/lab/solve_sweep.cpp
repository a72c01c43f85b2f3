#include "lab/solve_sweep.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "lab/solve_measured.h"
#include "store/store.h"

namespace vitlab::lab {

namespace {

MeasuredTarget target_of(const sweep::WidthSolve& solve, const sweep::Unsolved& unsolved) {
  return {solve.metric, unsolved.target.equals, solve.relative_to, solve.tolerance,
          *solve.protocol};
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
          answer.environment.device};
}

sweep::LockedSolution solve_point(const sweep::WidthSolve& solve, const sweep::Unsolved& unsolved,
                                  Engines& engines, const EventSink& sink) {
  const core::Json& knobs = unsolved.target.knobs;
  try {
    const architecture::KnobGrid grid = architecture::knob_grid(
        knobs, architecture::width_knob(knobs), static_cast<double>(solve.multiple_of));
    return locked(solve_measured({knobs, grid, target_of(solve, unsolved), {}}, engines, sink),
                  solve.tolerance);
  } catch (const core::UserError& error) {  // no width of this point makes a model
    return {core::Json{1}, 0, 0, 0, 0, "no_model", error.what(), 0, ""};
  }
}

}  // namespace

sweep::Plan solve_sweep(const sweep::SweepSpec& sweep, const std::string& out, Engines& engines,
                        const EventSink& sink) {
  sweep::SolveLock lock = sweep::SolveLock::read(out);
  lock.forget_unsettled();
  sweep::Plan open = sweep::expand(sweep, lock);
  if (open.unsolved.empty()) return open;
  store::Store::open_or_create(out);  // the lock file lies in it
  Job job(sink, "solve widths", static_cast<std::int64_t>(open.unsolved.size()));
  std::int64_t done = 0;
  for (const sweep::Unsolved& unsolved : open.unsolved) {
    core::check_interrupt();
    job.move_to(done++, core::dump_json(unsolved.point));
    if (lock.find(unsolved.key) != nullptr) continue;  // another point asked the same
    const sweep::LockedSolution solution = solve_point(*sweep.solve, unsolved, engines, sink);
    core::Json about = unsolved.point;
    about[sweep.solve->metric_name()] = unsolved.target.equals;
    lock.add(unsolved.key, solution, about, out);
  }
  job.finish();
  sweep::Plan plan = sweep::expand(sweep, lock);
  if (!plan.imprecise.empty()) sink(SolvedImprecisely{plan.imprecise});
  return plan;
}

}  // namespace vitlab::lab
