#include "cli/conclusion_output.h"

#include "cli/command.h"

namespace vitlab::cli {

core::Json conclusion_json(const lab::Conclusion& conclusion) {
  core::Json document = core::Json::object();
  document["out"] = conclusion.out.string();
  document["report"] = conclusion.report.string();
  document["results"] = conclusion.results.string();
  document["stages"] = conclusion.stages;
  document["done"] = conclusion.done;
  document["verdict"] = conclusion.verdict;
  document["not_done"] = core::Json::array();
  for (const store::OpenStage& open : conclusion.not_done)
    document["not_done"].push_back(
        {{"trial", open.trial},
         {"model", open.model},
         {"seed", open.seed ? core::Json(*open.seed) : core::Json(nullptr)},
         {"stage", open.kind},
         {"state", open.state},
         {"reason", open.reason}});
  return document;
}

std::string conclusion_text(const lab::Conclusion& conclusion) {
  std::string text = std::to_string(conclusion.done) + " of " + std::to_string(conclusion.stages) +
                     " stages done\nreport  " + conclusion.report.string() + "\nresults " +
                     conclusion.results.string() + "\n";
  for (const store::OpenStage& open : conclusion.not_done)
    text += open.kind + " of " + open.name +
            (open.seed ? ", seed " + std::to_string(*open.seed) : "") + ": " + open.state + " (" +
            open.reason + ")\n";
  for (const std::string& line : conclusion.verdict) text += "\n" + line + "\n";
  return text;
}

core::ExitCode exit_code(const lab::Conclusion& conclusion) {
  return conclusion.is_complete() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

void log_problems(const std::vector<store::StoreProblem>& problems) {
  for (const store::StoreProblem& problem : problems)
    log_line("passed over " + problem.path.string() + ": " + problem.reason);
}

}  // namespace vitlab::cli
