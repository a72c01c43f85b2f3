#include <filesystem>
#include <optional>
#include <thread>

#include <unistd.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/files.h"
#include "core/text.h"
#include "store/device_lock.h"

namespace vitlab::cli {

namespace {

struct Finding {
  std::string what;
  std::string found;
  std::string remedy;  // "" where nothing is missing
};

/// What only the engine knows; the reason if it does not run.
std::optional<messages::DoctorAnswer> ask_engine_about(std::string& problem, bool roofs) {
  try {
    const messages::DoctorRequest request{roofs};
    return roofs ? ask_engine(request, "roofs") : lab::EngineProcesses().answer(request);
  } catch (const std::exception& error) {
    problem = error.what();
    return std::nullopt;
  }
}

std::string free_space(const std::filesystem::path& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  return error ? "unknown" : core::si(static_cast<double>(space.available), "B");
}

/// Arithmetic, a row per number of threads and dtype.
std::string product_table(const std::vector<messages::RoofRow>& rows) {
  core::TextTable table({"device", "threads", "dtype", "matrix product GFLOP/s",
                         "multiply-add GFLOP/s", "memory GB/s", "call us"});
  for (const messages::RoofRow& row : rows)
    table.add(
        {row.device, std::to_string(row.threads), std::string(core::word_of(row.dtype)),
         core::significant(row.peak_gflops_per_s, 4),
         row.dtype == graph::Dtype::kFloat32 ? core::significant(row.fma_gflops_per_s, 4) : "-",
         core::significant(row.peak_gbytes_per_s, 4), core::significant(row.call_us, 3)});
  return table.str(output_width());
}

/// Levels of memory, which no dtype changes, a row per number of threads.
std::string level_table(const std::vector<messages::RoofRow>& rows) {
  core::TextTable table(
      {"device", "threads", "level", "size", "read GB/s", "copy GB/s", "triad GB/s"});
  for (const messages::RoofRow& row : rows) {
    if (row.dtype != graph::Dtype::kFloat32) continue;
    for (const messages::MemoryLevelRoof& level : row.levels)
      table.add({row.device, std::to_string(row.threads), level.level,
                 core::si(static_cast<double>(level.size_bytes), "B"),
                 core::significant(level.read_gbytes_per_s, 4),
                 core::significant(level.copy_gbytes_per_s, 4),
                 core::significant(level.triad_gbytes_per_s, 4)});
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
  const std::optional<messages::DoctorAnswer> engine = ask_engine_about(problem, roofs);
  std::vector<Finding> findings;
  findings.push_back({"vitlab", VITLAB_VERSION, ""});
  if (!engine) {
    findings.push_back({"engine", "does not run: " + problem,
                        "scripts/bootstrap, then build the target vitlab-engine"});
  } else {
    const core::Json environment = core::to_json(engine->environment);
    for (const auto& [key, value] : environment.items())
      findings.push_back({key, value.is_string() ? value.get<std::string>() : value.dump(), ""});
    const messages::CudaFound& cuda = engine->cuda;
    if (cuda.available)
      findings.push_back({"cuda", cuda.device.value_or(""), ""});
    else
      findings.push_back({"cuda", "not available", cuda.reason.value_or("")});
  }
  findings.push_back({"free space here", free_space("."), ""});
  findings.push_back({"device locks", store::device_lock_folder().string(), ""});
  findings.push_back({"Slurm", is_installed("sbatch") ? "sbatch found" : "no sbatch",
                      is_installed("sbatch") ? "" : "only needed to run sweeps on a cluster"});

  if (json) {
    core::Json document = json_document("doctor");
    document["engine_problem"] = problem.empty() ? core::Json(nullptr) : core::Json(problem);
    if (engine) document.update(core::to_json(*engine));
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
    if (engine && !engine->roofs.empty())
      text += "\n" + product_table(engine->roofs) + "\n" + level_table(engine->roofs);
    print_text(text);
  }
  return engine ? core::ExitCode::kDone : core::ExitCode::kMissingCapability;
}

}  // namespace vitlab::cli
