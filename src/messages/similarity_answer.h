#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json_fields.h"

namespace vitlab::messages {

/// What models of random initial weights give: the mean over them, and from two on the smallest and
/// largest.
struct ControlValue {
  double value = 0;
  std::optional<double> low, high;

  bool operator==(const ControlValue&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("value", &ControlValue::value),
                      core::required("low", &ControlValue::low),
                      core::required("high", &ControlValue::high)};
  }
};

/// One metric of one layer: the mean over images, a bootstrap interval over images (none for one
/// image, or where it is not a mean over images), and the mean of the shuffled-image null (none for
/// one image).
struct HeadMetric {
  double value = 0;
  std::optional<double> low, high;
  std::optional<double> null_value;
  std::optional<ControlValue> control;

  std::optional<double> control_value() const {
    return control ? std::optional(control->value) : std::nullopt;
  }
  bool operator==(const HeadMetric&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("value", &HeadMetric::value), core::required("low", &HeadMetric::low),
        core::required("high", &HeadMetric::high), core::required("null", &HeadMetric::null_value),
        core::optional("control", &HeadMetric::control)};
  }
};

/// A number of each two: heads of a layer, or layers.
using NumberRows = std::vector<std::vector<double>>;

/// How alike the heads of one attention layer are.
struct LayerHeads {
  std::string layer;
  std::int64_t heads = 0, queries = 0, keys = 0;
  std::int64_t windows = 1;  // per image
  /// 4 tokens or fewer: any two maps are alike, so that value minus null is what is shown.
  bool small_grid = false;
  core::Named<HeadMetric> metrics;            // "head_cosine.max_max.map"
  core::Named<std::vector<double>> per_head;  // "entropy", "attention_distance", …
  core::Named<NumberRows> pairs;              // heads x heads: "map", "output" (cosines), …
  std::int64_t class_tokens = 0;              // the first so many of queries and keys
  std::string note;  // why metrics are missing or how to read them; "" if nothing is to be said

  bool operator==(const LayerHeads&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("layer", &LayerHeads::layer),
                      core::required("heads", &LayerHeads::heads),
                      core::required("queries", &LayerHeads::queries),
                      core::required("keys", &LayerHeads::keys),
                      core::required("windows", &LayerHeads::windows),
                      core::required("small_grid", &LayerHeads::small_grid),
                      core::required("metrics", &LayerHeads::metrics),
                      core::required("per_head", &LayerHeads::per_head),
                      core::required("pairs", &LayerHeads::pairs),
                      core::optional("class_tokens", &LayerHeads::class_tokens),
                      core::optional("note", &LayerHeads::note)};
  }
};

/// Loss (mean cross entropy) and top-1 (share) of a changed model, and less those of the whole.
struct AblatedAnswers {
  double loss = 0, top1 = 0;
  double loss_change = 0, top1_change = 0;

  bool operator==(const AblatedAnswers&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("loss", &AblatedAnswers::loss),
                      core::required("top1", &AblatedAnswers::top1),
                      core::required("loss_change", &AblatedAnswers::loss_change),
                      core::required("top1_change", &AblatedAnswers::top1_change)};
  }
};

/// What one head is worth: the model without it, and with its layer's other heads taken away.
struct AblatedHead {
  std::int64_t head = 0;
  AblatedAnswers removed, left;

  bool operator==(const AblatedHead&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("head", &AblatedHead::head),
                      core::required("removed", &AblatedHead::removed),
                      core::required("left", &AblatedHead::left)};
  }
};

/// The heads of one layer, each taken away in turn.
struct AblatedLayer {
  std::string layer;
  std::vector<AblatedHead> heads;

  bool operator==(const AblatedLayer&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("layer", &AblatedLayer::layer),
                      core::required("heads", &AblatedLayer::heads)};
  }
};

/// Every head of a model taken away in turn, over so many images.
struct HeadAblations {
  std::int64_t images = 0;
  double loss = 0, top1 = 0;  // of the whole model
  std::vector<AblatedLayer> layers;

  bool operator==(const HeadAblations&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("images", &HeadAblations::images),
                      core::required("loss", &HeadAblations::loss),
                      core::required("top1", &HeadAblations::top1),
                      core::required("layers", &HeadAblations::layers)};
  }
};

/// How alike the heads of a model are: what the record of a similarity stage holds. One of a model
/// without attention holds the note alone.
struct HeadSimilarity {
  std::vector<LayerHeads> layers;  // by depth
  std::int64_t images = 0;
  std::optional<HeadAblations> ablation;
  std::string note;

  bool operator==(const HeadSimilarity&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::optional("layers", &HeadSimilarity::layers),
                      core::optional("images", &HeadSimilarity::images),
                      core::optional("ablation", &HeadSimilarity::ablation),
                      core::optional("note", &HeadSimilarity::note)};
  }
};

/// A number for each two layers; none where they are not comparable.
struct LayerMap {
  std::vector<std::string> layers;
  std::vector<std::vector<std::optional<double>>> values;

  bool operator==(const LayerMap&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("layers", &LayerMap::layers),
                      core::required("values", &LayerMap::values)};
  }
};

/// By how much a metric of the first model exceeds that of the second: the mean over images, and a
/// bootstrap interval over the images that both saw (none where it is no mean over images).
struct MetricDifference {
  double difference = 0;
  std::optional<double> low, high;

  bool operator==(const MetricDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("difference", &MetricDifference::difference),
                      core::required("low", &MetricDifference::low),
                      core::required("high", &MetricDifference::high)};
  }
};

/// The same on average of layers.
struct MeanDifference : MetricDifference {
  std::int64_t layers = 1;    // that it is the mean of
  std::int64_t opposite = 0;  // of these, how many differ the other way

  bool operator==(const MeanDifference&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(MetricDifference::fields(),
                          std::tuple{core::required("layers", &MeanDifference::layers),
                                     core::required("opposite", &MeanDifference::opposite)});
  }
};

/// The differences of one layer.
struct LayerDifferences {
  std::string layer;
  core::Named<MetricDifference> metrics;

  bool operator==(const LayerDifferences&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("layer", &LayerDifferences::layer),
                      core::required("metrics", &LayerDifferences::metrics)};
  }
};

/// How the heads of a model differ from another's on the same images.
struct SimilarityComparison {
  std::string against, id;  // the other model
  std::string weights;      // where its weights came from, in words
  std::vector<std::string> resized;
  std::vector<LayerDifferences> layers;
  core::Named<MeanDifference> summary;      // means over the layers that both have
  std::vector<std::string> only_a, only_b;  // layers without a counterpart
  std::string sentence;

  bool operator==(const SimilarityComparison&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("against", &SimilarityComparison::against),
                      core::required("id", &SimilarityComparison::id),
                      core::required("weights", &SimilarityComparison::weights),
                      core::optional("resized", &SimilarityComparison::resized),
                      core::required("layers", &SimilarityComparison::layers),
                      core::required("summary", &SimilarityComparison::summary),
                      core::required("only_a", &SimilarityComparison::only_a),
                      core::required("only_b", &SimilarityComparison::only_b),
                      core::required("sentence", &SimilarityComparison::sentence)};
  }
};

/// The attention maps of one layer for one image, a file a head.
struct LayerPictures {
  std::string layer;
  std::vector<std::string> files;

  bool operator==(const LayerPictures&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("layer", &LayerPictures::layer),
                      core::required("files", &LayerPictures::files)};
  }
};

/// An image and where it is attended to; files are relative to the folder of the request.
struct AttentionPictures {
  std::int64_t image = 0;
  std::string file;
  std::vector<LayerPictures> layers;

  bool operator==(const AttentionPictures&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("image", &AttentionPictures::image),
                      core::required("file", &AttentionPictures::file),
                      core::required("layers", &AttentionPictures::layers)};
  }
};

/// How much the attention heads of a model repeat each other.
struct SimilarityAnswer : HeadSimilarity {
  std::string model, id;
  std::string weights;  // where they came from, in words
  std::vector<std::string> resized;
  std::optional<LayerMap> cross_layer, layer_cka;
  std::optional<SimilarityComparison> comparison;
  std::vector<AttentionPictures> pictures;

  bool operator==(const SimilarityAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("model", &SimilarityAnswer::model),
                      core::required("id", &SimilarityAnswer::id),
                      core::required("weights", &SimilarityAnswer::weights),
                      core::optional("resized", &SimilarityAnswer::resized),
                      core::required("layers", &SimilarityAnswer::layers),
                      core::required("images", &SimilarityAnswer::images),
                      core::optional("cross_layer", &SimilarityAnswer::cross_layer),
                      core::optional("layer_cka", &SimilarityAnswer::layer_cka),
                      core::optional("comparison", &SimilarityAnswer::comparison),
                      core::optional("pictures", &SimilarityAnswer::pictures),
                      core::optional("ablation", &SimilarityAnswer::ablation)};
  }
};

}  // namespace vitlab::messages
