#include "similarity/head_cosine.h"

#include <algorithm>
#include <limits>

#include <ATen/Parallel.h>

#include "core/error.h"
#include "similarity/row_sums.h"

namespace vitlab::similarity {

namespace {

/// For head i the largest cosine with another head.
double largest_other(const double* cosines, std::size_t heads, std::size_t i) {
  double largest = -1;
  for (std::size_t j = 0; j < heads; ++j)
    if (j != i) largest = std::max(largest, cosines[i * heads + j]);
  return largest;
}

double max_max(const double* cosines, std::size_t heads) {
  double largest = -1;
  for (std::size_t i = 0; i < heads; ++i)
    largest = std::max(largest, largest_other(cosines, heads, i));
  return largest;
}

double mean_max(const double* cosines, std::size_t heads) {
  double sum = 0;
  for (std::size_t i = 0; i < heads; ++i) sum += largest_other(cosines, heads, i);
  return sum / static_cast<double>(heads);
}

double mean_mean(const double* cosines, std::size_t heads) {
  double sum = 0;
  for (std::size_t i = 0; i < heads; ++i)
    for (std::size_t j = 0; j < heads; ++j)
      if (j != i) sum += cosines[i * heads + j];
  return sum / static_cast<double>(heads * (heads - 1));
}

/// Reduces a stack of (N, heads, heads) cosines image by image.
void reduce_each(const at::Tensor& cosines,
                 std::array<std::vector<double>, kHeadReductions>& values) {
  const at::Tensor here = cosines.to(at::kCPU).contiguous();
  const auto heads = static_cast<std::size_t>(here.size(1));
  const double* image = here.const_data_ptr<double>();
  for (graph::Index i = 0; i < here.size(0); ++i, image += heads * heads)
    for (std::size_t r = 0; r < kHeadReductions; ++r)
      values[r].push_back(head_reductions()[r].reduce(image, heads));
}

void add_to(std::vector<double>& sums, const at::Tensor& cosines) {
  const at::Tensor sum = cosines.sum(0).to(at::kCPU).contiguous();
  sums.resize(static_cast<std::size_t>(sum.numel()));
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += sum.const_data_ptr<double>()[i];
}

/// Products (N, heads, heads) of heads as they are, and less their means.
struct Products {
  at::Tensor raw, centred;
};

/// Sums (images, heads) of entries (images, windows, heads, length) less `centre`.
template <typename T>
at::Tensor sums_of(const at::Tensor& entries, double centre) {
  at::Tensor sums = at::zeros({entries.size(0), entries.size(2)}, at::kDouble);
  const graph::Index windows = entries.size(1), heads = entries.size(2), length = entries.size(3);
  const T* data = entries.const_data_ptr<T>();
  double* out = sums.mutable_data_ptr<double>();
  at::parallel_for(0, entries.size(0), 1, [&](graph::Index begin, graph::Index end) {
    for (graph::Index run = begin * windows * heads; run < end * windows * heads; ++run)
      out[run / (windows * heads) * heads + run % heads] +=
          sum_less(data + run * length, static_cast<T>(centre), length);
  });
  return sums;
}

/// Products (images, heads, heads) of entries less `centre`, all windows together.
template <typename T>
at::Tensor grams_of(const at::Tensor& a, const at::Tensor& b, double centre) {
  const graph::Index windows = a.size(1), heads = a.size(2), length = a.size(3);
  const bool is_own = a.is_same(b);
  const T *left = a.const_data_ptr<T>(), *right = b.const_data_ptr<T>();
  at::Tensor grams = at::zeros({a.size(0), heads, heads}, at::kDouble);
  double* out = grams.mutable_data_ptr<double>();
  at::parallel_for(0, a.size(0) * heads, 1, [&](graph::Index begin, graph::Index end) {
    for (graph::Index row = begin; row < end; ++row)
      for (graph::Index window = 0; window < windows; ++window) {
        const graph::Index image = (row / heads * windows + window) * heads;
        for (graph::Index j = is_own ? row % heads : 0; j < heads; ++j)
          out[row * heads + j] += dot(left + (image + row % heads) * length,
                                      right + (image + j) * length, static_cast<T>(centre), length);
      }
  });
  return is_own ? grams + grams.triu(1).transpose(1, 2) : grams;
}

at::Tensor sums_less(const at::Tensor& entries, double centre) {
  return entries.scalar_type() == at::kDouble ? sums_of<double>(entries, centre)
                                              : sums_of<float>(entries, centre);
}

/// `sums_a` and `sums_b` are the sums of a and b less `centre`.
Products products_of(const at::Tensor& a, const at::Tensor& sums_a, const at::Tensor& b,
                     const at::Tensor& sums_b, double centre) {
  const at::Tensor gram = a.scalar_type() == at::kDouble ? grams_of<double>(a, b, centre)
                                                         : grams_of<float>(a, b, centre);
  // What was taken off, as the numbers' own type has it.
  const double off = a.scalar_type() == at::kDouble ? centre : static_cast<float>(centre);
  const auto length = static_cast<double>(a.size(1) * a.size(3));
  const at::Tensor sum_a = sums_a.unsqueeze(2), sum_b = sums_b.unsqueeze(1);
  return {gram + off * (sum_a + sum_b) + length * off * off, gram - sum_a * sum_b / length};
}

/// Squared lengths (N, heads) of heads as they are, and less their means. What float32 leaves of a
/// uniform head is rounding, which has no direction.
Products squares_of(const Products& own) {
  constexpr double kRounding = 1e-12;
  const at::Tensor raw = own.raw.diagonal(0, 1, 2), centred = own.centred.diagonal(0, 1, 2);
  return {raw, centred.masked_fill(centred < kRounding * raw, 0)};
}

/// Cosines from products and the squared lengths of both sides; 0 where a length is 0.
at::Tensor cosines_of(const at::Tensor& products, const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor lengths = a.sqrt().unsqueeze(2) * b.sqrt().unsqueeze(1);
  return (products / lengths.clamp_min(std::numeric_limits<double>::min()))
      .masked_fill(lengths == 0, 0);
}

at::Tensor effective_rank(const at::Tensor& gram) {
  const at::Tensor sigma = at::linalg_eigvalsh(gram).clamp_min(0).sqrt();
  const at::Tensor total = sigma.sum(1, true).clamp_min(std::numeric_limits<double>::min());
  return at::special_entr(sigma / total).sum(1).exp();
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

void HeadCosines::add(const at::Tensor& per_head) {
  const graph::Index images = per_head.size(0) / windows_, heads = per_head.size(1);
  core::ensure(heads >= 2 && images * windows_ == per_head.size(0),
               "whole images of two heads or more");
  const bool is_double = per_head.scalar_type() == at::kDouble;
  const at::Tensor entries = per_head.to(at::kCPU, is_double ? at::kDouble : at::kFloat)
                                 .reshape({images, windows_, heads, -1})
                                 .contiguous();
  const at::Tensor sums = sums_less(entries, centre_);
  const Products own = products_of(entries, sums, entries, sums, centre_);
  const Products squares = squares_of(own);
  const at::Tensor raw = cosines_of(own.raw, squares.raw, squares.raw);
  const at::Tensor centred = cosines_of(own.centred, squares.centred, squares.centred);
  reduce_each(raw, raw_.values);
  reduce_each(centred, centred_.values);
  add_to(raw_.sums, raw);
  add_to(centred_.sums, centred);
  const at::Tensor ranks = effective_rank(own.raw).to(at::kCPU);
  effective_.insert(effective_.end(), ranks.const_data_ptr<double>(),
                    ranks.const_data_ptr<double>() + ranks.numel());
  chain_.add({entries, sums, squares.raw, squares.centred},
             [this](const auto& a, const auto& b) { pair(a, b); });
}

void HeadCosines::close() {
  chain_.close([this](const auto& a, const auto& b) { pair(a, b); });
}

void HeadCosines::pair(const Chain::Images& a, const Chain::Images& b) {
  const Products products = products_of(a[0], a[1], b[0], b[1], centre_);
  reduce_each(cosines_of(products.raw, a[2], b[2]), raw_.null_values);
  reduce_each(cosines_of(products.centred, a[3], b[3]), centred_.null_values);
}

}  // namespace vitlab::similarity
