#include <c10/core/GradMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "prune/cut.h"
#include "prune/scores.h"
#include "prune/scoring_batches.h"

namespace vitlab::prune {

namespace {

/// The model without one layer.
struct WithoutLayer {
  graph::LayerId layer;
  model::Executor executor;
  model::Weights weights;
};

std::vector<WithoutLayer> models_without(const ScoreRequest& request) {
  const graph::Graph& graph = request.executor.graph();
  std::vector<WithoutLayer> models;
  for (const graph::LayerId i : graph.layers.ids()) {
    if (!request.candidates.layers[i]) continue;
    ModelCut cut(graph);
    cut.left_out[i] = true;
    models.push_back(
        {i, model::Executor(architecture::build_graph(cut_spec(request.spec, graph, cut))),
         cut_weights(graph, request.weights, cut)});
  }
  return models;
}

void check_forwards(const ScoreRequest& request) {
  const graph::Graph& graph = request.executor.graph();
  graph::Index ablations = 0;
  for (const graph::AxisId a : request.candidates.axes.ids())
    if (request.candidates.axes[a]) ablations += graph.axes[a].size;
  for (const bool layer : request.candidates.layers) ablations += layer ? 1 : 0;
  const graph::Index forwards = (ablations + 1) * request.settings.batches;
  if (forwards <= kMostAblationForwards) return;
  throw core::UserError(
      "the criterion ablation would take " + core::with_thousands(forwards) + " forwards (" +
      core::with_thousands(ablations) + " units and layers, " +
      std::to_string(request.settings.batches) + " batches) each round, more than " +
      core::with_thousands(kMostAblationForwards) +
      "; lower `batches`, name fewer axes, or choose gate_taylor, which estimates it");
}

double loss_of(const model::Executor& executor, const model::Weights& weights,
               const at::Tensor& images, const at::Tensor& labels,
               const model::RunOptions& options = {}) {
  return mean_cross_entropy(executor.run(weights, images, options), labels).item<double>();
}

/// Masks that remove one unit, and what it owns.
model::RunOptions without_unit(const graph::Graph& graph, graph::AxisId axis, std::size_t unit,
                               const at::Tensor& like) {
  graph::KeptUnits kept(graph.axes.size());
  kept[axis].emplace();
  for (graph::Index u = 0; u < graph.axes[axis].size; ++u)
    if (u != static_cast<graph::Index>(unit)) kept[axis]->push_back(u);
  model::RunOptions options;
  options.masks = model::masks_of(graph, kept, like.scalar_type(), like.device());
  return options;
}

}  // namespace

Scores ablation_scores(const ScoreRequest& request) {
  check_forwards(request);
  const c10::NoGradGuard no_grad;
  const model::Executor& executor = request.executor;
  const graph::Graph& graph = executor.graph();
  const std::vector<WithoutLayer> models = models_without(request);
  Scores scores = zero_scores(graph, request.candidates);
  const auto share = 1 / static_cast<double>(request.settings.batches);
  for_each_scoring_batch(
      graph, request.dataset, request.settings, request.seed,
      [&](const at::Tensor& images, const at::Tensor& labels) {
        const double whole = loss_of(executor, request.weights, images, labels);
        for (const graph::AxisId a : scores.units.ids()) {
          core::check_interrupt();
          for (std::size_t u = 0; u < scores.units[a].size(); ++u)
            scores.units[a][u] +=
                share * (loss_of(executor, request.weights, images, labels,
                                 without_unit(graph, a, u, request.weights.tensors.front())) -
                         whole);
        }
        for (const WithoutLayer& model : models)
          scores.layers[model.layer] +=
              share * (loss_of(model.executor, model.weights, images, labels) - whole);
      });
  return scores;
}

}  // namespace vitlab::prune
