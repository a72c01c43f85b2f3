#include "similarity/head_cosine.h"

#include <algorithm>

#include "core/error.h"

namespace vitlab {

namespace {

/// For head i the largest cosine with another head.
double largest_other(const std::vector<double>& cosines, std::size_t heads, std::size_t i) {
  double largest = -1;
  for (std::size_t j = 0; j < heads; ++j)
    if (j != i) largest = std::max(largest, cosines[i * heads + j]);
  return largest;
}

double max_max(const std::vector<double>& cosines, std::size_t heads) {
  double largest = -1;
  for (std::size_t i = 0; i < heads; ++i)
    largest = std::max(largest, largest_other(cosines, heads, i));
  return largest;
}

double mean_max(const std::vector<double>& cosines, std::size_t heads) {
  double sum = 0;
  for (std::size_t i = 0; i < heads; ++i) sum += largest_other(cosines, heads, i);
  return sum / static_cast<double>(heads);
}

double mean_mean(const std::vector<double>& cosines, std::size_t heads) {
  double sum = 0;
  for (std::size_t i = 0; i < heads; ++i)
    for (std::size_t j = 0; j < heads; ++j)
      if (j != i) sum += cosines[i * heads + j];
  return sum / static_cast<double>(heads * (heads - 1));
}

/// Reduces a stack of (N, heads, heads) cosines image by image.
void reduce_each(const at::Tensor& cosines,
                 std::array<std::vector<double>, kHeadReductions>& values) {
  const at::Tensor here = cosines.contiguous().to(at::kCPU);
  const auto heads = static_cast<std::size_t>(here.size(1));
  const double* data = here.const_data_ptr<double>();
  std::vector<double> one(heads * heads);
  for (Index image = 0; image < here.size(0); ++image) {
    std::copy_n(data + static_cast<std::size_t>(image) * one.size(), one.size(), one.begin());
    for (std::size_t r = 0; r < kHeadReductions; ++r)
      values[r].push_back(head_reductions()[r].reduce(one, heads));
  }
}

}  // namespace

const std::array<HeadReduction, kHeadReductions>& head_reductions() {
  static constexpr std::array<HeadReduction, kHeadReductions> kRows{{
      {"max_max", "the two most similar heads (EfficientViT Fig 4)", max_max},
      {"mean_max", "each head's most similar other head, averaged over heads", mean_max},
      {"mean_mean", "all pairs of heads, averaged", mean_mean},
  }};
  return kRows;
}

at::Tensor HeadCosines::laid_out(const at::Tensor& per_head) const {
  const Index images = per_head.size(0) / windows_, heads = per_head.size(1);
  ensure(heads >= 2 && images * windows_ == per_head.size(0), "whole images of two heads or more");
  const at::Tensor wide =
      per_head.reshape({images, windows_, heads, -1}).transpose(1, 2).to(at::kDouble);
  const at::Tensor flat = wide.reshape({images, heads, -1});
  const at::Tensor length = flat.square().sum(-1, true).sqrt();
  return flat / length.clamp_min(std::numeric_limits<double>::min());
}

void HeadCosines::add(const at::Tensor& per_head) {
  const at::Tensor units = laid_out(per_head);
  const Index images = units.size(0);
  reduce_each(at::bmm(units, units.transpose(1, 2)), values_);
  if (last_.defined())
    pair(last_, units.narrow(0, 0, 1));
  else
    first_ = units.narrow(0, 0, 1).clone();
  if (images > 1) pair(units.narrow(0, 0, images - 1), units.narrow(0, 1, images - 1));
  last_ = units.narrow(0, images - 1, 1).clone();
}

void HeadCosines::close() {
  if (values_[0].size() > 1) pair(last_, first_);
}

void HeadCosines::pair(const at::Tensor& images, const at::Tensor& next_images) {
  reduce_each(at::bmm(images, next_images.transpose(1, 2)), null_);
}

}  // namespace vitlab
