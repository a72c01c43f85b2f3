#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "core/choice.h"
#include "core/json.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"

namespace vitlab::sweep {

/// What a stage of a sweep does with a model.
enum class StageKind : std::uint8_t {
  kCost,
  kTrain,
  kSimilarity,
  kMeasure,
  kPrune,
  kMeasurePruned
};
struct StageKindRow {
  StageKind value;
  std::string_view word;
  std::int64_t version;  // of what it means: part of every identity
  bool is_timed;
  bool needs_data;
};
inline constexpr std::array kStageKinds{
    StageKindRow{StageKind::kCost, "cost", 1, false, false},
    StageKindRow{StageKind::kTrain, "train", 1, false, true},
    StageKindRow{StageKind::kSimilarity, "similarity", 1, false, true},
    StageKindRow{StageKind::kMeasure, "measure", 1, true, false},
    StageKindRow{StageKind::kPrune, "prune", 2, false, true},
    StageKindRow{StageKind::kMeasurePruned, "measure_pruned", 1, true, true}};
static_assert(core::is_whole(kStageKinds));
constexpr const auto& choice_rows(StageKind) { return kStageKinds; }
/// The row of a kind by its word; breaks a promise for an unknown one.
const StageKindRow& stage_kind(std::string_view word);

// The settings of each kind; a train stage takes the sweep's recipe.
struct CostStage {
  friend bool operator==(const CostStage&, const CostStage&) = default;
};
struct TrainStage {
  friend bool operator==(const TrainStage&, const TrainStage&) = default;
};
struct MeasureStage {
  Protocol protocol;
  friend bool operator==(const MeasureStage&, const MeasureStage&) = default;
};
struct MeasurePrunedStage {
  Protocol protocol;
  friend bool operator==(const MeasurePrunedStage&, const MeasurePrunedStage&) = default;
};

/// One entry of `stages`: the kind is which settings it holds, in the order of StageKind.
using StageRequest = std::variant<CostStage, TrainStage, SimilaritySettings, MeasureStage,
                                  PruneSettings, MeasurePrunedStage>;
static_assert(std::variant_size_v<StageRequest> == kStageKinds.size());

inline StageKind kind_of(const StageRequest& request) {
  return static_cast<StageKind>(request.index());
}
/// How the speed of a timed stage is measured; null for the others.
const Protocol* protocol_of(const StageRequest& request);
/// Canonical: settings that equal their defaults are left out.
core::Json stage_settings_json(const StageRequest& request);

}  // namespace vitlab::sweep
