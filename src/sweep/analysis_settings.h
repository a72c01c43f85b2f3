#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/choice.h"
#include "core/config_reader.h"
#include "core/fields.h"
#include "core/json_fields.h"
#include "graph/shape.h"

namespace vitlab::sweep {

/// Head similarity on test images of a data set.
struct SimilaritySettings {
  graph::Index images = 256;  // the first so many of the test split
  graph::Index batch = 32;
  std::uint64_t seed = 0;  // of the bootstrap and of the shuffled-image null
  /// Names of sweep/similarity_metrics.h in its order; a file may also say core or all.
  std::vector<std::string> metrics{"head_cosine"};
  graph::Index control = 0;  // how many models of random initial weights are looked at beside
  bool ablate = false;       // also loss and accuracy without each head, and with each alone

  friend bool operator==(const SimilaritySettings&, const SimilaritySettings&) = default;

  static constexpr auto fields() {
    return std::tuple{core::optional("images", &SimilaritySettings::images),
                      core::optional("batch", &SimilaritySettings::batch),
                      core::optional("seed", &SimilaritySettings::seed),
                      core::optional("metrics", &SimilaritySettings::metrics),
                      core::optional("control", &SimilaritySettings::control),
                      core::optional("ablate", &SimilaritySettings::ablate)};
  }
};

/// What says how important a unit is.
enum class Criterion : std::uint8_t {
  kGateTaylor,
  kMagnitude,
  kBatchNormScale,
  kAblation,
  kRandom
};
struct CriterionRow {
  Criterion value;
  std::string_view word;
};
inline constexpr std::array kCriteria{CriterionRow{Criterion::kGateTaylor, "gate_taylor"},
                                      CriterionRow{Criterion::kMagnitude, "magnitude"},
                                      CriterionRow{Criterion::kBatchNormScale, "batch_norm_scale"},
                                      CriterionRow{Criterion::kAblation, "ablation"},
                                      CriterionRow{Criterion::kRandom, "random"}};
static_assert(core::is_whole(kCriteria));
constexpr const auto& choice_rows(Criterion) { return kCriteria; }

/// What scores are compared with: of the whole model (global), of the same axis (local), or of
/// axes of one kind in one kind of layer (isomorphic); cuts go evenly through these scopes.
enum class PruneScope : std::uint8_t { kGlobal, kLocal, kIsomorphic };
struct PruneScopeRow {
  PruneScope value;
  std::string_view word;
};
inline constexpr std::array kPruneScopes{PruneScopeRow{PruneScope::kGlobal, "global"},
                                         PruneScopeRow{PruneScope::kLocal, "local"},
                                         PruneScopeRow{PruneScope::kIsomorphic, "isomorphic"}};
static_assert(core::is_whole(kPruneScopes));
constexpr const auto& choice_rows(PruneScope) { return kPruneScopes; }

/// Structured pruning to a budget. `keep` maps a cost metric, or "latency", to the share that is
/// left. "layer" among the axes lets whole layers go.
struct PruneSettings {
  std::map<std::string, double> keep{{"macs", 0.7}};
  std::vector<std::string> axes{"hidden", "qk", "v"};  // kinds of axes (graph/axis.h)
  Criterion criterion = Criterion::kGateTaylor;
  PruneScope scope = PruneScope::kGlobal;
  /// What a unit's score is divided by: macs | params | … | latency; empty: the share saved of the
  /// budgets that do not hold yet.
  std::string cost;
  graph::Index batches = 20;  // training batches that scores are averaged over
  graph::Index batch_size = 64;
  graph::Index steps = 5;        // rounds of scoring and cutting
  graph::Index multiple_of = 1;  // sizes are kept multiples of this where they were
  graph::Index floor_qk = 4, floor_v = 4, floor_hidden = 8;
  graph::Index floor_embedding = 16;  // of a stage's whole width
  bool fold_means = false;         // what removed FFN units do on average goes into the next bias
  bool rescale_attention = false;  // attention scales follow QK, as 1/sqrt(QK) would
  graph::Index finetune_between = 0;  // epochs of training behind each round but the last
  graph::Index finetune_epochs = 0;   // with the recipe's other settings, after cutting

  friend bool operator==(const PruneSettings&, const PruneSettings&) = default;

  static constexpr auto fields() {
    return std::tuple{core::optional("keep", &PruneSettings::keep),
                      core::optional("axes", &PruneSettings::axes),
                      core::optional("criterion", &PruneSettings::criterion),
                      core::optional("scope", &PruneSettings::scope),
                      core::optional("cost", &PruneSettings::cost),
                      core::optional("batches", &PruneSettings::batches),
                      core::optional("batch_size", &PruneSettings::batch_size),
                      core::optional("steps", &PruneSettings::steps),
                      core::optional("multiple_of", &PruneSettings::multiple_of),
                      core::optional("floor_qk", &PruneSettings::floor_qk),
                      core::optional("floor_v", &PruneSettings::floor_v),
                      core::optional("floor_hidden", &PruneSettings::floor_hidden),
                      core::optional("floor_embedding", &PruneSettings::floor_embedding),
                      core::optional("fold_means", &PruneSettings::fold_means),
                      core::optional("rescale_attention", &PruneSettings::rescale_attention),
                      core::optional("finetune_between", &PruneSettings::finetune_between),
                      core::optional("finetune_epochs", &PruneSettings::finetune_epochs)};
  }
};

/// The metric of pruning budgets that is measured, not counted.
constexpr const char* kLatencyMetric = "latency";
/// The name that stands among kinds of axes for whole layers.
constexpr const char* kLayerAxis = "layer";

SimilaritySettings read_similarity_settings(core::ConfigReader& reader);
core::Json similarity_settings_json(const SimilaritySettings& settings);
/// Reads what a message holds as strictly as a file; throws UserError with the place.
void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    SimilaritySettings& settings);
PruneSettings read_prune_settings(core::ConfigReader& reader);
core::Json prune_settings_json(const PruneSettings& settings);
/// Reads what a message holds as strictly as a file; throws UserError with the place.
void from_json_form(const core::Json& json, const core::JsonPlace& place, PruneSettings& settings);

}  // namespace vitlab::sweep
