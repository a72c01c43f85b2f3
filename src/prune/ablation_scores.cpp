#include <c10/core/GradMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "prune/cut.h"
#include "prune/scores.h"
#include "prune/scoring_batches.h"

namespace vitlab {

namespace {

/// The model without one layer.
struct WithoutLayer {
  std::size_t layer;
  Executor executor;
  Weights weights;
};

std::vector<WithoutLayer> models_without(const ScoreRequest& request) {
  const Graph& graph = request.executor.graph();
  std::vector<WithoutLayer> models;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (!request.candidates.layers[i]) continue;
    ModelCut cut(graph);
    cut.left_out[i] = true;
    models.push_back({i, Executor(build_graph(cut_spec(request.spec, graph, cut))),
                      cut_weights(graph, request.weights, cut)});
  }
  return models;
}

void check_forwards(const ScoreRequest& request) {
  const Graph& graph = request.executor.graph();
  Index ablations = 0;
  for (std::size_t a = 0; a < request.candidates.axes.size(); ++a)
    if (request.candidates.axes[a]) ablations += graph.axes[a].size;
  for (const bool layer : request.candidates.layers) ablations += layer ? 1 : 0;
  const Index forwards = (ablations + 1) * request.settings.batches;
  if (forwards <= kMostAblationForwards) return;
  throw UserError("the criterion ablation would take " + with_thousands(forwards) + " forwards (" +
                  with_thousands(ablations) + " units and layers, " +
                  std::to_string(request.settings.batches) + " batches) each round, more than " +
                  with_thousands(kMostAblationForwards) +
                  "; lower `batches`, name fewer axes, or choose gate_taylor, which estimates it");
}

double loss_of(const Executor& executor, const Weights& weights, const at::Tensor& images,
               const at::Tensor& labels, const RunOptions& options = {}) {
  return mean_cross_entropy(executor.run(weights, images, options), labels).item<double>();
}

/// Masks that remove one unit, and what it owns.
RunOptions without_unit(const Graph& graph, std::size_t axis, std::size_t unit,
                        const at::Tensor& like) {
  KeptUnits kept(graph.axes.size());
  kept[axis].emplace();
  for (Index u = 0; u < graph.axes[axis].size; ++u)
    if (u != static_cast<Index>(unit)) kept[axis]->push_back(u);
  RunOptions options;
  options.masks = masks_of(graph, kept, like.scalar_type(), like.device());
  return options;
}

}  // namespace

Scores ablation_scores(const ScoreRequest& request) {
  check_forwards(request);
  const c10::NoGradGuard no_grad;
  const Executor& executor = request.executor;
  const Graph& graph = executor.graph();
  const std::vector<WithoutLayer> models = models_without(request);
  Scores scores = zero_scores(graph, request.candidates);
  const auto share = 1 / static_cast<double>(request.settings.batches);
  for_each_scoring_batch(
      graph, request.dataset, request.settings, request.seed,
      [&](const at::Tensor& images, const at::Tensor& labels) {
        const double whole = loss_of(executor, request.weights, images, labels);
        for (std::size_t a = 0; a < scores.units.size(); ++a) {
          check_interrupt();
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

}  // namespace vitlab
