#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "similarity/head_similarity.h"

namespace vitlab::similarity {

/// By how much a metric of the first model exceeds that of the second: the mean over images, and a
/// bootstrap interval over the images that both saw (none where the metric is no mean over images).
struct MetricDifference {
  std::string name;
  double value = 0;
  std::optional<double> low, high;
  graph::Index layers = 1;    // that it is the mean of
  graph::Index opposite = 0;  // of these, how many differ the other way
};

struct LayerDifference {
  std::string layer;
  std::vector<MetricDifference> metrics;
};

struct SimilarityComparison {
  std::vector<LayerDifference> layers;
  std::vector<MetricDifference> summary;    // means over the layers that both have
  std::vector<std::string> only_a, only_b;  // layers without a counterpart
};

/// Compares layers of the same path, image by image. Throws UserError if no layer has a counterpart
/// or the two saw unlike numbers of images.
SimilarityComparison compare_similarity(const SimilarityResult& a, const SimilarityResult& b,
                                        std::uint64_t seed);

/// {"layers": [{"layer", "metrics": {name: {"difference", "low", "high"}}}], "summary": {name: {…,
/// "layers", "opposite"}}, "only_a", "only_b", "sentence"}.
core::Json comparison_json(const SimilarityComparison& comparison);

}  // namespace vitlab::similarity
