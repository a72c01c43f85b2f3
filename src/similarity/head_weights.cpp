#include "similarity/head_weights.h"

#include <algorithm>

namespace vitlab::similarity {

namespace {

/// Where the axes of a fused projection's rows begin, told apart by what they are: QK axes stand
/// there twice, first for queries, then for keys, and what follows them makes values.
struct FusedRows {
  std::vector<std::size_t> q, k;  // positions in the extent
  std::size_t values = 0;         // the first position behind the keys
};

FusedRows fused_rows(const graph::Graph& graph, const graph::Extent& extent) {
  FusedRows rows;
  for (std::size_t i = 0; i < extent.size(); ++i) {
    const graph::AxisId axis = extent.data()[i];
    if (graph.axis(axis).kind != graph::AxisKind::kQk) continue;
    const bool is_key = std::find(extent.data(), extent.data() + i, axis) != extent.data() + i;
    (is_key ? rows.k : rows.q).push_back(i);
    if (is_key) rows.values = i + 1;
  }
  return rows;
}

at::Tensor rows_of(const graph::Graph& graph, const at::Tensor& weight, const graph::Extent& extent,
                   std::size_t first, std::size_t end) {
  const graph::Index begin = graph.offset(extent, first);
  const graph::Index until = end < extent.size() ? graph.offset(extent, end) : graph.size(extent);
  return weight.narrow(0, begin, until - begin).flatten(1).to(at::kCPU, at::kDouble);
}

}  // namespace

std::vector<HeadProjectionWeights> head_projections(const graph::Graph& graph,
                                                    const graph::AttentionTap& tap,
                                                    const model::Weights& weights) {
  std::vector<HeadProjectionWeights> heads;
  for (const graph::ParameterId p : graph.parameters.ids()) {
    const graph::Parameter& parameter = graph.parameters[p];
    if (parameter.layer != tap.layer || parameter.dims.empty() || parameter.shape.rank() < 2 ||
        (!tap.part.empty() && !parameter.name.starts_with(tap.part + ".")))
      continue;
    const graph::Extent& extent = parameter.dims.front();
    const FusedRows rows = fused_rows(graph, extent);
    if (rows.k.empty() || rows.q.size() != rows.k.size()) continue;
    const std::size_t count = rows.q.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto of = [&](std::size_t first, std::size_t end) {
        return rows_of(graph, weights[p], extent, first, end);
      };
      const std::size_t v = rows.values + i;
      heads.push_back({of(rows.q[i], rows.q[i] + 1), of(rows.k[i], rows.k[i] + 1),
                       of(v, count == 1 ? extent.size() : v + 1)});
    }
  }
  if (heads.size() != static_cast<std::size_t>(tap.heads)) heads.clear();
  return heads;
}

std::optional<double> entry_cosine(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::nullopt;
  const double lengths = a.norm().item<double>() * b.norm().item<double>();
  return lengths > 0 ? (a * b).sum().item<double>() / lengths : 0;
}

double subspace_overlap(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kRankTolerance = 1e-10;
  const auto basis = [](const at::Tensor& rows) {
    const auto [u, sigma, right] = at::linalg_svd(rows, false);
    static_cast<void>(u);
    const auto largest = sigma.max().item<double>();
    const auto rank = (sigma > kRankTolerance * largest).sum().item<graph::Index>();
    return right.narrow(0, 0, largest > 0 ? rank : 0);
  };
  const at::Tensor basis_a = basis(a), basis_b = basis(b);
  const graph::Index smaller = std::min(basis_a.size(0), basis_b.size(0));
  if (smaller == 0) return 0;
  return at::mm(basis_a, basis_b.t()).square().sum().item<double>() / static_cast<double>(smaller);
}

}  // namespace vitlab::similarity
