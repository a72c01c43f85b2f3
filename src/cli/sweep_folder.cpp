#include "cli/sweep_folder.h"

#include "core/error.h"
#include "core/files.h"

namespace vitlab {

namespace {

constexpr const char* kCurrent = "sweep.json";

}  // namespace

void set_current_plan(const Store& store, const std::string& plan_hash,
                      const std::string& command) {
  Json json = Json::object();
  json["schema"] = 1;
  json["plan"] = plan_hash;
  json["command_line"] = command;
  const std::string text = dump_json(json, 2) + "\n";
  const std::filesystem::path path = store.folder() / kCurrent;
  if (std::filesystem::exists(path) && read_text_file(path, 1 << 20) == text) return;
  write_file_atomically(path, text);
}

SweepFolder open_sweep_folder(const std::filesystem::path& folder) {
  Store store = Store::open(folder);
  const std::filesystem::path path = folder / kCurrent;
  if (!std::filesystem::exists(path))
    throw UserError(folder.string() + " is a store without " + kCurrent +
                    ": run vitlab sweep SWEEP --out " + folder.string());
  const Json json = parse_json(read_text_file(path, 1 << 20), path.string());
  if (!json.is_object() || !json.contains("plan") || !json.at("plan").is_string())
    throw UserError(path.string() + " names no plan; run the sweep again");
  const auto hash = json.at("plan").get<std::string>();
  Plan plan = plan_from_json(store.get_plan(hash), "plan " + hash);
  return {std::move(store), hash, std::move(plan), json.value("command_line", std::string())};
}

Collected write_views(const SweepFolder& folder) {
  Collected collected = collect(folder.store, folder.plan);
  write_results_csv(collected.table, folder.store.views() / "results.csv");
  return collected;
}

}  // namespace vitlab
