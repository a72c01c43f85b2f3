#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "architecture/solve_knob.h"
#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/measured_solver.h"
#include "cli/predictor_words.h"
#include "core/error.h"
#include "core/files.h"
#include "core/names.h"
#include "core/text.h"
#include "predict/predictor_file.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

/// The words of --target: metric=number, or metric=FACTORx:MODEL.
struct TargetWords {
  std::string metric;
  double equals = 0;
  std::string relative_to;

  bool is_measured() const {
    const auto& names = sweep::speed_metric_names();
    return std::find(names.begin(), names.end(), metric) != names.end();
  }
};

TargetWords read_target(const std::string& words) {
  const auto refuse = [&](const std::string& why) -> TargetWords {
    throw core::UserError(
        "--target " + words + ": " + why +
        "; write metric=number, such as macs=80e6, or throughput=1.25x:swin_tiny");
  };
  const std::size_t equals = words.find('=');
  if (equals == std::string::npos) return refuse("there is no '='");
  TargetWords target;
  target.metric = words.substr(0, equals);
  std::vector<std::string> known = architecture::cost_metric_names();
  known.insert(known.end(), sweep::speed_metric_names().begin(), sweep::speed_metric_names().end());
  if (std::find(known.begin(), known.end(), target.metric) == known.end())
    return refuse("'" + target.metric + "' is not a metric" +
                  core::did_you_mean(target.metric, known));
  const std::string value = words.substr(equals + 1);
  std::size_t used = 0;
  try {
    target.equals = std::stod(value, &used);
  } catch (const std::exception&) {
    return refuse("'" + value + "' is no number");
  }
  std::string rest = value.substr(used);
  if (rest.rfind("x:", 0) == 0 && rest.size() > 2) {
    target.relative_to = rest.substr(2);
    if (!target.is_measured()) return refuse("only throughput and latency_ms take a reference");
  } else if (!rest.empty()) {
    return refuse("'" + rest + "' behind the number");
  }
  if (!(target.equals > 0) || !std::isfinite(target.equals)) return refuse("it must be positive");
  return target;
}

/// The words of `vitlab solve`.
struct SolveWords {
  std::string reference, target, knob, out, predictor;
  std::string protocol = "configs/measure/quick.yaml";
  std::vector<std::string> overrides;
  double tolerance = 0.03, step = 0;
  bool json = false;

  void parse(const std::vector<std::string>& words);
};

void SolveWords::parse(const std::vector<std::string>& words) {
  Arguments arguments(
      "solve", "Find the width, or another knob, at which a model meets a cost or a speed.",
      {"vitlab solve efficientvit_m0 --target macs=120e6",
       "vitlab solve vit.yaml --target throughput=1.25x:deit_tiny --multiple-of 12 --out "
       "faster.yaml",
       "vitlab solve deit_tiny --target latency_ms=200 --knob image_size --multiple-of 16"});
  arguments.positional("model", "a preset name or a YAML file of knobs", reference);
  arguments.repeated("--set", "key=value: turn a knob of the template", overrides);
  arguments.option("--target",
                   "metric=number: macs, params, flops, bytes_moved, activations, "
                   "peak_activation_bytes, throughput, latency_ms (of a batch); the last two also "
                   "as a factor of another model's: throughput=1.25x:swin_tiny",
                   target, true);
  arguments.option("--knob",
                   "a knob that holds a number, or numbers scaled together (default: the widths)",
                   knob);
  arguments.option("--tolerance", "share of the target that it may be off (default 0.03)",
                   tolerance);
  arguments.option("--multiple-of",
                   "values are multiples of this (default: 8 for widths, 1, or 0.01 for fractions)",
                   step);
  arguments.option("--protocol", "how speed is measured (default: configs/measure/quick.yaml)",
                   protocol);
  arguments.option("--predictor",
                   "what vitlab calibrate wrote: proposes instead of the roofline; speed is "
                   "measured all the same",
                   predictor);
  arguments.option("--out", "a YAML file to write: the knobs with the solution", out);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  if (!(tolerance >= 0 && tolerance <= 1)) throw core::UserError("--tolerance must lie in 0..1");
  if (step < 0) throw core::UserError("--multiple-of must be positive");
}

struct Solved {
  core::Json knobs;
  core::Json document;  // what --json prints besides schema and command
  std::string text;
  std::string why_not;
};

core::Json value_json(const std::string& knob, const core::Json& value, double step) {
  core::Json json = core::Json::object();
  json["knob"] = knob;
  json["value"] = value;
  json["multiple_of"] = step;
  return json;
}

/// The knob that is solved for where none is named: the widths, or their scale where the template
/// has a table of widths.
std::string solvable_knob(const core::Json& knobs) {
  if (knobs.value("template", std::string()) == "mobilenet") return "width_scale";
  return architecture::width_knob(knobs);
}

Solved solve_analytic(const core::Json& knobs, const TargetWords& target, const SolveWords& words) {
  const std::string& knob = words.knob;
  architecture::CostCounter counter;
  const architecture::KnobGrid grid = architecture::knob_grid(knobs, knob, words.step);
  architecture::KnobSolution found;
  Solved solved;
  if (knob == solvable_knob(knobs) &&
      knob != "width_scale") {  // every stage on its own, near the proportions
    const architecture::BudgetSolution best = architecture::solve_widths(
        knobs, {target.metric, target.equals, INFINITY, static_cast<graph::Index>(grid.step)},
        counter);
    solved.knobs = architecture::with_widths(knobs, best);
    found = {solved.knobs.at(knob), best.achieved, best.residual};
  } else {
    found = architecture::solve_knob(knobs, grid, target.metric, target.equals, counter);
    solved.knobs = architecture::with_knob(knobs, knob, found.value);
  }
  solved.document = value_json(knob, found.value, grid.step);
  solved.document["achieved"] = found.achieved;
  solved.document["residual"] = found.residual;
  if (std::abs(found.residual) > words.tolerance)
    solved.why_not = "no multiple of " + core::shortest(grid.step) + " comes nearer to the target";
  solved.text = target.metric + " " + core::shortest(found.achieved) + " (" +
                core::significant(100 * found.residual, 3) + " % off " +
                core::shortest(target.equals) + ")\n";
  return solved;
}

using SecondsOf = std::function<double(const architecture::ModelSpec&)>;

/// What a predictor says of a batch. It only proposes, so that a batch that it was not trained for
/// will do; a machine or a number of threads that it does not know will not.
SecondsOf seconds_predicted(const std::string& path, const sweep::Protocol& protocol) {
  predict::TimePredictor predictor = predict::read_predictor(path);
  check_is_here(predictor, path);
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

Solved solve_speed(const core::Json& knobs, const TargetWords& target, const SolveWords& words) {
  const sweep::Protocol protocol = sweep::load_protocol(words.protocol);
  const architecture::KnobGrid grid = architecture::knob_grid(knobs, words.knob, words.step);
  MeasuredTarget wanted{target.metric, target.equals, std::nullopt, words.tolerance, protocol};
  if (!target.relative_to.empty())
    wanted.reference = architecture::resolve_model(target.relative_to);
  const MeasuredAnswer found = solve_measured(
      knobs, grid, wanted,
      words.predictor.empty() ? nullptr : seconds_predicted(words.predictor, protocol));
  Solved solved;
  solved.knobs = architecture::with_knob(knobs, words.knob, found.value);
  solved.document = value_json(words.knob, found.value, grid.step);
  solved.document["achieved"] = core::json_number(found.achieved);
  solved.document["low"] = core::json_number(found.low);
  solved.document["high"] = core::json_number(found.high);
  solved.document["residual"] = core::json_number(found.residual);
  solved.document["verdict"] = predict::speed_verdict_name(found.verdict);
  solved.document["measurements"] = found.measurements;
  solved.document["protocol"] = sweep::protocol_json(protocol, true);
  solved.document["environment"] = found.environment;
  solved.why_not = found.why_not(words.tolerance);
  solved.text = target.metric + " " + core::significant(found.achieved, 4) +
                (wanted.reference ? " x " + wanted.reference->name : "") + " (" +
                core::significant(found.low, 4) + " … " + core::significant(found.high, 4) + "), " +
                core::significant(100 * found.residual, 3) + " % off in speed, " +
                std::to_string(found.measurements) + " measurements\n";
  return solved;
}

std::string solution_file(const Solved& solved, const SolveWords& words) {
  std::string comment = "# vitlab solve " + words.reference + " --target " + words.target +
                        " --knob " + words.knob + "\n# " + solved.text;
  if (!solved.why_not.empty()) comment += "# not met: " + solved.why_not + "\n";
  return comment + architecture::knobs_yaml(solved.knobs);
}

core::Json solution_document(const std::string& model, const TargetWords& target,
                             const Solved& solved, double tolerance) {
  core::Json document = json_document("solve");
  document["model"] = model;
  document["target"] = {{"metric", target.metric}, {"equals", target.equals}};
  if (!target.relative_to.empty()) document["target"]["relative_to"] = target.relative_to;
  document["target"]["tolerance"] = tolerance;
  document.update(solved.document);
  document["met"] = solved.why_not.empty();
  document["reason"] = solved.why_not;
  document["knobs"] = solved.knobs;
  return document;
}

}  // namespace

core::ExitCode run_solve(const std::vector<std::string>& words) {
  SolveWords given;
  given.parse(words);
  const TargetWords target = read_target(given.target);
  if (!given.predictor.empty() && !target.is_measured())
    throw core::UserError("--predictor is of throughput and latency_ms; " + target.metric +
                          " is counted exactly");
  const architecture::NamedModel model =
      architecture::resolve_model(given.reference, given.overrides);
  if (given.knob.empty()) given.knob = solvable_knob(model.knobs);
  const Solved solved = target.is_measured() ? solve_speed(model.knobs, target, given)
                                             : solve_analytic(model.knobs, target, given);
  if (!given.out.empty()) core::write_file_atomically(given.out, solution_file(solved, given));
  if (given.json)
    print_json(solution_document(model.name, target, solved, given.tolerance));
  else
    print_text(given.knob + " " + core::dump_json(solved.document.at("value")) + "\n" +
               solved.text + (solved.why_not.empty() ? "" : "not met: " + solved.why_not + "\n") +
               (given.out.empty() ? "" : "wrote " + given.out + "\n"));
  return solved.why_not.empty() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
