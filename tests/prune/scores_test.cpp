#include "prune/scores.h"

#include <cmath>
#include <memory>

#include <c10/core/GradMode.h>

#include "core/error.h"
#include "data/batch_loader.h"
#include "prune_models.h"
#include "stats/correlation.h"
#include "test.hpp"
#include "train/train.h"
#include "trained_net.h"

namespace vitlab::prune {
namespace {

constexpr std::uint64_t kSeed = 5;

struct LabelledImages {
  at::Tensor images, labels;
};

/// The batches that scores are computed from: in the loader's order for the seed.
std::vector<LabelledImages> batches_of(const graph::Graph& graph, const data::Dataset& dataset,
                                       const sweep::PruneSettings& settings) {
  const graph::Shape& image = graph.value(graph.input).shape;
  data::LoaderSettings loading;
  loading.batch_size = settings.batch_size;
  loading.channels = image[1];
  loading.height = image[2];
  loading.width = image[3];
  loading.shuffle = true;
  loading.seed = kSeed;
  data::BatchLoader loader(dataset, loading);
  loader.start(0);
  std::vector<LabelledImages> batches;
  data::Batch batch;
  while (static_cast<graph::Index>(batches.size()) < settings.batches && loader.next(batch))
    batches.push_back(
        {at::from_blob(batch.images.data(), {batch.count(), image[1], image[2], image[3]}).clone(),
         at::from_blob(batch.labels.data(), {batch.count()}, at::kLong).clone()});
  return batches;
}

double loss_of(const model::Executor& executor, const model::Weights& weights,
               const LabelledImages& batch, const model::RunOptions& options = {}) {
  const c10::NoGradGuard no_grad;
  const model::RunResult result = executor.run(weights, batch.images, options);
  double loss = 0;
  for (const at::Tensor& output : result.outputs)
    loss += at::cross_entropy_loss(output, batch.labels).item<double>();
  return loss / static_cast<double>(result.outputs.size());
}

/// Ones but for one unit of one axis.
model::RunOptions gate_options(const graph::Graph& graph, graph::AxisId axis, graph::Index unit,
                               double gate, at::ScalarType dtype) {
  model::RunOptions options;
  options.gates.resize(graph.axes.size());
  options.gates[axis] = at::ones({graph.axes[axis].size}, dtype);
  options.gates[axis].index_put_({at::tensor(unit)}, at::tensor(gate, dtype));
  return options;
}

double squared(double x) { return x * x; }

TEST_CASE("a gate-Taylor score is the mean square of the loss's slope along the unit's gate") {
  constexpr double kStep = 1e-7;  // small, so that few kinks of squeezed channels lie in it
  const sweep::PruneSettings settings = quick_settings();
  for (const std::string& mixer : prunable_mixers()) {
    const model::SmallModel model(prunable_spec(mixer, true), 3);
    const graph::Graph& graph = model.graph();
    const core::IdVector<graph::AxisId, bool> axes = prunable_axes(graph, settings);
    const UnitScores scores = scores_with(model, few_images(), settings, kSeed).units;
    const auto batches = batches_of(graph, few_images(), settings);
    REQUIRE(batches.size() == 2);
    graph::Index checked = 0;
    for (const graph::AxisId a : axes.ids()) {
      CHECK(scores[a].size() == (axes[a] ? static_cast<std::size_t>(graph.axes[a].size) : 0));
      for (graph::Index unit = 0; axes[a] && unit < graph.axes[a].size; unit += 5, ++checked) {
        double expected = 0;
        for (const LabelledImages& batch : batches)
          expected += squared((loss_of(model.executor, model.weights, batch,
                                       gate_options(graph, a, unit, 1 + kStep, at::kDouble)) -
                               loss_of(model.executor, model.weights, batch,
                                       gate_options(graph, a, unit, 1 - kStep, at::kDouble))) /
                              (2 * kStep));
        INFO(mixer << ", " << graph.axis_name(a) << ", unit " << unit);
        CHECK(scores[a][static_cast<std::size_t>(unit)] ==
              Approx(expected / 2).epsilon(1e-4).margin(1e-10));
      }
    }
    CHECK(checked > 20);
  }
}

TEST_CASE("a gate of an FFN's hidden unit acts like a factor on the weights that read it") {
  constexpr double kStep = 1e-7;  // small, so that few kinks of squeezed channels lie in it
  sweep::PruneSettings settings = quick_settings();
  settings.batches = 1;
  const model::SmallModel model(prunable_spec("cascaded", true), 4);
  const graph::Graph& graph = model.graph();
  const auto batches = batches_of(graph, few_images(), settings);
  const UnitScores scores = scores_with(model, few_images(), settings, kSeed).units;
  graph::Index checked = 0;
  for (const graph::AxisId a : graph.axes.ids()) {
    if (graph.axes[a].kind != graph::AxisKind::kHidden) continue;
    for (const graph::ParameterId p : graph.parameters.ids()) {
      const graph::Parameter& parameter = graph.parameters[p];
      if (parameter.dims.size() != 4 || parameter.dims[1].size() != 1 || parameter.dims[1][0] != a)
        continue;
      const auto slope = [&](graph::Index unit) {
        double losses[2];
        for (const int side : {0, 1}) {
          const model::Weights weights = model::copied(model.weights);
          weights[p].select(1, unit).mul_(side == 0 ? 1 + kStep : 1 - kStep);
          losses[side] = loss_of(model.executor, weights, batches[0]);
        }
        return (losses[0] - losses[1]) / (2 * kStep);
      };
      for (const graph::Index unit : {graph::Index{0}, graph.axes[a].size - 1}) {
        CHECK(scores[a][static_cast<std::size_t>(unit)] ==
              Approx(squared(slope(unit))).epsilon(1e-4).margin(1e-10));
        ++checked;
      }
    }
  }
  CHECK(checked >= 8);
}

double correlation_with_ablation(const TrainedNet& net, sweep::PruneSettings settings) {
  settings.batches = 1;
  settings.batch_size = 256;
  const UnitScores estimates = net.scores(settings, kSeed).units;
  settings.criterion = sweep::Criterion::kAblation;
  const UnitScores truths = net.scores(settings, kSeed).units;
  std::vector<double> estimated, seen;
  for (const graph::AxisId a : estimates.ids()) {
    CHECK(estimates[a].size() == truths[a].size());
    for (std::size_t u = 0; u < estimates[a].size(); ++u) {
      estimated.push_back(estimates[a][u]);
      seen.push_back(squared(truths[a][u]));
    }
  }
  CHECK(estimated.size() >= 8);
  return stats::spearman(estimated, seen);
}

TEST_CASE("scores rank the units of a trained net as the loss without each ranks them") {
  sweep::PruneSettings settings = quick_settings();
  for (const char* kind : {"hidden", "qk", "v", "head"}) {
    settings.axes = {kind};
    INFO(kind);
    CHECK(correlation_with_ablation(net_trained_on_digits(), settings) >= 0.8);
  }
  settings.axes = {"hidden", "qk"};
  static const TrainedNet cascaded(prunable_spec("cascaded"),
                                   "synthetic:classes=4,size=16,count=400", 6);
  CHECK(correlation_with_ablation(cascaded, settings) >= 0.8);
}

TEST_CASE("the magnitude of a unit is the sum of squares of every trained weight that it owns") {
  const model::SmallModel model(prunable_spec("full"), 5);
  const graph::Graph& graph = model.graph();
  sweep::PruneSettings settings = quick_settings();
  settings.criterion = sweep::Criterion::kMagnitude;
  const core::IdVector<graph::AxisId, bool> axes = prunable_axes(graph, settings);
  const UnitScores scores = scores_with(model, few_images(), settings, kSeed).units;
  double in_scores = 0, in_weights = 0;
  for (const graph::AxisId a : axes.ids())
    for (const double score : scores[a]) in_scores += score;
  for (const graph::ParameterId p : graph.parameters.ids()) {
    // Every dimension counts the parts of the tensor along it that belong to an axis asked for.
    for (std::size_t d = 0; d < graph.parameters[p].dims.size(); ++d) {
      graph::Index begin = 0;
      for (const graph::AxisId axis : graph.parameters[p].dims[d]) {
        const graph::Index size = graph.axis(axis).size;
        if (axes[axis] && graph.parameters[p].trained)
          in_weights += model.weights[p]
                            .narrow(static_cast<std::int64_t>(d), begin, size)
                            .square()
                            .sum()
                            .item<double>();
        begin += size;
      }
    }
  }
  CHECK(in_weights > 0);
  CHECK(in_scores == Approx(in_weights).epsilon(1e-12));
}

TEST_CASE("random scores hang on the seed and the name of the axis alone") {
  const model::SmallModel small(prunable_spec("cascaded"), 5);
  sweep::PruneSettings settings = quick_settings();
  settings.criterion = sweep::Criterion::kRandom;
  const auto scores = [&](std::uint64_t seed) {
    return scores_with(small, few_images(), settings, seed).units;
  };
  CHECK(scores(1) == scores(1));
  CHECK_FALSE(scores(1) == scores(2));
}

TEST_CASE("NaN among the weights is a mistake that is named") {
  model::SmallModel model(prunable_spec("cascaded"), 6);
  sweep::PruneSettings settings = quick_settings();
  const auto score = [&] { return scores_with(model, few_images(), settings, kSeed); };
  model.weights.tensors.front().fill_(std::nan(""));
  CHECK_THROWS_AS(score(), core::UserError);
  CHECK_THROWS_WITH(score(), Catch::Contains("stages.") && Catch::Contains("NaN"));
  // Magnitudes do not run the model: they see NaN where it stands, in all axes of its tensor.
  settings.criterion = sweep::Criterion::kMagnitude;
  for (const at::Tensor& tensor : model.weights.tensors) tensor.fill_(std::nan(""));
  CHECK_THROWS_AS(score(), core::UserError);
}

}  // namespace
}  // namespace vitlab::prune
