#include "prune/cut.h"

#include <set>

#include "core/error.h"
#include "prune_models.h"
#include "random_units.h"
#include "test.hpp"

namespace vitlab::prune {
namespace {

sweep::PruneSettings every_axis() {
  sweep::PruneSettings settings = quick_settings();
  settings.axes = {"stem",   "embedding", "head",    "qk",   "v",
                   "hidden", "expansion", "squeeze", "layer"};
  return settings;
}

/// Keeps a random part of each axis that pruning may cut, with probability `share`.
ModelCut random_cut(const model::SmallModel& model, core::Random& random, double share) {
  const Candidates candidates = prune_candidates(model.spec, model.graph(), every_axis());
  ModelCut cut(model.graph());
  for (const graph::AxisId a : cut.kept.ids())
    if (candidates.axes[a] && random.uniform() < share)
      cut.kept[a] = random_units(random, model.graph().axes[a].size);
  return cut;
}

/// The answers of the smaller model that a cut leaves.
std::vector<at::Tensor> cut_outputs(const model::SmallModel& model, const ModelCut& cut,
                                    const at::Tensor& images) {
  const model::Executor smaller(
      architecture::build_graph(cut_spec(model.spec, model.graph(), cut)));
  const model::Weights weights = cut_weights(model.graph(), model.weights, cut);
  REQUIRE(weights.tensors.size() == smaller.graph().parameters.size());
  for (const graph::ParameterId i : smaller.graph().parameters.ids()) {
    const graph::Shape& shape = smaller.graph().parameter(i).shape;
    REQUIRE(weights[i].sizes().vec() == std::vector<graph::Index>(shape.begin(), shape.end()));
  }
  return smaller.run(weights, images).outputs;
}

/// The answers of the whole model with the removed units masked and the branches of left-out layers
/// put to nothing.
std::vector<at::Tensor> masked_outputs(const model::SmallModel& model, const ModelCut& cut,
                                       const at::Tensor& images) {
  model::Weights weights = model::copied(model.weights);
  for (const graph::ParameterId p : model.graph().parameters.ids()) {
    const graph::Parameter& parameter = model.graph().parameter(p);
    if (cut.left_out[parameter.layer] && parameter.trained) weights[p].zero_();
  }
  model::RunOptions options;
  options.masks = model::masks_of(model.graph(), cut.kept, at::kDouble);
  return model.executor.run(weights, images, options).outputs;
}

template <typename Law>
void for_every_family(Law&& law) {
  std::uint64_t seed = 20;
  for (const auto& [family, knobs] : tiny_families()) {
    const model::SmallModel model(tiny_family(knobs), ++seed);
    core::Random random(seed);
    INFO(family);
    law(model, random);
  }
}

TEST_CASE("masked equals cut in every family, axis by axis and all at once") {
  std::set<std::string> seen;
  for_every_family([&](const model::SmallModel& model, core::Random& random) {
    const at::Tensor images = model.images(2, 4);
    const Candidates candidates = prune_candidates(model.spec, model.graph(), every_axis());
    std::set<std::pair<std::string, std::string>> done;  // one axis of each kind and kind of layer
    for (const graph::AxisId a : candidates.axes.ids()) {
      const graph::Axis& axis = model.graph().axes[a];
      const std::string kind(graph::axis_kind_name(axis.kind));
      const std::string layer(!axis.layer.valid() ? "" : model.graph().layer(axis.layer).kind);
      if (!candidates.axes[a] || !done.insert({kind, layer}).second) continue;
      seen.insert(kind);
      ModelCut cut(model.graph());
      cut.kept[a] = random_units(random, axis.size);
      INFO(model.graph().axis_name(a));
      CHECK(model::largest_difference(masked_outputs(model, cut, images),
                                      cut_outputs(model, cut, images)) < 1e-9);
    }
    for (int draw = 0; draw < 4; ++draw) {
      const ModelCut cut = random_cut(model, random, 0.6);
      CHECK(model::largest_difference(masked_outputs(model, cut, images),
                                      cut_outputs(model, cut, images)) < 1e-9);
    }
  });
  CHECK(seen == std::set<std::string>{"embedding", "expansion", "head", "hidden", "qk", "squeeze",
                                      "stem", "v"});
}

TEST_CASE("leaving a layer out equals a branch of nothing, with other axes cut beside it") {
  int layers = 0;
  for_every_family([&](const model::SmallModel& model, core::Random& random) {
    const at::Tensor images = model.images(2, 4);
    sweep::PruneSettings settings = every_axis();
    settings.axes = {"layer"};  // without the embedding, even layers on which splits hang may go
    const Candidates candidates = prune_candidates(model.spec, model.graph(), settings);
    for (const graph::LayerId i : candidates.layers.ids()) {
      if (!candidates.layers[i]) continue;
      ++layers;
      ModelCut cut(model.graph());
      cut.left_out[i] = true;
      INFO(model.graph().layers[i].path);
      CHECK(model::largest_difference(masked_outputs(model, cut, images),
                                      cut_outputs(model, cut, images)) < 1e-9);
    }
    ModelCut cut = random_cut(model, random, 0.5);
    const Candidates together = prune_candidates(model.spec, model.graph(), every_axis());
    for (const graph::LayerId i : together.layers.ids())
      cut.left_out[i] = together.layers[i] && random.uniform() < 0.5;
    CHECK(model::largest_difference(masked_outputs(model, cut, images),
                                    cut_outputs(model, cut, images)) < 1e-9);
  });
  CHECK(layers > 30);
}

TEST_CASE("two cuts equal the cut of both, with heads and layers that go in the first") {
  for_every_family([&](const model::SmallModel& model, core::Random& random) {
    const graph::Graph& graph = model.graph();
    ModelCut first = random_cut(model, random, 0.5);
    const Candidates candidates = prune_candidates(model.spec, graph, every_axis());
    for (const graph::LayerId i : candidates.layers.ids())
      first.left_out[i] = candidates.layers[i] && random.uniform() < 0.3;
    const model::SmallModel half(cut_spec(model.spec, graph, first), 1);
    const model::Weights half_weights = cut_weights(graph, model.weights, first);
    const ModelCut second = random_cut(half, random, 0.5);
    ModelCut both = first;
    const std::vector<graph::AxisId> axes = axes_left(graph, first);
    REQUIRE(axes.size() == half.graph().axes.size());
    for (const graph::AxisId a : second.kept.ids()) {
      if (!second.kept[a]) continue;
      const graph::AxisId whole = axes[a.index()];
      const std::vector<graph::Index> left = model::units_left(graph, first.kept, whole);
      std::vector<graph::Index>& kept = both.kept[whole].emplace();
      for (const graph::Index unit : *second.kept[a])
        kept.push_back(left[static_cast<std::size_t>(unit)]);
    }
    CHECK(architecture::model_id(cut_spec(half.spec, half.graph(), second)) ==
          architecture::model_id(cut_spec(model.spec, graph, both)));
    CHECK(model::largest_difference(cut_weights(half.graph(), half_weights, second).tensors,
                                    cut_weights(graph, model.weights, both).tensors) == 0);
  });
}

TEST_CASE("a cut of nothing is the model, with its id") {
  for_every_family([&](const model::SmallModel& model, core::Random&) {
    ModelCut cut(model.graph());
    for (const graph::AxisId a : cut.kept.ids())
      cut.kept[a] = model::units_left(model.graph(), {}, a);
    CHECK(architecture::model_id(cut_spec(model.spec, model.graph(), cut, true)) ==
          architecture::model_id(model.spec));
    CHECK(model::largest_difference(cut_weights(model.graph(), model.weights, cut).tensors,
                                    model.weights.tensors) == 0);
  });
}

TEST_CASE("what a cut is said to cost is what the smaller model's graph costs") {
  CutCounter counter;
  for_every_family([&](const model::SmallModel& model, core::Random& random) {
    const architecture::ModelSpec smaller =
        cut_spec(model.spec, model.graph(), random_cut(model, random, 0.7));
    const graph::Graph graph = architecture::build_graph(smaller);
    CHECK(counter.count(smaller).cost == graph::graph_cost(graph));
    graph::Index numbers = 0;
    const model::Weights weights = model::initial_weights(graph, 1);
    for (const graph::ParameterId p : graph.parameters.ids())
      if (graph.parameters[p].trained) numbers += weights[p].numel();
    CHECK(numbers == counter.count(smaller).cost.parameters);
    CHECK(architecture::model_id(architecture::spec_from_json_text(
              architecture::spec_json(smaller).dump(), "test")) == architecture::model_id(smaller));
  });
}

TEST_CASE("permuting units changes no answer, and pruning finds the same units under new numbers") {
  int permuted = 0;
  for_every_family([&](const model::SmallModel& model, core::Random& random) {
    const graph::Graph& graph = model.graph();
    const Candidates candidates = prune_candidates(model.spec, graph, every_axis());
    graph::KeptUnits order(graph.axes.size());
    for (const graph::AxisId a : order.ids()) {
      if (!candidates.axes[a] || graph.axes[a].kind == graph::AxisKind::kHead) continue;
      order[a] = random.permutation(graph.axes[a].size);
      ++permuted;
    }
    // Slices that take all units in another order.
    model::Weights weights;
    for (const graph::ParameterId p : graph.parameters.ids()) {
      at::Tensor tensor = model.weights[p];
      for (std::size_t d = 0; d < graph.parameters[p].dims.size(); ++d) {
        const graph::Extent& extent = graph.parameters[p].dims[d];
        std::vector<graph::Index> wanted;
        for (std::size_t part = 0; part < extent.size(); ++part)
          for (const graph::Index unit : model::units_left(graph, order, extent[part]))
            wanted.push_back(graph.offset(extent, part) + unit);
        if (!extent.empty())
          tensor = tensor.index_select(static_cast<graph::Index>(d), at::tensor(wanted, at::kLong));
      }
      weights.tensors.push_back(tensor);
    }
    const at::Tensor images = model.images(2, 4);
    const auto plain = model.outputs(images);
    CHECK(model::largest_difference(model.executor.run(weights, images).outputs, plain) < 1e-9);
    sweep::PruneSettings settings = every_axis();
    settings.criterion = sweep::Criterion::kMagnitude;
    settings.keep = {{"macs", 0.8}};
    settings.floor_embedding = 4;
    std::erase(settings.axes, "head");
    const data::Dataset& dataset = few_images();
    const PruneResult one = prune(model.spec, model.weights, dataset, settings, 1);
    const PruneResult other = prune(model.spec, weights, dataset, settings, 1);
    CHECK(architecture::model_id(one.spec) == architecture::model_id(other.spec));
    CHECK(model::largest_difference(
              model::Executor(architecture::build_graph(one.spec)).run(one.weights, images).outputs,
              model::Executor(architecture::build_graph(other.spec))
                  .run(other.weights, images)
                  .outputs) < 1e-9);
  });
  CHECK(permuted > 50);
}

TEST_CASE("attention scales stay unless asked to follow QK, and then as 1/sqrt(QK)") {
  const model::SmallModel model(tiny_family(tiny_families()[1].second), 3);
  const graph::Graph& graph = model.graph();
  ModelCut cut(graph);
  for (const graph::AxisId a : cut.kept.ids())
    if (graph.axes[a].kind == graph::AxisKind::kQk) cut.kept[a] = std::vector<graph::Index>{2};
  const auto scale = [](const architecture::ModelSpec& spec) {
    return std::get<layers::TokenAttention>(spec.stages[0].layers[0]).scale;
  };
  CHECK(scale(model.spec) == Approx(0.5));
  CHECK(scale(cut_spec(model.spec, graph, cut)) == scale(model.spec));
  CHECK(scale(cut_spec(model.spec, graph, cut, true)) == Approx(1.0));
}

TEST_CASE("a model with a label dropped from a parameter no longer slices into the smaller model") {
  const model::SmallModel model(tiny_family(tiny_families()[0].second), 5);
  const ModelCut cut = [&] {
    ModelCut smallest(model.graph());
    const Candidates candidates = prune_candidates(model.spec, model.graph(), every_axis());
    for (const graph::AxisId a : smallest.kept.ids())
      if (candidates.axes[a]) smallest.kept[a] = std::vector<graph::Index>{0};
    return smallest;
  }();
  const graph::Graph smaller = architecture::build_graph(cut_spec(model.spec, model.graph(), cut));
  const auto fits = [&](const graph::Graph& graph) {
    const model::Weights weights = cut_weights(graph, model.weights, cut);
    for (const graph::ParameterId p : smaller.parameters.ids()) {
      const graph::Shape& shape = smaller.parameter(p).shape;
      if (weights[p].sizes().vec() != std::vector<graph::Index>(shape.begin(), shape.end()))
        return false;
    }
    return true;
  };
  CHECK(fits(model.graph()));
  int dropped = 0;
  for (const graph::ParameterId p : model.graph().parameters.ids()) {
    if (p.number() % 5 != 0) continue;
    for (std::size_t d = 0; d < model.graph().parameters[p].dims.size(); ++d) {
      graph::Graph graph = model.graph();
      graph::Extent& extent = graph.parameters[p].dims[d];
      bool is_cut = false;
      for (const graph::AxisId axis : extent) is_cut |= cut.kept[axis].has_value();
      if (!is_cut || smaller.parameters[p].shape[static_cast<int>(d)] ==
                         graph.parameters[p].shape[static_cast<int>(d)])
        continue;
      extent.clear();
      CHECK_FALSE(fits(graph));
      ++dropped;
    }
  }
  CHECK(dropped > 20);
}

}  // namespace
}  // namespace vitlab::prune
