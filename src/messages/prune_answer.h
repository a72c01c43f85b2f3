#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json_fields.h"
#include "messages/forms.h"
#include "messages/measure_answer.h"
#include "sweep/analysis_settings.h"

namespace vitlab::messages {

/// What became of one axis.
struct PrunedAxis {
  std::string axis;   // "stages.0.layers.2.qk[1]"
  std::string layer;  // "stages.0.layers.2"; of an embedding "stages.0"
  std::string kind;   // "qk"
  std::int64_t size = 0;
  std::vector<std::int64_t> kept;  // units of the model that pruning started from
  std::vector<double> scores;      // of each of those units, as last seen

  bool operator==(const PrunedAxis&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("axis", &PrunedAxis::axis), core::required("layer", &PrunedAxis::layer),
        core::required("kind", &PrunedAxis::kind), core::required("size", &PrunedAxis::size),
        core::required("kept", &PrunedAxis::kept), core::required("scores", &PrunedAxis::scores)};
  }
};

/// What became of a layer that could be left out.
struct PrunedLayer {
  std::string layer;  // its path in the model that pruning started from
  std::string kind;   // "ffn"
  bool kept = true;
  double score = 0;  // as last seen

  bool operator==(const PrunedLayer&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("layer", &PrunedLayer::layer), core::required("kind", &PrunedLayer::kind),
        core::required("kept", &PrunedLayer::kept), core::required("score", &PrunedLayer::score)};
  }
};

/// Layers of one kind and stage as the latency table has them.
struct LatencyLine {
  std::int64_t stage = 0;
  std::string kind;
  double fixed_ms = 0;
  std::int64_t measured = 0;  // sizes that the line was fitted to

  bool operator==(const LatencyLine&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("stage", &LatencyLine::stage),
                      core::required("kind", &LatencyLine::kind),
                      core::required("fixed_ms", &LatencyLine::fixed_ms),
                      core::required("measured", &LatencyLine::measured)};
  }
};

/// What estimates of latency rest on, and the estimates.
struct LatencyEstimates {
  sweep::Protocol protocol;
  std::vector<LatencyLine> layers;
  double estimated_before_ms = 0, estimated_after_ms = 0;

  bool operator==(const LatencyEstimates&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("protocol", &LatencyEstimates::protocol),
                      core::required("layers", &LatencyEstimates::layers),
                      core::required("estimated_before_ms", &LatencyEstimates::estimated_before_ms),
                      core::required("estimated_after_ms", &LatencyEstimates::estimated_after_ms)};
  }
};

/// Top-1 on test images before, behind the cut, and in the end.
struct PrunedAccuracy {
  double before = 0, cut = 0, after = 0;
  std::int64_t images = 0;

  bool operator==(const PrunedAccuracy&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("before", &PrunedAccuracy::before),
                      core::required("cut", &PrunedAccuracy::cut),
                      core::required("after", &PrunedAccuracy::after),
                      core::required("images", &PrunedAccuracy::images)};
  }
};

/// The cost metrics of a model by their names.
using CostCounts = core::Named<std::int64_t>;

/// A pruned model: what was cut, what it costs and what it answers.
struct PrunedFacts {
  std::string id;
  sweep::PruneSettings settings;
  sweep::Criterion criterion = sweep::Criterion::kGateTaylor;
  std::map<std::string, double> keep;
  std::string data_fingerprint;
  CostCounts before, estimated, after;  // estimated: counted while cutting
  std::optional<LatencyEstimates> latency;
  PrunedAccuracy accuracy_top1;
  std::int64_t finetune_epochs = 0;
  std::vector<PrunedAxis> axes;
  std::vector<PrunedLayer> layers;

  bool operator==(const PrunedFacts&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("id", &PrunedFacts::id),
                      core::required("settings", &PrunedFacts::settings),
                      core::required("criterion", &PrunedFacts::criterion),
                      core::required("keep", &PrunedFacts::keep),
                      core::required("data_fingerprint", &PrunedFacts::data_fingerprint),
                      core::required("before", &PrunedFacts::before),
                      core::required("estimated", &PrunedFacts::estimated),
                      core::required("after", &PrunedFacts::after),
                      core::optional("latency", &PrunedFacts::latency),
                      core::required("accuracy_top1", &PrunedFacts::accuracy_top1),
                      core::required("finetune_epochs", &PrunedFacts::finetune_epochs),
                      core::required("axes", &PrunedFacts::axes),
                      core::optional("layers", &PrunedFacts::layers)};
  }
};

/// A pruned model with the sizes that were cut brought to multiples.
struct RoundedSpec {
  std::int64_t multiple_of = 8;
  architecture::ModelSpec spec;

  bool operator==(const RoundedSpec&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("multiple_of", &RoundedSpec::multiple_of),
                      core::required("spec", &RoundedSpec::spec)};
  }
};

/// Details of the record of a prune stage: what a measure_pruned stage starts from too.
struct PruneDetails : PrunedFacts {
  std::vector<RoundedSpec> rounded;

  bool operator==(const PruneDetails&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(PrunedFacts::fields(),
                          std::tuple{core::required("rounded", &PruneDetails::rounded)});
  }
};

/// The speed of a pruned model whose sizes were rounded.
struct RoundedSpeed {
  std::int64_t multiple_of = 8;
  bool changes = false;  // else the sizes are multiples already, and nothing was measured
  std::int64_t macs = 0;
  double macs_ratio = 1;  // over the pruned model's
  std::optional<MeasuredModel> measured;

  bool operator==(const RoundedSpeed&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("multiple_of", &RoundedSpeed::multiple_of),
                      core::required("changes", &RoundedSpeed::changes),
                      core::required("macs", &RoundedSpeed::macs),
                      core::required("macs_ratio", &RoundedSpeed::macs_ratio),
                      core::optional("measured", &RoundedSpeed::measured)};
  }
};

/// Speeds before and after pruning, measured in turns.
struct PrunedSpeedRows {
  MeasuredModel before, after;
  std::vector<RoundedSpeed> rounded;
  std::vector<std::string> notes;

  bool operator==(const PrunedSpeedRows&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("before", &PrunedSpeedRows::before),
                      core::required("after", &PrunedSpeedRows::after),
                      core::optional("rounded", &PrunedSpeedRows::rounded),
                      core::required("notes", &PrunedSpeedRows::notes)};
  }
};

/// The same with how it was measured.
struct PrunedSpeeds : PrunedSpeedRows {
  sweep::Protocol protocol;

  bool operator==(const PrunedSpeeds&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("protocol", &PrunedSpeeds::protocol)},
                          PrunedSpeedRows::fields());
  }
};

/// Details of the record of a measure_pruned stage.
struct MeasurePrunedDetails : PrunedSpeedRows {
  WholeProtocol protocol;
  Environment environment;
  std::string runtime;

  bool operator==(const MeasurePrunedDetails&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(
        std::tuple{core::required("protocol", &MeasurePrunedDetails::protocol)},
        PrunedSpeedRows::fields(),
        std::tuple{core::required("environment", &MeasurePrunedDetails::environment),
                   core::required("runtime", &MeasurePrunedDetails::runtime)});
  }
};

/// A model that was pruned to a budget.
struct PruneAnswer : PrunedFacts {
  std::string model;
  std::uint64_t seed = 0;
  std::string weights;               // where they came from, in words
  std::vector<std::string> resized;  // tensors that were made for another image size
  PrunedSpeeds measured;
  std::filesystem::path out;  // not in the file of the folder itself

  bool operator==(const PruneAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(PrunedFacts::fields(),
                          std::tuple{core::required("model", &PruneAnswer::model),
                                     core::required("seed", &PruneAnswer::seed),
                                     core::required("weights", &PruneAnswer::weights),
                                     core::optional("resized", &PruneAnswer::resized),
                                     core::required("measured", &PruneAnswer::measured),
                                     core::optional("out", &PruneAnswer::out)});
  }
};

}  // namespace vitlab::messages
