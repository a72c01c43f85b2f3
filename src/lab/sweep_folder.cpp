#include "lab/sweep_folder.h"

#include "core/error.h"
#include "core/files.h"

namespace vitlab::lab {

namespace {

constexpr const char* kCurrent = "sweep.json";

}  // namespace

void set_current_plan(const store::Store& store, const std::string& plan_hash,
                      const std::string& command) {
  core::Json json = core::Json::object();
  json["schema"] = 1;
  json["plan"] = plan_hash;
  json["command_line"] = command;
  const std::string text = core::dump_json(json, 2) + "\n";
  const std::filesystem::path path = store.folder() / kCurrent;
  if (std::filesystem::exists(path) && core::read_text_file(path, 1 << 20) == text) return;
  core::write_file_atomically(path, text);
}

SweepFolder open_sweep_folder(const std::filesystem::path& folder) {
  store::Store store = store::Store::open(folder);
  const std::filesystem::path path = folder / kCurrent;
  if (!std::filesystem::exists(path))
    throw core::UserError(folder.string() + " is a store without " + kCurrent +
                          ": run vitlab sweep SWEEP --out " + folder.string());
  const core::Json json = core::parse_json(core::read_text_file(path, 1 << 20), path.string());
  if (!json.is_object() || !json.contains("plan") || !json.at("plan").is_string())
    throw core::UserError(path.string() + " names no plan; run the sweep again");
  const auto hash = json.at("plan").get<std::string>();
  sweep::Plan plan = sweep::plan_from_json(store.get_plan(hash), "plan " + hash);
  return {std::move(store), hash, std::move(plan), json.value("command_line", std::string())};
}

store::Collected write_views(const SweepFolder& folder) {
  store::Collected collected = store::collect(folder.store, folder.plan);
  store::write_results_csv(collected.table, folder.results());
  return collected;
}

}  // namespace vitlab::lab
