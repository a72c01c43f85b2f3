#include "similarity/image_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "data/batch_loader.h"

namespace vitlab::similarity {

namespace {

std::vector<std::int64_t> random_order(graph::Index available,
                                       const sweep::SimilaritySettings& settings) {
  return core::Random(settings.seed).permutation(std::min(available, settings.images));
}

class TensorSource : public ImageSource {
 public:
  TensorSource(at::Tensor images, std::vector<std::int64_t> order, graph::Index batch)
      : images_(std::move(images)), order_(std::move(order)), batch_(batch) {}

  at::Tensor next() override {
    const graph::Index count = std::min(batch_, this->images() - begin_);
    if (count <= 0) return {};
    const at::Tensor chosen = at::tensor(at::ArrayRef<std::int64_t>(order_).slice(
        static_cast<std::size_t>(begin_), static_cast<std::size_t>(count)));
    begin_ += count;
    return images_.index_select(0, chosen);
  }
  graph::Index images() const override { return static_cast<graph::Index>(order_.size()); }

 private:
  at::Tensor images_;
  std::vector<std::int64_t> order_;
  graph::Index batch_;
  graph::Index begin_ = 0;
};

/// Some images of another data set's test split, in another order.
class Reordered : public data::Dataset {
 public:
  Reordered(const data::Dataset& from, std::vector<std::int64_t> order)
      : data::Dataset({.class_names = from.class_names(),
                       .channels = from.channels(),
                       .native_size = from.native_size(),
                       .preprocessing = from.preprocessing(),
                       .fingerprint = from.fingerprint()}),
        from_(from),
        order_(std::move(order)) {}

  std::int64_t size(data::Split split) const override {
    return split == data::Split::kTest ? static_cast<std::int64_t>(order_.size()) : 0;
  }
  std::int64_t label(data::Split split, std::int64_t index) const override {
    return from_.label(split, order_[static_cast<std::size_t>(index)]);
  }
  std::int64_t load(data::Split split, std::int64_t index, const data::ImageSize& wanted,
                    float* out) const override {
    return from_.load(split, order_[static_cast<std::size_t>(index)], wanted, out);
  }

 private:
  const data::Dataset& from_;
  std::vector<std::int64_t> order_;
};

class DatasetSource : public ImageSource {
 public:
  DatasetSource(const data::Dataset& dataset, const graph::Shape& shape,
                std::vector<std::int64_t> order, graph::Index batch)
      : shape_(shape),
        dataset_(dataset, std::move(order)),
        loader_(dataset_, {.split = data::Split::kTest,
                           .batch_size = batch,
                           .height = shape[2],
                           .width = shape[3],
                           .channels = shape[1],
                           .most_cache_bytes = 0}) {
    loader_.start(0);
  }

  at::Tensor next() override {
    if (!loader_.next(batch_)) return {};
    return at::from_blob(batch_.images.data(), {batch_.count(), shape_[1], shape_[2], shape_[3]},
                         at::kFloat);
  }
  at::Tensor labels() const override {
    return at::tensor(at::ArrayRef<std::int64_t>(batch_.labels), at::kLong);
  }
  graph::Index images() const override { return loader_.images(); }

 private:
  graph::Shape shape_;
  Reordered dataset_;
  data::BatchLoader loader_;
  data::Batch batch_;
};

void check_numbers(const std::vector<graph::Index>& numbers, graph::Index available) {
  for (const graph::Index number : numbers)
    if (number < 0 || number >= available)
      throw core::UserError("there is no image " + std::to_string(number) +
                            ": they are numbered 0 to " + std::to_string(available - 1));
}

}  // namespace

std::unique_ptr<ImageSource> images_of(const at::Tensor& images,
                                       const sweep::SimilaritySettings& settings) {
  return std::make_unique<TensorSource>(images, random_order(images.size(0), settings),
                                        settings.batch);
}

std::unique_ptr<ImageSource> images_of(const data::Dataset& dataset, const graph::Shape& shape,
                                       const sweep::SimilaritySettings& settings) {
  if (dataset.size(data::Split::kTest) == 0)
    throw core::UserError("head similarity looks at test images, and this data set has none");
  return std::make_unique<DatasetSource>(
      dataset, shape, random_order(dataset.size(data::Split::kTest), settings), settings.batch);
}

std::unique_ptr<ImageSource> images_numbered(const at::Tensor& images,
                                             const std::vector<graph::Index>& numbers) {
  check_numbers(numbers, images.size(0));
  return std::make_unique<TensorSource>(images, numbers, 1);
}

std::unique_ptr<ImageSource> images_numbered(const data::Dataset& dataset,
                                             const graph::Shape& shape,
                                             const std::vector<graph::Index>& numbers) {
  check_numbers(numbers, dataset.size(data::Split::kTest));
  return std::make_unique<DatasetSource>(dataset, shape, numbers, 1);
}

}  // namespace vitlab::similarity
