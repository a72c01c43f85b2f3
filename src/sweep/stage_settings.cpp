#include "sweep/stage_settings.h"

#include "core/error.h"

namespace vitlab::sweep {

namespace {

core::Json json_of(const CostStage& /*stage*/) { return core::Json::object(); }
core::Json json_of(const TrainStage& /*stage*/) { return core::Json::object(); }
core::Json json_of(const SimilaritySettings& settings) {
  return similarity_settings_json(settings);
}
core::Json json_of(const MeasureStage& stage) { return protocol_json(stage.protocol); }
core::Json json_of(const PruneSettings& settings) { return prune_settings_json(settings); }
core::Json json_of(const MeasurePrunedStage& stage) { return protocol_json(stage.protocol); }

}  // namespace

const StageKindRow& stage_kind(std::string_view word) {
  const auto found = core::find_choice<StageKind>(word);
  core::ensure(found.has_value(), "a stage's name was checked when it was read");
  return core::choice_row(*found);
}

const Protocol* protocol_of(const StageRequest& request) {
  return std::visit(
      []<typename Settings>(const Settings& settings) -> const Protocol* {
        if constexpr (requires { settings.protocol; }) return &settings.protocol;
        return nullptr;
      },
      request);
}

core::Json stage_settings_json(const StageRequest& request) {
  return std::visit([](const auto& settings) { return json_of(settings); }, request);
}

}  // namespace vitlab::sweep
