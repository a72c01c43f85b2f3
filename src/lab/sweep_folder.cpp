#include "lab/sweep_folder.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_fields.h"

namespace vitlab::lab {

namespace {

constexpr const char* kCurrent = "sweep.json";
constexpr std::int64_t kSchema = 1;

/// What that file says: which plan of the store is the folder's, and who asked for it.
struct CurrentPlan {
  std::string plan;  // hash in the store
  std::string command_line;

  static constexpr auto fields() {
    return std::tuple{core::required("plan", &CurrentPlan::plan),
                      core::required("command_line", &CurrentPlan::command_line)};
  }
};

CurrentPlan read_current_plan(const std::filesystem::path& path) {
  core::Json json = core::parse_json(core::read_text_file(path, 1 << 20), path.string());
  const core::JsonPlace place(path.string() + ":");
  try {
    if (core::take_schema(json, place) != kSchema) place.refuse("is not of this version of vitlab");
    return core::from_json<CurrentPlan>(json, place);
  } catch (const core::UserError& error) {
    throw core::UserError(std::string(error.what()) + "; run the sweep again");
  }
}

}  // namespace

void set_current_plan(const store::Store& store, const std::string& plan_hash,
                      const std::string& command) {
  const core::Json json =
      core::with_schema(kSchema, core::to_json(CurrentPlan{plan_hash, command}));
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
  CurrentPlan current = read_current_plan(path);
  sweep::Plan plan = sweep::plan_from_json(store.get_plan(current.plan), "plan " + current.plan);
  return {std::move(store), std::move(current.plan), std::move(plan),
          std::move(current.command_line)};
}

store::Collected write_views(const SweepFolder& folder) {
  store::Collected collected = store::collect(folder.store, folder.plan);
  store::write_results_csv(collected.table, folder.results());
  return collected;
}

}  // namespace vitlab::lab
