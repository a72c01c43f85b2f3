#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "data/dataset.h"
#include "messages/similarity_answer.h"
#include "model/executor.h"
#include "store/record.h"
#include "sweep/analysis_settings.h"

namespace vitlab::similarity {

/// One metric of one layer by its name, with what `value` is the mean of.
struct HeadMetric : messages::HeadMetric {
  std::string name;               // "head_cosine.max_max.map", "head_cosine.mean_mean.output"
  std::vector<double> per_image;  // in the order of the images
};

/// A number of each head, or of each pair of heads by rows: means over images.
using HeadValues = std::pair<std::string, std::vector<double>>;

struct LayerSimilarity {
  std::string layer;
  graph::Index heads = 0, queries = 0, keys = 0;
  graph::Index windows = 1;       // per image
  graph::Index class_tokens = 0;  // the first so many of queries and keys
  /// 4 tokens or fewer: any two maps are alike, so that value minus null is what is shown.
  bool is_small_grid = false;
  std::string note;  // why metrics are missing or how to read them; "" if nothing is to be said
  std::vector<HeadMetric> metrics;
  std::vector<HeadValues> per_head;  // "entropy", "attention_distance", …
  std::vector<HeadValues> pairs;     // heads x heads: "map", "output" (cosines), …
};

struct SimilarityResult {
  graph::Index images = 0;
  std::vector<LayerSimilarity> layers;
};

/// Told after each batch how many images of how many are done.
using SimilarityNotice = std::function<void(graph::Index done, graph::Index total)>;

/// How alike the heads of each attention layer are (EfficientViT Fig 4), by the measures that the
/// settings name (sweep/similarity_metrics.h): each is a number an image, of all its windows
/// together, and then the mean over images. Evaluation mode, one batch of maps in memory, and the
/// same numbers for any batch size but for rounding. Throws UserError for a model without
/// attention, images that do not fit it, or maps that hold NaN; Interrupted.
SimilarityResult head_similarity(const model::Executor& executor, const model::Weights& weights,
                                 const at::Tensor& images,
                                 const sweep::SimilaritySettings& settings,
                                 const SimilarityNotice& notice = {});
/// The same on test images of a data set.
SimilarityResult head_similarity(const model::Executor& executor, const model::Weights& weights,
                                 const data::Dataset& dataset,
                                 const sweep::SimilaritySettings& settings,
                                 const SimilarityNotice& notice = {});

/// Puts what models of random weights gave, with the same settings, beside a result.
void add_control(SimilarityResult& result, const std::vector<SimilarityResult>& controls);

/// What of it is told: the samples of each image stay behind.
messages::HeadSimilarity message_of(const SimilarityResult& result);
/// One row per layer and metric, its null under the name with ".null", its control with ".control".
std::vector<store::MetricValue> metrics_of(const SimilarityResult& result);

}  // namespace vitlab::similarity
