#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/json.h"
#include "data/dataset.h"
#include "model/executor.h"
#include "store/record.h"
#include "sweep/analysis_settings.h"

namespace vitlab {

/// One metric of one layer: the mean over images, a bootstrap interval over images (none for one
/// image), and the mean of the shuffled-image null (none for one image).
struct HeadMetric {
  std::string name;  // "head_cosine.max_max.map", "head_cosine.mean_mean.output"
  double value = 0;
  std::optional<double> low, high;
  std::optional<double> null_value;
};

struct LayerSimilarity {
  std::string layer;
  Index heads = 0, queries = 0, keys = 0;
  Index windows = 1;  // per image
  /// 4 tokens or fewer: any two maps are alike, so that value minus null is what is shown.
  bool is_small_grid = false;
  std::string note;  // why metrics are missing or how to read them; "" if nothing is to be said
  std::vector<HeadMetric> metrics;
};

struct SimilarityResult {
  Index images = 0;
  std::vector<LayerSimilarity> layers;
};

/// Told after each batch how many images of how many are done.
using SimilarityNotice = std::function<void(Index done, Index total)>;

/// How alike the heads of each attention layer are (EfficientViT Fig 4): per image the cosines of
/// all its windows laid end to end, of attention maps and of what the heads give out; three
/// reductions over heads; the mean over images. Evaluation mode, one batch of maps in memory, and
/// the same numbers for any batch size but for rounding. Throws UserError for a model without
/// attention or images that do not fit it, Interrupted.
SimilarityResult head_similarity(const Executor& executor, const Weights& weights,
                                 const at::Tensor& images, const SimilaritySettings& settings,
                                 const SimilarityNotice& notice = {});
/// The same on test images of a data set.
SimilarityResult head_similarity(const Executor& executor, const Weights& weights,
                                 const Dataset& dataset, const SimilaritySettings& settings,
                                 const SimilarityNotice& notice = {});

/// What `similarity --json` prints, but for `schema` and `command`.
Json similarity_json(const SimilarityResult& result);
/// One row per layer and metric, and its null under the name with ".null".
std::vector<MetricValue> metrics_of(const SimilarityResult& result);

}  // namespace vitlab
