#include <filesystem>
#include <optional>
#include <thread>

#include <unistd.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/files.h"
#include "core/text.h"
#include "lab/engines.h"
#include "store/device_lock.h"

namespace vitlab::cli {

namespace {

struct Finding {
  std::string what;
  std::string found;
  std::string remedy;  // "" where nothing is missing
};

/// What only the engine knows; the reason if it does not run.
core::Json ask_engine_about(std::string& problem, bool roofs) {
  try {
    core::Json request = core::Json::object();
    request["command"] = "doctor";
    request["roofs"] = roofs;
    return roofs ? ask_engine(request, "roofs") : lab::EngineProcesses().answer(request, {});
  } catch (const std::exception& error) {
    problem = error.what();
    return core::Json::object();
  }
}

std::string free_space(const std::filesystem::path& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  return error ? "unknown" : core::si(static_cast<double>(space.available), "B");
}

/// Arithmetic, a row per number of threads and dtype.
std::string product_table(const core::Json& rows) {
  core::TextTable table({"device", "threads", "dtype", "matrix product GFLOP/s",
                         "multiply-add GFLOP/s", "memory GB/s", "call us"});
  for (const core::Json& row : rows)
    table.add({row.at("device").get<std::string>(), row.at("threads").dump(),
               row.at("dtype").get<std::string>(), number(row.at("peak_gflops_per_s")),
               row.at("dtype") == "float32" ? number(row.at("fma_gflops_per_s")) : "-",
               number(row.at("peak_gbytes_per_s")), number(row.at("call_us"), 3)});
  return table.str(output_width());
}

/// Levels of memory, which no dtype changes, a row per number of threads.
std::string level_table(const core::Json& rows) {
  core::TextTable table(
      {"device", "threads", "level", "size", "read GB/s", "copy GB/s", "triad GB/s"});
  for (const core::Json& row : rows) {
    if (row.at("dtype") != "float32") continue;
    for (const core::Json& level : row.at("levels"))
      table.add({row.at("device").get<std::string>(), row.at("threads").dump(),
                 level.at("level").get<std::string>(),
                 core::si(level.at("size_bytes").get<double>(), "B"),
                 number(level.at("read_gbytes_per_s")), number(level.at("copy_gbytes_per_s")),
                 number(level.at("triad_gbytes_per_s"))});
  }
  return table.str(output_width());
}

bool is_installed(const char* program) {
  const char* path = std::getenv("PATH");
  std::string rest = path ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (access((rest.substr(0, end) + "/" + program).c_str(), X_OK) == 0) return true;
    rest.erase(0, end + 1);
  }
  return false;
}

}  // namespace

core::ExitCode run_doctor(const std::vector<std::string>& words) {
  bool json = false, roofs = false;
  Arguments arguments(
      "doctor", "Say what this machine and this build offer, and what is missing.",
      {"vitlab doctor", "vitlab doctor --json > for_a_bug_report.json", "vitlab doctor --roofs"});
  arguments.flag("--roofs", "measure what memory and arithmetic give at most (some seconds a row)",
                 roofs);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);

  std::string problem;
  const core::Json engine = ask_engine_about(problem, roofs);
  std::vector<Finding> findings;
  findings.push_back({"vitlab", VITLAB_VERSION, ""});
  if (!problem.empty()) {
    findings.push_back({"engine", "does not run: " + problem,
                        "scripts/bootstrap, then build the target vitlab-engine"});
  } else {
    const core::Json& machine = engine.at("environment");
    for (const auto& [key, value] : machine.items())
      findings.push_back({key, value.is_string() ? value.get<std::string>() : value.dump(), ""});
    const core::Json& cuda = engine.at("cuda");
    if (cuda.at("available").get<bool>())
      findings.push_back({"cuda", cuda.at("device").get<std::string>(), ""});
    else
      findings.push_back({"cuda", "not available", cuda.at("reason").get<std::string>()});
  }
  findings.push_back({"free space here", free_space("."), ""});
  findings.push_back({"device locks", store::device_lock_folder().string(), ""});
  findings.push_back({"Slurm", is_installed("sbatch") ? "sbatch found" : "no sbatch",
                      is_installed("sbatch") ? "" : "only needed to run sweeps on a cluster"});

  if (json) {
    core::Json document = json_document("doctor");
    document["engine_problem"] = problem.empty() ? core::Json(nullptr) : core::Json(problem);
    document.update(engine);
    document["findings"] = core::Json::array();
    for (const Finding& finding : findings) {
      core::Json row = core::Json::object();
      row["what"] = finding.what;
      row["found"] = finding.found;
      row["remedy"] = finding.remedy.empty() ? core::Json(nullptr) : core::Json(finding.remedy);
      document["findings"].push_back(std::move(row));
    }
    print_json(document);
  } else {
    core::TextTable table({"what", "found", "remedy"});
    for (const Finding& finding : findings)
      table.add({finding.what, finding.found, finding.remedy});
    std::string text = table.str(output_width());
    if (engine.contains("roofs"))
      text += "\n" + product_table(engine.at("roofs")) + "\n" + level_table(engine.at("roofs"));
    print_text(text);
  }
  return problem.empty() ? core::ExitCode::kDone : core::ExitCode::kMissingCapability;
}

}  // namespace vitlab::cli
