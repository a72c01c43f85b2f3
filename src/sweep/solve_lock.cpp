#include "sweep/solve_lock.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "sweep/knob_check.h"
#include "sweep/plan.h"

namespace vitlab::sweep {

namespace {

namespace fs = std::filesystem;

LockedSolution read_solution(core::ConfigReader& reader, core::Json& about) {
  LockedSolution solution;
  if (const core::ConfigNode* value = reader.node("value"))
    solution.value = value_of(*value);
  else
    reader.fail("value", "is missing");
  const core::Json& value = solution.value;
  const bool is_widths = value.is_number_integer() ||
                         (value.is_array() && !value.empty() &&
                          std::all_of(value.begin(), value.end(),
                                      [](const core::Json& x) { return x.is_number_integer(); }));
  if (!is_widths) reader.fail("value", "must be a whole number or a list of them");
  reader.required("achieved", solution.achieved);
  reader.required("low", solution.low);
  reader.required("high", solution.high);
  reader.required("residual", solution.residual);
  reader.required("verdict", solution.verdict);
  reader.optional("reason", solution.reason);
  reader.required("measurements", solution.measurements);
  reader.required("device", solution.device);
  if (const core::ConfigNode* for_what = reader.node("for")) about = value_of(*for_what);
  reader.finish();
  return solution;
}

core::Json solution_json(const LockedSolution& solution, const core::Json& about) {
  core::Json json = core::Json::object();
  json["value"] = solution.value;
  json["achieved"] = solution.achieved;
  json["low"] = solution.low;
  json["high"] = solution.high;
  json["residual"] = solution.residual;
  json["verdict"] = solution.verdict;
  if (!solution.reason.empty()) json["reason"] = solution.reason;
  json["measurements"] = solution.measurements;
  json["device"] = solution.device;
  json["for"] = about;
  return json;
}

}  // namespace

const std::vector<std::string>& speed_metric_names() {
  static const std::vector<std::string> names{"throughput", "latency_ms"};
  return names;
}

SolveLock SolveLock::read(const fs::path& folder) {
  SolveLock lock;
  const fs::path path = folder / kSolveLockName;
  if (!fs::exists(path)) return lock;
  core::ConfigDocument document = core::load_config(path);
  core::ConfigReader reader(document.root, document.problems);
  graph::Index version = 0;
  if (reader.required("lock", version) && version != 1)
    reader.fail("lock", "is of version " + std::to_string(version) + ", this program reads 1");
  if (auto solutions = reader.child("solutions"))
    for (const core::ConfigNode& entry : solutions->self().items) {
      const core::ConfigNode* node = solutions->node(entry.key);
      core::ConfigReader one = solutions->child_of(*node, "solutions." + entry.key);
      core::Json about;
      LockedSolution solution = read_solution(one, about);
      lock.entries_[entry.key] = {std::move(solution), std::move(about)};
    }
  reader.finish();
  document.problems.throw_if_any();
  return lock;
}

void SolveLock::forget_unsettled() {
  std::erase_if(entries_,
                [](const auto& entry) { return entry.second.solution.verdict == "not_reached"; });
}

const LockedSolution* SolveLock::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.solution;
}

void SolveLock::add(const std::string& key, const LockedSolution& solution, const core::Json& about,
                    const fs::path& folder) {
  entries_[key] = {solution, about};
  core::write_file_atomically(folder / kSolveLockName, text());
}

std::string SolveLock::text() const {
  std::string text =
      "# Widths that vitlab found by measuring. Remove a line to have it solved again.\n"
      "lock: 1\nsolutions:\n";
  for (const auto& [key, entry] : entries_)
    text += "  " + key + ": " + core::dump_json(solution_json(entry.solution, entry.about)) + "\n";
  return text;
}

SolveTarget solve_target(const core::Json& knobs, const WidthSolve& solve, double equals) {
  SolveTarget target;
  target.knobs = knobs;
  target.metric = solve.metric;
  target.equals = equals;
  if (solve.relative_to) target.relative_to = architecture::model_id(solve.relative_to->spec);
  target.tolerance = solve.tolerance;
  target.multiple_of = solve.multiple_of;
  target.protocol = protocol_json(*solve.protocol);
  target.protocol.erase("device");
  target.device = device_class(solve.protocol->device);
  return target;
}

std::string solve_key(const SolveTarget& target) {
  return core::identity(core::canonical_json(core::to_json(target)));
}

}  // namespace vitlab::sweep
