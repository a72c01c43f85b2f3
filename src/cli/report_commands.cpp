#include <filesystem>

#include "cli/command.h"
#include "cli/conclusion_output.h"
#include "cli/engine_commands.h"
#include "guide/guideline_output.h"
#include "lab/design_sweep.h"

namespace vitlab::cli {

namespace fs = std::filesystem;

core::ExitCode run_report(const std::vector<std::string>& words) {
  std::string folder;
  bool json = false;
  Arguments arguments("report", "Rebuild the report from whatever a store holds, finished or not.",
                      {"vitlab report results/quickstart"});
  arguments.positional("folder", "a folder that vitlab sweep wrote", folder);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const lab::Conclusion conclusion = lab::conclude(lab::open_sweep_folder(folder));
  log_problems(conclusion.problems);
  if (json)
    print_json(document_of("report", conclusion_json(conclusion)));
  else
    print_text(conclusion_text(conclusion));
  return exit_code(conclusion);
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
  const guide::GuideResult result = lab::guide_source(source);
  if (json)
    print_json(document_of("guide", guide::guide_json(result)));
  else
    print_text(markdown ? guide::guide_markdown(result) : guide::guide_text(result));
  return core::ExitCode::kDone;
}

core::ExitCode run_design(const std::vector<std::string>& words) {
  lab::DesignSweepRequest request;
  std::string budgets;
  bool json = false;
  Arguments arguments("design", "Emit a family of variants, one a budget, under the guidelines.",
                      {"vitlab design results/quickstart --budgets macs=4e6,8e6 --out family"});
  arguments.positional("folder", "a folder that vitlab sweep wrote", request.folder);
  arguments.option("--budgets", "metric=value,value,…: macs, params, bytes_moved, …", budgets,
                   true);
  arguments.option("--out", "the folder to write: M0.yaml, M1.yaml, …, design.json", request.out,
                   true);
  arguments.option("--multiple-of",
                   "of every width (0: what divides the widths of the sweep, at most 16)",
                   request.multiple_of, {.least = 0});
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const fs::path out = request.out;
  if (fs::exists(out) && (!fs::is_directory(out) || !fs::is_empty(out)))
    throw core::UserError("--out " + request.out +
                          " exists already; name another folder or remove it");
  request.budgets = design::parse_budgets(budgets);
  const design::Family family = lab::design_sweep(request);
  if (json)
    print_json(design::family_json(family));
  else
    print_text(design::family_text(family) + "\nwrote " + request.out + "\n");
  return family.unsolved.empty() ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
