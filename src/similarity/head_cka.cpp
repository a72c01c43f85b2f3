#include "similarity/head_cka.h"

#include <algorithm>

#include "core/error.h"

namespace vitlab::similarity {

namespace {

/// Whether the node that makes `output` multiplies V by the map, so that tokens come last.
bool makes_tokens_last(const graph::Graph& graph, graph::ValueId output, graph::ValueId map) {
  for (const graph::Node& node : graph.nodes)
    if (node.output == output) return node.inputs[0] != map;
  throw std::logic_error("a head's output is made by a node");
}

at::Tensor flat(const at::Tensor& images) { return images.reshape({-1, images.size(-1)}); }

}  // namespace

HeadCka::HeadCka(const graph::Graph& graph, const graph::AttentionTap& tap)
    : windows_(tap.windows) {
  tokens_last_ = makes_tokens_last(graph, tap.outputs.front(), tap.maps.front());
  const graph::Shape& map = graph.value(tap.maps.front()).shape;
  tokens_ = map[map.rank() - 2];
  for (graph::Index head = 0; head < tap.heads; ++head) {
    const std::size_t own = tap.outputs.size() == 1 ? 0 : static_cast<std::size_t>(head);
    const graph::Shape& shape = graph.value(tap.outputs[own]).shape;
    sizes_.push_back(shape[shape.rank() - (tokens_last_ ? 2 : 1)]);
  }
  graph::Index channels = 0;
  for (const graph::Index size : sizes_) channels += size;
  sums_ = at::zeros({channels}, at::kDouble);
  moments_ = at::zeros({channels, channels}, at::kDouble);
  shifted_ = at::zeros({channels, channels}, at::kDouble);
}

void HeadCka::add(const std::vector<at::Tensor>& outputs) {
  std::vector<at::Tensor> heads;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const at::Tensor& output = outputs[i];
    const at::Tensor apart = tokens_last_ ? output.reshape({-1, sizes_[i], tokens_}).transpose(1, 2)
                                          : output.reshape({-1, tokens_, sizes_[i]});
    heads.push_back(apart.to(at::kCPU, at::kDouble).reshape({-1, windows_ * tokens_, sizes_[i]}));
  }
  const at::Tensor images = at::cat(heads, 2);
  const at::Tensor rows = flat(images);
  sums_ += rows.sum(0);
  moments_.addmm_(rows.t(), rows);
  rows_ += static_cast<double>(rows.size(0));
  chain_.add({images},
             [this](const auto& a, const auto& b) { shifted_.addmm_(flat(a[0]).t(), flat(b[0])); });
}

void HeadCka::close() {
  chain_.close(
      [this](const auto& a, const auto& b) { shifted_.addmm_(flat(a[0]).t(), flat(b[0])); });
}

std::vector<double> HeadCka::pairs() const { return ratios(moments_); }
std::vector<double> HeadCka::null_pairs() const { return ratios(shifted_); }

std::vector<double> HeadCka::ratios(const at::Tensor& moments) const {
  const at::Tensor mean_part = at::outer(sums_, sums_) / rows_;
  const at::Tensor between = moments - mean_part, own = moments_ - mean_part;
  const auto square = [&](const at::Tensor& of, graph::Index i, graph::Index size_i, graph::Index j,
                          graph::Index size_j) {
    return of.narrow(0, i, size_i).narrow(1, j, size_j).square().sum().item<double>();
  };
  std::vector<double> ratios;
  graph::Index begin_i = 0;
  for (const graph::Index size_i : sizes_) {
    graph::Index begin_j = 0;
    for (const graph::Index size_j : sizes_) {
      const double lengths = std::sqrt(square(own, begin_i, size_i, begin_i, size_i)) *
                             std::sqrt(square(own, begin_j, size_j, begin_j, size_j));
      const double shared = square(between, begin_i, size_i, begin_j, size_j);
      ratios.push_back(lengths > 0 ? shared / lengths : 0);
      begin_j += size_j;
    }
    begin_i += size_i;
  }
  return ratios;
}

}  // namespace vitlab::similarity
