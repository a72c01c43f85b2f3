#include "similarity/row_metrics.h"

#include <cmath>
#include <utility>

#include <ATen/Parallel.h>

#include "core/error.h"
#include "similarity/row_sums.h"

namespace vitlab::similarity {

namespace {

void append(std::vector<double>& values, const at::Tensor& tensor) {
  const at::Tensor here = tensor.to(at::kCPU, at::kDouble).contiguous();
  const double* data = here.const_data_ptr<double>();
  values.insert(values.end(), data, data + here.numel());
}

/// By row of `maps` (…, keys): the sum of p ln p, (rows).
template <typename T>
at::Tensor row_entropies(const at::Tensor& maps) {
  const graph::Index keys = maps.size(-1), rows = maps.numel() / keys;
  at::Tensor sums = at::empty({rows}, at::kDouble);
  const T* data = maps.const_data_ptr<T>();
  double* out = sums.mutable_data_ptr<double>();
  at::parallel_for(0, rows, 64, [&](graph::Index begin, graph::Index end) {
    for (graph::Index row = begin; row < end; ++row)
      out[row] = negative_entropy(data + row * keys, keys);
  });
  return sums;
}

/// By window and head: the sum over rows of p · distance, (windows, heads), from maps (windows,
/// heads, queries, keys) and distances (queries, keys).
template <typename T>
at::Tensor path_lengths(const at::Tensor& maps, const at::Tensor& distances) {
  const graph::Index entries = distances.numel(), count = maps.numel() / entries;
  at::Tensor sums = at::empty({count}, at::kDouble);
  const T *data = maps.const_data_ptr<T>(), *lengths = distances.const_data_ptr<T>();
  double* out = sums.mutable_data_ptr<double>();
  at::parallel_for(0, count, 1, [&](graph::Index begin, graph::Index end) {
    for (graph::Index map = begin; map < end; ++map)
      out[map] = dot(data + map * entries, lengths, T{0}, entries);
  });
  return sums.reshape({maps.size(0), maps.size(1)});
}

/// By image and pair of heads i < j the divergence in bits, mean over rows:
/// JS(p, q) = (sum p ln p + sum q ln q) / 2 - sum m ln m with m = (p + q) / 2.
template <typename T>
at::Tensor divergences(const at::Tensor& a, const at::Tensor& entropy_a, const at::Tensor& b,
                       const at::Tensor& entropy_b) {
  const graph::Index windows = a.size(1), heads = a.size(2), queries = a.size(3), keys = a.size(4);
  std::vector<std::pair<graph::Index, graph::Index>> pairs;
  for (graph::Index i = 0; i < heads; ++i)
    for (graph::Index j = i + 1; j < heads; ++j) pairs.emplace_back(i, j);
  const auto count = static_cast<graph::Index>(pairs.size());
  at::Tensor sums = at::zeros({a.size(0), count}, at::kDouble);
  const T *p = a.const_data_ptr<T>(), *q = b.const_data_ptr<T>();
  const double* entropy_p = entropy_a.const_data_ptr<double>();
  const double* entropy_q = entropy_b.const_data_ptr<double>();
  double* out = sums.mutable_data_ptr<double>();
  at::parallel_for(0, a.size(0) * count, 1, [&](graph::Index begin, graph::Index end) {
    for (graph::Index n = begin; n < end; ++n) {
      const auto [i, j] = pairs[static_cast<std::size_t>(n % count)];
      for (graph::Index run = 0; run < windows * queries; ++run) {
        const graph::Index window = (n / count * windows + run / queries) * heads;
        const graph::Index row_p = (window + i) * queries + run % queries;
        const graph::Index row_q = (window + j) * queries + run % queries;
        out[n] += (entropy_p[row_p] + entropy_q[row_q]) / 2 -
                  negative_entropy_of_mean(p + row_p * keys, q + row_q * keys, keys);
      }
    }
  });
  // Equal rows may end below 0 by rounding.
  return sums.clamp_min(0) / (std::log(2.0) * static_cast<double>(windows * queries));
}

}  // namespace

RowMetrics::RowMetrics(const TokenGrid& grid, const RowChoice& choice)
    : windows_(grid.windows), class_tokens_(grid.class_tokens), choice_(choice) {
  if (choice.distance) distances_ = token_distances(grid);
}

void RowMetrics::add(const at::Tensor& given) {
  const bool is_double = given.scalar_type() == at::kDouble;
  const at::Tensor maps = given.to(at::kCPU, is_double ? at::kDouble : at::kFloat).contiguous();
  const graph::Index images = maps.size(0) / windows_, heads = maps.size(1), queries = maps.size(2),
                     keys = maps.size(3);
  core::ensure(images * windows_ == maps.size(0), "maps of whole images");
  const std::vector<graph::Index> by_window{images, windows_, heads};
  if (choice_.confidence)
    append(confidence_, maps.amax(-1).to(at::kDouble).mean(-1).reshape(by_window).mean(1));
  if (choice_.distance) {
    if (distances_.scalar_type() != maps.scalar_type())
      distances_ = distances_.to(maps.scalar_type());
    const at::Tensor lengths =
        is_double ? path_lengths<double>(maps, distances_) : path_lengths<float>(maps, distances_);
    const auto counted = static_cast<double>(windows_ * (queries - class_tokens_));
    append(distance_, lengths.reshape(by_window).sum(1) / counted);
  }
  if (!choice_.entropy && !choice_.divergence) return;
  const at::Tensor rows = (is_double ? row_entropies<double>(maps) : row_entropies<float>(maps))
                              .reshape({images, windows_, heads, queries});
  if (choice_.entropy && keys > 1)
    append(entropy_, -rows.mean(at::IntArrayRef{1, 3}) / std::log(static_cast<double>(keys)));
  if (!choice_.divergence) return;
  const Chain::Images pieces{maps.reshape({images, windows_, heads, queries, keys}), rows};
  append(divergence_, is_double ? divergences<double>(pieces[0], rows, pieces[0], rows)
                                : divergences<float>(pieces[0], rows, pieces[0], rows));
  chain_.add(pieces, [this](const auto& a, const auto& b) { pair(a, b); });
}

void RowMetrics::close() {
  chain_.close([this](const auto& a, const auto& b) { pair(a, b); });
}

void RowMetrics::pair(const Chain::Images& a, const Chain::Images& b) {
  append(null_divergence_, a[0].scalar_type() == at::kDouble
                               ? divergences<double>(a[0], a[1], b[0], b[1])
                               : divergences<float>(a[0], a[1], b[0], b[1]));
}

}  // namespace vitlab::similarity
