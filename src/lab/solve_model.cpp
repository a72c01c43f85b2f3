#include "lab/solve_model.h"

#include <algorithm>
#include <cmath>

#include "architecture/solve_knob.h"
#include "architecture/templates.h"
#include "core/text.h"
#include "lab/predictor_place.h"
#include "predict/predictor_file.h"

namespace vitlab::lab {

namespace {

constexpr const char* kWidthScale = "width_scale";

/// The knob that is solved for where none is named: the widths, or their scale where the template
/// has a table of widths.
std::string solvable_knob(const core::Json& knobs) {
  if (architecture::template_name(knobs) == "mobilenet") return kWidthScale;
  return architecture::width_knob(knobs);
}

void count(const SolveRequest& request, const architecture::KnobGrid& grid, SolveOutcome& outcome) {
  const MeasuredTarget& target = request.target;
  architecture::CostCounter counter;
  architecture::KnobSolution found;
  if (grid.knob == solvable_knob(request.knobs) &&
      grid.knob != kWidthScale) {  // every stage on its own, near the proportions
    const architecture::BudgetSolution best = architecture::solve_widths(
        request.knobs,
        {target.metric, target.equals, INFINITY, static_cast<graph::Index>(grid.step)}, counter);
    outcome.knobs = architecture::with_widths(request.knobs, best);
    found = {outcome.knobs.at(grid.knob), best.achieved, best.residual};
  } else {
    found = architecture::solve_knob(request.knobs, grid, target.metric, target.equals, counter);
    outcome.knobs = architecture::with_knob(request.knobs, grid.knob, found.value);
  }
  outcome.value = found.value;
  outcome.achieved = found.achieved;
  outcome.residual = found.residual;
  if (std::abs(found.residual) > target.tolerance)
    outcome.why_not = "no multiple of " + core::shortest(grid.step) + " comes nearer to the target";
}

/// What a predictor says of a batch. It only proposes, so that a batch that it was not trained for
/// will do; a machine or a number of threads that it does not know will not.
SecondsOf seconds_predicted(const std::string& path, const sweep::Protocol& protocol,
                            Engines& engines) {
  predict::TimePredictor predictor = predict::read_predictor(path);
  check_is_here(predictor, path, engines);
  check_threads(predictor, path, protocol.threads);
  predict::PredictorSetting& setting = predictor.setting;
  setting.batch = protocol.batch;
  setting.deploy = protocol.deploy;
  return [predictor = std::move(predictor)](const architecture::ModelSpec& spec) {
    return predict::predict_time(
               predictor, predict::features_for(architecture::build_graph(spec), predictor.setting))
        .seconds;
  };
}

void measure(const SolveRequest& request, const architecture::KnobGrid& grid, Engines& engines,
             const EventSink& sink, SolveOutcome& outcome) {
  MeasuredSolve wanted{request.knobs, grid, request.target, {}};
  if (!request.predictor.empty())
    wanted.guess = seconds_predicted(request.predictor, request.target.protocol, engines);
  const MeasuredAnswer found = solve_measured(wanted, engines, sink);
  outcome.value = found.value;
  outcome.knobs = architecture::with_knob(request.knobs, grid.knob, found.value);
  outcome.achieved = found.achieved;
  outcome.residual = found.residual;
  outcome.speed = {found.low, found.high, std::string(predict::speed_verdict_name(found.verdict)),
                   found.measurements, found.environment};
  outcome.why_not = found.why_not(request.target.tolerance);
}

}  // namespace

bool is_measured(const std::string& metric) {
  const auto& names = sweep::speed_metric_names();
  return std::find(names.begin(), names.end(), metric) != names.end();
}

SolveOutcome solve_model(const SolveRequest& request, Engines& engines, const EventSink& sink) {
  const std::string knob = request.knob.empty() ? solvable_knob(request.knobs) : request.knob;
  const architecture::KnobGrid grid = architecture::knob_grid(request.knobs, knob, request.step);
  SolveOutcome outcome;
  outcome.knob = knob;
  outcome.step = grid.step;
  if (is_measured(request.target.metric))
    measure(request, grid, engines, sink, outcome);
  else
    count(request, grid, outcome);
  return outcome;
}

}  // namespace vitlab::lab
