#include "sweep/stages_reader.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

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
template <typename Stage>
std::vector<StageRequest> measure_stages(const core::ConfigNode& node, const std::string& path,
                                         core::Problems& problems,
                                         const std::filesystem::path& near) {
  std::vector<StageRequest> all;
  for (const Protocol& protocol : read_or_load(node, path, problems, near, read_protocols)) {
    if (protocol.runtime == Runtime::kPt2)
      problems.add(node.place, path +
                                   ".runtime pt2 runs files that were compiled elsewhere, which "
                                   "a sweep's models are not; vitlab measure takes such files");
    else if (std::is_same_v<Stage, MeasurePrunedStage> && protocol.runtime != Runtime::kLibtorch)
      problems.add(node.place,
                   path + ".runtime must be libtorch, in which pruned models are timed");
    all.emplace_back(Stage{protocol});
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

void refuse_settings(const core::ConfigNode& node, const std::string& path,
                     core::Problems& problems) {
  if (!node.is_null() && !(node.is_map() && node.items.empty()))
    problems.add(node.place, path + " takes no settings" +
                                 (node.key == "train" ? "; training's are in recipe" : ""));
}

/// The stages that an entry `kind: settings` asks for.
std::vector<StageRequest> stages_of(StageKind kind, const core::ConfigNode& node,
                                    const std::string& path, core::Problems& problems,
                                    const std::filesystem::path& near) {
  switch (kind) {
    case StageKind::kCost:
      refuse_settings(node, path, problems);
      return {CostStage{}};
    case StageKind::kTrain:
      refuse_settings(node, path, problems);
      return {TrainStage{}};
    case StageKind::kSimilarity:
      return {read_or_load(node, path, problems, near, read_similarity_settings)};
    case StageKind::kMeasure:
      return measure_stages<MeasureStage>(node, path, problems, near);
    case StageKind::kPrune:
      return {prune_settings_of(node, path, problems, near)};
    case StageKind::kMeasurePruned:
      return measure_stages<MeasurePrunedStage>(node, path, problems, near);
  }
  return {};
}

template <std::size_t... I>
StageRequest with_defaults(StageKind kind, std::index_sequence<I...>) {
  StageRequest request;
  (void)((static_cast<std::size_t>(kind) == I && (request.emplace<I>(), true)) || ...);
  return request;
}

std::optional<StageKind> read_kind(const std::string& word, core::Place place,
                                   const std::string& path, core::Problems& problems) {
  const auto kind = core::find_choice<StageKind>(word);
  if (kind) return kind;
  const std::vector<std::string> names = core::words_of<StageKind>();
  const std::string hint = core::did_you_mean(word, names);
  problems.add(place, path + " " + core::quoted_clip(word) + " is not a stage" +
                          (hint.empty() ? "; there are " + core::joined(names) : hint));
  return std::nullopt;
}

/// What a stage needs of those before it.
void check_order(const std::vector<StageRequest>& stages, const StageRequest& next,
                 core::Place place, const std::string& path, core::Problems& problems) {
  const auto is_random = [](const PruneSettings& settings) {
    return settings.criterion == Criterion::kRandom;
  };
  const auto* pruning = std::get_if<PruneSettings>(&next);
  bool follows_prune = false;
  for (const StageRequest& stage : stages) {
    const auto* before = std::get_if<PruneSettings>(&stage);
    if (before == nullptr) continue;
    follows_prune = true;
    if (pruning != nullptr && is_random(*before) == is_random(*pruning))
      problems.add(place,
                   path +
                       ": results of two prune stages would not be told apart; a sweep takes "
                       "one, and beside it one with criterion: random as its control");
  }
  if (kind_of(next) == StageKind::kMeasurePruned && !follows_prune)
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
      const auto kind = read_kind(item.scalar, item.place, path, problems);
      if (!kind) continue;
      requests.push_back(
          with_defaults(*kind, std::make_index_sequence<std::variant_size_v<StageRequest>>()));
    } else if (item.is_map() && item.items.size() == 1) {
      const core::ConfigNode& entry = item.items[0];
      const auto kind = read_kind(entry.key, entry.key_place, path, problems);
      if (!kind) continue;
      requests = stages_of(*kind, entry, path + "." + entry.key, problems, near);
    } else {
      problems.add(item.place, path + " must be a stage's name or `name: settings`");
      continue;
    }
    for (StageRequest& request : requests) {
      if (kind_of(request) != StageKind::kMeasurePruned &&
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
