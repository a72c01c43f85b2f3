#include "sweep/stages_reader.h"

#include <algorithm>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/named_config.h"

namespace vitlab::sweep {

namespace {

/// Settings under a key: a map in place, or a file, whose problems are told with its own places.
template <typename Settings>
Settings read_or_load(const core::ConfigNode& node, const std::string& path,
                      core::Problems& problems, const std::filesystem::path& near,
                      Settings (*read)(core::ConfigReader&)) {
  if (!node.is_scalar()) {
    core::ConfigReader reader(node, problems, path);
    return node.is_map() ? read(reader) : Settings{};
  }
  try {
    core::ConfigDocument document = load_named_config(node.scalar, near);
    core::ConfigReader reader(document.root, document.problems);
    Settings settings = read(reader);
    document.problems.throw_if_any();
    return settings;
  } catch (const core::UserError& error) {
    problems.add(node.place, path + ": " + error.what());
    return Settings{};
  }
}

/// One entry a protocol, each measured by a stage of its own.
std::vector<core::Json> measure_settings(const core::ConfigNode& node, const std::string& path,
                                         core::Problems& problems,
                                         const std::filesystem::path& near) {
  std::vector<core::Json> all;
  const bool of_pruned = node.key == "measure_pruned";
  for (const Protocol& protocol : read_or_load(node, path, problems, near, read_protocols)) {
    if (protocol.runtime == Runtime::kPt2)
      problems.add(node.place, path +
                                   ".runtime pt2 runs files that were compiled elsewhere, which "
                                   "a sweep's models are not; vitlab measure takes such files");
    else if (of_pruned && protocol.runtime != Runtime::kLibtorch)
      problems.add(node.place,
                   path + ".runtime must be libtorch, in which pruned models are timed");
    all.push_back(protocol_json(protocol));
  }
  return all;
}

/// Settings of a prune stage, which knows no latency: it runs beside other work.
PruneSettings prune_settings_of(const core::ConfigNode& node, const std::string& path,
                                core::Problems& problems, const std::filesystem::path& near) {
  PruneSettings settings = read_or_load(node, path, problems, near, read_prune_settings);
  const bool keeps = settings.keep.count(kLatencyMetric) != 0;
  if (keeps || settings.cost == kLatencyMetric)
    problems.add(node.place, path + (keeps ? ".keep" : ".cost") +
                                 " cannot be latency in a sweep, whose prune stages run beside "
                                 "other work: name macs or another count here, or prune the "
                                 "trained model with vitlab prune --keep latency=…");
  return settings;
}

core::Json stage_settings(const core::ConfigNode& node, const std::string& path,
                          core::Problems& problems, const std::filesystem::path& near) {
  if (node.key == "prune")
    return prune_settings_json(prune_settings_of(node, path, problems, near));
  if (node.key == "similarity")
    return similarity_settings_json(
        read_or_load(node, path, problems, near, read_similarity_settings));
  if (!node.is_null() && !(node.is_map() && node.items.empty()))
    problems.add(node.place, path + " takes no settings" +
                                 (node.key == "train" ? "; training's are in recipe" : ""));
  return core::Json::object();
}

bool is_known(const std::string& kind, core::Place place, const std::string& path,
              core::Problems& problems) {
  std::vector<std::string> names;
  std::string listed;
  for (const StageKind& row : stage_kinds()) {
    names.emplace_back(row.name);
    listed += (listed.empty() ? "" : ", ") + names.back();
  }
  if (std::find(names.begin(), names.end(), kind) != names.end()) return true;
  const std::string hint = core::did_you_mean(kind, names);
  problems.add(place, path + " " + core::quoted_clip(kind) + " is not a stage" +
                          (hint.empty() ? "; there are " + listed : hint));
  return false;
}

/// What a stage needs of those before it.
void check_order(const std::vector<StageRequest>& stages, const StageRequest& next,
                 core::Place place, const std::string& path, core::Problems& problems) {
  const auto is_random = [](const StageRequest& stage) {
    return stage.settings.value("criterion", std::string()) == "random";
  };
  bool follows_prune = false;
  for (const StageRequest& stage : stages) {
    if (stage.kind != "prune") continue;
    follows_prune = true;
    if (next.kind == "prune" && is_random(stage) == is_random(next))
      problems.add(place,
                   path +
                       ": results of two prune stages would not be told apart; a sweep takes "
                       "one, and beside it one with criterion: random as its control");
  }
  if (next.kind == "measure_pruned" && !follows_prune)
    problems.add(place, path + " needs a prune stage before it, whose model it measures");
}

}  // namespace

std::vector<StageRequest> read_stages(core::ConfigReader& sweep,
                                      const std::filesystem::path& near) {
  const core::ConfigNode* list = sweep.node("stages");
  if (!list) return SweepSpec{}.stages;
  std::vector<StageRequest> stages;
  core::Problems& problems = sweep.problems();
  if (!list->is_sequence() || list->items.empty()) {
    sweep.fail("stages", "must be a list such as [cost, train]");
    return stages;
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const core::ConfigNode& item = list->items[i];
    const std::string path = "stages[" + std::to_string(i) + "]";
    std::vector<StageRequest> requests;
    if (item.is_scalar()) {
      if (!is_known(item.scalar, item.place, path, problems)) continue;
      requests.push_back({item.scalar});
    } else if (item.is_map() && item.items.size() == 1) {
      const core::ConfigNode& entry = item.items[0];
      if (!is_known(entry.key, entry.key_place, path, problems)) continue;
      const std::string at = path + "." + entry.key;
      if (entry.key == "measure" || entry.key == "measure_pruned")
        for (core::Json& settings : measure_settings(entry, at, problems, near))
          requests.push_back({entry.key, std::move(settings)});
      else
        requests.push_back({entry.key, stage_settings(entry, at, problems, near)});
    } else {
      problems.add(item.place, path + " must be a stage's name or `name: settings`");
      continue;
    }
    for (StageRequest& request : requests) {
      if (request.kind != "measure_pruned" &&
          std::find(stages.begin(), stages.end(), request) != stages.end())
        continue;
      check_order(stages, request, item.place, path, problems);
      stages.push_back(std::move(request));
    }
  }
  return stages;
}

void read_recipe_of(core::ConfigReader& reader, const std::filesystem::path& near,
                    SweepSpec& sweep) {
  const core::ConfigNode* node = reader.node("recipe");
  if (!node) return;
  sweep.recipe = read_or_load(*node, "recipe", reader.problems(), near, read_recipe);
  sweep.recipe_name =
      node->is_scalar() ? std::filesystem::path(node->scalar).stem().string() : "inline";
}

}  // namespace vitlab::sweep
