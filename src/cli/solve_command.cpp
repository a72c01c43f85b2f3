#include <algorithm>
#include <cmath>

#include "architecture/solve.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/narration.h"
#include "core/error.h"
#include "core/files.h"
#include "core/names.h"
#include "core/text.h"
#include "lab/solve_model.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

/// The words of --target: metric=number, or metric=FACTORx:MODEL.
struct TargetWords {
  std::string metric;
  double equals = 0;
  std::string relative_to;
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
    if (!lab::is_measured(target.metric))
      return refuse("only throughput and latency_ms take a reference");
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
                   tolerance, {.least = 0, .most = 1});
  arguments.option("--multiple-of",
                   "values are multiples of this (default: 8 for widths, 1, or 0.01 for fractions)",
                   step, {.least = 0});
  arguments.option("--protocol", "how speed is measured (default: configs/measure/quick.yaml)",
                   protocol);
  arguments.option("--predictor",
                   "what vitlab calibrate wrote: proposes instead of the roofline; speed is "
                   "measured all the same",
                   predictor);
  arguments.option("--out", "a YAML file to write: the knobs with the solution", out);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
}

lab::SolveRequest request_of(const SolveWords& words, const TargetWords& target,
                             const core::Json& knobs) {
  lab::SolveRequest request;
  request.knobs = knobs;
  request.knob = words.knob;
  request.step = words.step;
  request.predictor = words.predictor;
  request.target.metric = target.metric;
  request.target.equals = target.equals;
  request.target.tolerance = words.tolerance;
  if (lab::is_measured(target.metric))
    request.target.protocol = sweep::load_protocol(words.protocol);
  if (!target.relative_to.empty())
    request.target.reference = architecture::resolve_model(target.relative_to);
  return request;
}

/// "macs 7.92e+07 (0.3 % off 8e+07)".
std::string solution_text(const lab::MeasuredTarget& target, const lab::SolveOutcome& solved) {
  const std::string percent = core::significant(100 * solved.residual, 3) + " % off ";
  if (!solved.speed)
    return target.metric + " " + core::shortest(solved.achieved) + " (" + percent +
           core::shortest(target.equals) + ")\n";
  return target.metric + " " + core::significant(solved.achieved, 4) +
         (target.reference ? " x " + target.reference->name : "") + " (" +
         core::significant(solved.speed->low, 4) + " … " +
         core::significant(solved.speed->high, 4) + "), " + percent + "in speed, " +
         std::to_string(solved.speed->measurements) + " measurements\n";
}

std::string not_met_text(const lab::SolveOutcome& solved) {
  return solved.why_not.empty() ? "" : "not met: " + solved.why_not + "\n";
}

std::string solution_file(const lab::SolveOutcome& solved, const SolveWords& words,
                          const std::string& text) {
  std::string comment = "# vitlab solve " + words.reference + " --target " + words.target +
                        " --knob " + solved.knob + "\n# " + text;
  if (!solved.why_not.empty()) comment += "# " + not_met_text(solved);
  return comment + architecture::knobs_yaml(solved.knobs);
}

core::Json solution_document(const std::string& model, const TargetWords& target,
                             const lab::SolveRequest& request, const lab::SolveOutcome& solved) {
  core::Json document = json_document("solve");
  document["model"] = model;
  document["target"] = {{"metric", target.metric}, {"equals", target.equals}};
  if (!target.relative_to.empty()) document["target"]["relative_to"] = target.relative_to;
  document["target"]["tolerance"] = request.target.tolerance;
  document["knob"] = solved.knob;
  document["value"] = solved.value;
  document["multiple_of"] = solved.step;
  document["achieved"] = core::json_number(solved.achieved);
  if (solved.speed) {
    document["low"] = core::json_number(solved.speed->low);
    document["high"] = core::json_number(solved.speed->high);
  }
  document["residual"] = core::json_number(solved.residual);
  if (solved.speed) {
    document["verdict"] = solved.speed->verdict;
    document["measurements"] = solved.speed->measurements;
    document["protocol"] = sweep::protocol_json(request.target.protocol, true);
    document["environment"] = core::to_json(solved.speed->environment);
  }
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
  if (!given.predictor.empty() && !lab::is_measured(target.metric))
    throw core::UserError("--predictor is of throughput and latency_ms; " + target.metric +
                          " is counted exactly");
  const architecture::NamedModel model =
      architecture::resolve_model(given.reference, given.overrides);
  const lab::SolveRequest request = request_of(given, target, model.knobs);
  lab::EngineProcesses engines;
  const Narration narration;
  const lab::SolveOutcome solved = lab::solve_model(request, engines, narration.sink());
  const std::string text = solution_text(request.target, solved);
  if (!given.out.empty())
    core::write_file_atomically(given.out, solution_file(solved, given, text));
  if (given.json)
    print_json(solution_document(model.name, target, request, solved));
  else
    print_text(solved.knob + " " + core::dump_json(solved.value) + "\n" + text +
               not_met_text(solved) + (given.out.empty() ? "" : "wrote " + given.out + "\n"));
  return solved.why_not.empty() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
