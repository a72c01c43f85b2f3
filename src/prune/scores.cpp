#include "prune/scores.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <c10/core/GradMode.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/names.h"
#include "core/random.h"
#include "data/batch_loader.h"

namespace vitlab {

namespace {

using Scorer = UnitScores (*)(const Executor&, const Weights&, const Dataset&,
                              const std::vector<bool>&, const PruneSettings&, std::uint64_t);

struct CriterionRow {
  const char* name;
  Scorer score;
};

constexpr CriterionRow kCriteria[] = {
    {"gate_taylor", gate_taylor_scores},
    {"magnitude", [](const Executor& executor, const Weights& weights, const Dataset&,
                     const std::vector<bool>& axes, const PruneSettings&,
                     std::uint64_t) { return magnitude_scores(executor.graph(), weights, axes); }},
    {"random", [](const Executor& executor, const Weights&, const Dataset&,
                  const std::vector<bool>& axes, const PruneSettings&,
                  std::uint64_t seed) { return random_scores(executor.graph(), axes, seed); }},
};

/// One gate of ones per selected axis, as leaves that collect gradients.
std::vector<at::Tensor> open_gates(const Graph& graph, const std::vector<bool>& axes,
                                   at::ScalarType dtype) {
  std::vector<at::Tensor> gates(graph.axes.size());
  for (std::size_t a = 0; a < gates.size(); ++a)
    if (axes[a]) gates[a] = at::ones({graph.axes[a].size}, dtype).requires_grad_(true);
  return gates;
}

at::Tensor cross_entropy(const std::vector<at::Tensor>& outputs, const at::Tensor& labels) {
  at::Tensor loss = at::cross_entropy_loss(outputs.front(), labels);
  for (std::size_t i = 1; i < outputs.size(); ++i)
    loss = loss + at::cross_entropy_loss(outputs[i], labels);
  return loss / static_cast<double>(outputs.size());
}

void add_squares(std::vector<at::Tensor>& gates, UnitScores& scores) {
  for (std::size_t a = 0; a < gates.size(); ++a) {
    if (!gates[a].defined() || !gates[a].grad().defined()) continue;
    const at::Tensor gradient = gates[a].grad().to(at::kDouble).contiguous();
    const double* values = gradient.data_ptr<double>();
    for (std::size_t u = 0; u < scores[a].size(); ++u) scores[a][u] += values[u] * values[u];
    gates[a].mutable_grad().zero_();
  }
}

UnitScores zeros_for(const Graph& graph, const std::vector<bool>& axes) {
  UnitScores scores(graph.axes.size());
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (axes[a]) scores[a].assign(static_cast<std::size_t>(graph.axes[a].size), 0.0);
  return scores;
}

}  // namespace

std::vector<bool> prunable_axes(const Graph& graph, const PruneSettings& settings) {
  std::vector<bool> gated(graph.axes.size(), false);
  for (const ValueId value : graph.gates)
    for (const AxisId axis : graph.value(value).channels)
      gated[static_cast<std::size_t>(axis)] = true;
  std::vector<bool> selected(graph.axes.size(), false);
  for (std::size_t a = 0; a < selected.size(); ++a) {
    const Axis& axis = graph.axes[a];
    const bool wanted = std::find(settings.axes.begin(), settings.axes.end(),
                                  axis_kind_name(axis.kind)) != settings.axes.end();
    selected[a] = wanted && gated[a] && !axis.held && axis.size > 1;
  }
  return selected;
}

UnitScores gate_taylor_scores(const Executor& executor, const Weights& weights,
                              const Dataset& dataset, const std::vector<bool>& axes,
                              const PruneSettings& settings, std::uint64_t seed) {
  const Graph& graph = executor.graph();
  const Shape& image = graph.value(graph.input).shape;
  LoaderSettings loading;
  loading.batch_size = settings.batch_size;
  loading.channels = image[1];
  loading.height = image[2];
  loading.width = image[3];
  loading.shuffle = true;
  loading.seed = seed;
  BatchLoader loader(dataset, loading);
  UnitScores scores = zeros_for(graph, axes);
  RunOptions options;
  options.gates = open_gates(graph, axes, weights.tensors.front().scalar_type());
  const c10::AutoGradMode with_gradients(true);
  Batch batch;
  Index epoch = 0, count = 0;
  loader.start(epoch);
  for (; count < settings.batches; ++count) {
    check_interrupt();
    if (!loader.next(batch)) {
      loader.start(++epoch);
      if (!loader.next(batch)) throw UserError("pruning needs training images, and there are none");
    }
    const at::Tensor images =
        at::from_blob(batch.images.data(), {batch.count(), image[1], image[2], image[3]});
    const at::Tensor labels = at::from_blob(batch.labels.data(), {batch.count()}, at::kLong);
    const RunResult result = executor.run(weights, images, options);
    cross_entropy(result.outputs, labels.to(result.outputs.front().device())).backward();
    add_squares(options.gates, scores);
  }
  for (auto& axis : scores)
    for (double& score : axis) score /= static_cast<double>(count);
  return scores;
}

UnitScores magnitude_scores(const Graph& graph, const Weights& weights,
                            const std::vector<bool>& axes) {
  UnitScores scores = zeros_for(graph, axes);
  for (std::size_t p = 0; p < graph.parameters.size(); ++p) {
    const Parameter& parameter = graph.parameters[p];
    if (!parameter.trained) continue;
    const at::Tensor squares = weights.tensors[p].detach().to(at::kDouble).square();
    for (std::size_t d = 0; d < parameter.dims.size(); ++d) {
      const Extent& extent = parameter.dims[d];
      if (extent.empty()) continue;
      const auto dim = static_cast<std::int64_t>(d);
      const at::Tensor sums = squares.transpose(0, dim).reshape({squares.size(dim), -1}).sum(1);
      const double* values = sums.data_ptr<double>();
      for (const AxisId id : extent) {
        const auto a = static_cast<std::size_t>(id);
        const auto size = static_cast<std::size_t>(graph.axes[a].size);
        if (axes[a])
          for (std::size_t u = 0; u < size; ++u) scores[a][u] += values[u];
        values += size;
      }
    }
  }
  return scores;
}

UnitScores random_scores(const Graph& graph, const std::vector<bool>& axes, std::uint64_t seed) {
  UnitScores scores = zeros_for(graph, axes);
  for (std::size_t a = 0; a < scores.size(); ++a) {
    Random random(mix64(seed, graph.axis_name(static_cast<AxisId>(a))));
    for (double& score : scores[a]) score = random.uniform();
  }
  return scores;
}

UnitScores unit_scores(const Executor& executor, const Weights& weights, const Dataset& dataset,
                       const std::vector<bool>& axes, const PruneSettings& settings,
                       std::uint64_t seed) {
  std::vector<std::string> known;
  for (const CriterionRow& row : kCriteria) {
    known.emplace_back(row.name);
    if (settings.criterion != row.name) continue;
    UnitScores scores = row.score(executor, weights, dataset, axes, settings, seed);
    for (std::size_t a = 0; a < scores.size(); ++a)
      for (const double score : scores[a])
        if (!std::isfinite(score))
          throw Failure("the score of " + executor.graph().axis_name(static_cast<AxisId>(a)) +
                        " is not a finite number: are there NaNs among the weights?");
    return scores;
  }
  throw UserError("'" + settings.criterion + "' is not a pruning criterion" +
                  did_you_mean(settings.criterion, known));
}

}  // namespace vitlab
