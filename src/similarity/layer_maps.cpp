#include "similarity/layer_maps.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/interrupt.h"

namespace vitlab::similarity {

namespace {

constexpr graph::Index kLeastBatch = 4;
constexpr double kLeastLength = 1e-30;

/// Sums for each pair of layers, of which those below the diagonal mirror those above.
class PairSums {
 public:
  explicit PairSums(std::size_t layers) : layers_(layers), sums_(layers * layers, 0) {}

  void add(std::size_t i, std::size_t j, double value) { sums_[i * layers_ + j] += value; }
  double at(std::size_t i, std::size_t j) const {
    return sums_[std::min(i, j) * layers_ + std::max(i, j)];
  }

 private:
  std::size_t layers_;
  std::vector<double> sums_;
};

/// Calls `look(images)` batch by batch.
template <typename Look>
graph::Index for_each_batch(ImageSource& source, const SimilarityNotice& notice, Look&& look) {
  graph::Index done = 0;
  for (at::Tensor images = source.next(); images.defined(); images = source.next()) {
    core::check_interrupt();
    look(images);
    done += images.size(0);
    if (notice) notice(done, source.images());
  }
  return done;
}

bool are_comparable(const graph::Graph& graph, const graph::AttentionTap& a,
                    const graph::AttentionTap& b) {
  const graph::Shape &map_a = graph.value(a.maps.front()).shape,
                     &map_b = graph.value(b.maps.front()).shape;
  return a.heads == b.heads && a.windows == b.windows &&
         map_a[map_a.rank() - 2] == map_b[map_b.rank() - 2] && map_a.back() == map_b.back();
}

/// The value that each layer gives out: what its last node that depends on the images makes.
std::map<graph::LayerId, graph::ValueId> layer_ends(const graph::Graph& graph) {
  std::map<graph::LayerId, graph::ValueId> ends;
  for (const graph::Node& node : graph.nodes)
    if (node.layer.valid() && graph.value(node.output).batched) ends[node.layer] = node.output;
  return ends;
}

}  // namespace

messages::LayerMap cross_layer_map(const model::Executor& executor, const model::Weights& weights,
                                   ImageSource& source, const SimilarityNotice& notice) {
  const c10::InferenceMode guard;
  const graph::Graph& graph = executor.graph();
  const std::size_t layers = graph.attention.size();
  PairSums sums(layers);
  model::RunOptions options;
  options.taps = true;
  const graph::Index images = for_each_batch(source, notice, [&](const at::Tensor& batch) {
    const model::RunResult run = executor.run(weights, batch, options);
    std::vector<at::Tensor> columns;
    for (const model::AttentionResult& attention : run.attention)
      columns.push_back(attention.maps / attention.maps.norm(2, {2}, true).clamp_min(kLeastLength));
    for (std::size_t i = 0; i < layers; ++i)
      for (std::size_t j = i; j < layers; ++j)
        if (are_comparable(graph, graph.attention[i], graph.attention[j]))
          sums.add(i, j,
                   (columns[i] * columns[j]).sum(2).to(at::kDouble).mean().item<double>() *
                       static_cast<double>(batch.size(0)));
  });
  messages::LayerMap map;
  for (const graph::AttentionTap& tap : graph.attention)
    map.layers.push_back(graph.attention_name(tap));
  map.values.resize(layers, std::vector<std::optional<double>>(layers));
  for (std::size_t i = 0; i < layers; ++i)
    for (std::size_t j = 0; j < layers; ++j)
      if (are_comparable(graph, graph.attention[i], graph.attention[j]))
        map.values[i][j] = sums.at(i, j) / static_cast<double>(images);
  return map;
}

double unbiased_hsic(const at::Tensor& k, const at::Tensor& l) {
  const auto n = static_cast<double>(k.size(0));
  core::ensure(k.size(0) >= kLeastBatch, "an unbiased HSIC has 4 images or more");
  const auto without_diagonal = [](const at::Tensor& gram) {
    return gram - at::diag(at::diagonal(gram));
  };
  const at::Tensor a = without_diagonal(k), b = without_diagonal(l);
  const at::Tensor rows_a = a.sum(1), rows_b = b.sum(1);
  const double together = (a * b).sum().item<double>();
  const double totals = rows_a.sum().item<double>() * rows_b.sum().item<double>();
  const double rows = (rows_a * rows_b).sum().item<double>();
  return (together + totals / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows) / (n * (n - 3));
}

messages::LayerMap layer_cka(const model::Executor& executor, const model::Weights& weights,
                             ImageSource& source, const SimilarityNotice& notice) {
  const c10::InferenceMode guard;
  graph::Graph graph = executor.graph();
  const std::map<graph::LayerId, graph::ValueId> ends = layer_ends(graph);
  messages::LayerMap map;
  graph.outputs.clear();
  for (const auto& [layer, value] : ends) {
    map.layers.push_back(graph.layer(layer).path);
    graph.outputs.push_back({graph.layer(layer).path, value});
  }
  const model::Executor with_ends(std::move(graph), executor.device());
  const std::size_t layers = map.layers.size();
  PairSums sums(layers);
  graph::Index used = 0;
  for_each_batch(source, notice, [&](const at::Tensor& batch) {
    if (batch.size(0) < kLeastBatch) return;
    used += batch.size(0);
    std::vector<at::Tensor> grams;
    for (const at::Tensor& output : with_ends.run(weights, batch).outputs) {
      const at::Tensor rows = output.reshape({batch.size(0), -1}).to(at::kCPU, at::kDouble);
      grams.push_back(at::mm(rows, rows.t()));
    }
    for (std::size_t i = 0; i < layers; ++i)
      for (std::size_t j = i; j < layers; ++j) sums.add(i, j, unbiased_hsic(grams[i], grams[j]));
  });
  if (used == 0)
    throw core::UserError("CKA of layers needs at least one batch of 4 images or more");
  map.values.resize(layers, std::vector<std::optional<double>>(layers));
  for (std::size_t i = 0; i < layers; ++i)
    for (std::size_t j = 0; j < layers; ++j)
      if (const double square = sums.at(i, i) * sums.at(j, j); square > 0)
        map.values[i][j] = sums.at(i, j) / std::sqrt(square);
  return map;
}

}  // namespace vitlab::similarity
