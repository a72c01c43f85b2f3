#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace vitlab::report {

/// One measure of a layer: the mean over images with its interval, what images shuffled give
/// (chance) and what random weights give.
struct HeadMetricFacts {
  double value = 0;
  std::optional<double> low, high, chance, random;
};

/// Heads x heads; none where a pair has no number.
using HeadMatrix = std::vector<std::vector<std::optional<double>>>;

/// What is known of the heads of one attention layer.
struct HeadLayerFacts {
  std::string layer;
  std::int64_t heads = 0;
  std::string note;
  std::map<std::string, HeadMetricFacts> metrics;       // "head_cosine.max_max.map"
  std::map<std::string, std::vector<double>> per_head;  // "entropy", "gate_importance"
  std::map<std::string, HeadMatrix> pairs;              // "map", "output"
  std::vector<double> lost_without;                     // loss without each head, less the loss

  /// Null if the layer has no such number.
  const HeadMetricFacts* metric(const std::string& name) const;
  /// The mean cosine of a head's map with those of the others; none if it is not known.
  std::optional<double> resemblance(std::size_t head) const;
  /// What each head is worth: `lost_without`, or gate importance; empty where it is not known.
  const std::vector<double>& worth(bool by_ablation) const;
};

/// What `similarity` found in a model, as far as it says it.
struct HeadFacts {
  std::int64_t images = 0;
  std::vector<HeadLayerFacts> layers;  // by depth

  /// Whether the loss without each head of every layer is known.
  bool has_ablation() const;
};

/// Reads the JSON of `similarity --json`, or the details of a sweep's stage: what is missing or
/// broken is left out. Never throws.
HeadFacts head_facts(const core::Json& similarity);

}  // namespace vitlab::report
