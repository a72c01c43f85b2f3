#pragma once

#include <memory>
#include <vector>

#include <ATen/ATen.h>

#include "data/dataset.h"
#include "graph/shape.h"
#include "sweep/analysis_settings.h"

namespace vitlab::similarity {

/// Gives images batch by batch in an order drawn from a seed: neighbours in it are a derangement
/// that does not depend on the batch, and an undefined tensor ends it.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual at::Tensor next() = 0;
  /// Of the images that next() gave last; undefined for a tensor of images.
  virtual at::Tensor labels() const { return {}; }
  virtual graph::Index images() const = 0;
};

/// The images of a tensor (N, C, H, W), settings.images at most.
std::unique_ptr<ImageSource> images_of(const at::Tensor& images,
                                       const sweep::SimilaritySettings& settings);

/// The first settings.images of the test split, cropped and normalised for `shape` as evaluation
/// does; `dataset` must outlive the source. Throws UserError if the split is empty.
std::unique_ptr<ImageSource> images_of(const data::Dataset& dataset, const graph::Shape& shape,
                                       const sweep::SimilaritySettings& settings);

/// Images of a tensor or of the test split by their numbers, one by one in the order given. Throws
/// UserError for a number that none has.
std::unique_ptr<ImageSource> images_numbered(const at::Tensor& images,
                                             const std::vector<graph::Index>& numbers);
std::unique_ptr<ImageSource> images_numbered(const data::Dataset& dataset,
                                             const graph::Shape& shape,
                                             const std::vector<graph::Index>& numbers);

}  // namespace vitlab::similarity
