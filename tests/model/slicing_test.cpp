#include <map>
#include <set>
#include <string>

#include <ATen/ATen.h>

#include "random_units.h"
#include "small_models.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

bool is_prunable(const graph::Axis& axis) {
  return !axis.held && axis.kind != graph::AxisKind::kImage;
}

/// The columns of each output that are left.
std::vector<at::Tensor> left_outputs(const graph::Graph& graph, const graph::KeptUnits& kept,
                                     std::vector<at::Tensor> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const graph::Value& value = graph.value(graph.outputs[i].value);
    const auto units = units_left(graph, kept, value.channels[0]);
    outputs[i] = outputs[i].index_select(1, at::tensor(units, at::kLong));
  }
  return outputs;
}

/// How far the model with masks is from the smaller model with sliced weights.
double gap(const SmallModel& model, const graph::KeptUnits& kept) {
  RunOptions options;
  options.masks = masks_of(model.graph(), kept, at::kDouble);
  const at::Tensor images = model.images(2, 11);
  const auto masked = left_outputs(model.graph(), kept, model.outputs(images, options));
  const Executor smaller(
      architecture::build_graph(architecture::resize_spec(model.spec, model.graph(), kept)));
  const Weights sliced = slice_weights(model.graph(), model.weights, kept);
  for (const graph::ParameterId id : smaller.graph().parameters.ids()) {
    const graph::Shape& shape = smaller.graph().parameter(id).shape;
    REQUIRE(sliced[id].sizes().vec() == std::vector<graph::Index>(shape.begin(), shape.end()));
  }
  return largest_difference(masked, smaller.run(sliced, images).outputs);
}

}  // namespace

TEST_CASE("masking an axis equals slicing it, for every axis of every layer kind") {
  std::set<graph::AxisKind> seen;
  for (const bool tied : {false, true}) {
    for (const std::string& kind : layers::layer_kind_names()) {
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        RandomSpecs specs(seed + 100);
        specs.tied_cascade = tied;
        const SmallModel model(specs.with_kind(kind), seed + 3);
        INFO("kind " << kind << ", model " << core::dump_json(architecture::spec_json(model.spec)));
        for (const graph::AxisId a : model.graph().axes.ids()) {
          const graph::Axis& axis = model.graph().axes[a];
          if (!is_prunable(axis)) continue;
          seen.insert(axis.kind);
          graph::KeptUnits kept(model.graph().axes.size());
          kept[a] = random_units(specs.random(), axis.size);
          INFO(model.graph().axis_name(a) << " keeps " << kept[a]->size());
          CHECK(gap(model, kept) < 1e-9);
        }
      }
    }
  }
  for (const graph::AxisKind kind :
       {graph::AxisKind::kStem, graph::AxisKind::kEmbedding, graph::AxisKind::kHead,
        graph::AxisKind::kQk, graph::AxisKind::kV, graph::AxisKind::kHidden,
        graph::AxisKind::kExpansion, graph::AxisKind::kSqueeze, graph::AxisKind::kClasses})
    CHECK(seen.contains(kind));
}

TEST_CASE("masking many axes at once equals slicing them, heads of unequal size included") {
  for_every_kind(4, false, [](const SmallModel& model, RandomSpecs& specs) {
    graph::KeptUnits kept(model.graph().axes.size());
    for (const graph::AxisId a : kept.ids()) {
      const graph::Axis& axis = model.graph().axes[a];
      if (is_prunable(axis) && specs.random().uniform() < 0.7)
        kept[a] = random_units(specs.random(), axis.size);
    }
    CHECK(gap(model, kept) < 1e-9);
  });
}

TEST_CASE("slicing twice equals slicing once") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs& specs) {
    for (const graph::AxisId a : model.graph().axes.ids()) {
      const graph::Axis& axis = model.graph().axes[a];
      if (!is_prunable(axis) || axis.kind == graph::AxisKind::kHead || axis.size < 3) continue;
      graph::KeptUnits first(model.graph().axes.size()), second = first, both = first;
      first[a] = random_units(specs.random(), axis.size);
      second[a] = random_units(specs.random(), static_cast<graph::Index>(first[a]->size()));
      both[a].emplace();
      for (const graph::Index unit : *second[a])
        both[a]->push_back((*first[a])[static_cast<std::size_t>(unit)]);
      const graph::Graph smaller =
          architecture::build_graph(architecture::resize_spec(model.spec, model.graph(), first));
      const Weights stepwise =
          slice_weights(smaller, slice_weights(model.graph(), model.weights, first), second);
      const Weights direct = slice_weights(model.graph(), model.weights, both);
      CHECK(largest_difference(stepwise.tensors, direct.tensors) == 0);
    }
  });
}

TEST_CASE("keeping all units is the identity") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs&) {
    graph::KeptUnits kept(model.graph().axes.size());
    for (const graph::AxisId a : kept.ids())
      if (is_prunable(model.graph().axes[a])) kept[a] = units_left(model.graph(), {}, a);
    CHECK(architecture::resize_spec(model.spec, model.graph(), kept) == model.spec);
    const Weights sliced = slice_weights(model.graph(), model.weights, kept);
    CHECK(largest_difference(sliced.tensors, model.weights.tensors) == 0);
    for (const at::Tensor& mask : masks_of(model.graph(), kept, at::kDouble))
      CHECK_FALSE(mask.defined());
  });
}

TEST_CASE("folding and slicing commute, heads and embeddings included") {
  std::set<graph::AxisKind> seen;
  for_every_kind(2, false, [&](const SmallModel& model, RandomSpecs& specs) {
    graph::KeptUnits kept(model.graph().axes.size());
    bool cuts_embedding = false;
    for (const graph::AxisId a : kept.ids()) {
      const graph::Axis& axis = model.graph().axes[a];
      // Not units of a network that is computed once: its table is there before they go.
      if (!is_prunable(axis) || axis.field == "bias_hidden" || specs.random().uniform() < 0.3)
        continue;
      kept[a] = random_units(specs.random(), axis.size);
      seen.insert(axis.kind);
      cuts_embedding |= axis.kind == graph::AxisKind::kEmbedding;
    }
    const graph::Rewrite deploy = graph::fold(model.graph());
    const Weights late = slice_weights(deploy.graph, rewrite_weights(deploy, model.weights), kept);
    const graph::Graph smaller =
        architecture::build_graph(architecture::resize_spec(model.spec, model.graph(), kept));
    const graph::Rewrite smaller_deploy = graph::fold(smaller);
    const Weights sliced = slice_weights(model.graph(), model.weights, kept);
    const Weights early = rewrite_weights(smaller_deploy, sliced);
    REQUIRE(early.tensors.size() == late.tensors.size());
    // Heads that became equal are computed together, and their parameters stand elsewhere.
    std::map<std::string, at::Tensor> early_by_name;
    for (const graph::ParameterId p : smaller_deploy.graph.parameters.ids())
      early_by_name[smaller_deploy.graph.parameter_name(p)] = early[p];
    for (const graph::ParameterId p : deploy.graph.parameters.ids()) {
      // A bias folded out of the norm before a linear layer sums over all channels that the norm
      // saw, so only the early one is without those that went.
      if (cuts_embedding && deploy.recipes[p].kind == graph::WeightRecipe::Kind::kFoldedLinearBias)
        continue;
      const std::string name = deploy.graph.parameter_name(p);
      INFO(name);
      // Shift masks of heads of one size have another form than those of a single or unequal ones.
      if (name.ends_with(".constant") && !early_by_name.contains(name)) continue;
      REQUIRE(early_by_name.contains(name));
      CHECK(largest_difference(early_by_name[name], late[p]) < 1e-12);
    }
    const at::Tensor images = model.images(2, 11);
    CHECK(largest_difference(Executor(smaller_deploy.graph).run(early, images).outputs,
                             Executor(smaller).run(sliced, images).outputs) < 1e-9);
  });
  CHECK(seen.contains(graph::AxisKind::kHead));
  CHECK(seen.contains(graph::AxisKind::kEmbedding));
}

TEST_CASE("a unit of an axis goes with the head that owns it") {
  layers::TokenAttention attention{.heads = 3, .qk = {{2, 2, 2}}, .v = {{2, 3, 2}}, .scale = 0.5};
  const architecture::ModelSpec spec{{3, 8, 8},
                                     layers::PatchStem{4, 1, true},
                                     {{.width = 6, .downsample = {}, .layers = {attention}}},
                                     {layers::TokenHead{3}}};
  const graph::Graph graph = architecture::build_graph(spec);
  graph::KeptUnits kept(graph.axes.size());
  for (const graph::AxisId a : kept.ids())
    if (graph.axes[a].kind == graph::AxisKind::kHead) kept[a] = {0, 2};
  for (const graph::AxisId a : kept.ids()) {
    const graph::Axis& axis = graph.axes[a];
    if (axis.owner.valid()) CHECK(units_left(graph, kept, a).empty() == (axis.owner_unit == 1));
  }
}

}  // namespace vitlab::model
