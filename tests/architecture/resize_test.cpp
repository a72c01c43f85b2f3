#include <numeric>
#include <optional>
#include <vector>

#include "architecture/presets.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

using Kept = graph::KeptUnits;

std::vector<graph::Index> first_units(graph::Index count) {
  std::vector<graph::Index> units(static_cast<std::size_t>(count));
  std::iota(units.begin(), units.end(), 0);
  return units;
}

/// Keeps a random part of some axes that pruning may cut; heads are left out.
Kept random_cut(const graph::Graph& graph, core::Random& random) {
  Kept kept(graph.axes.size());
  for (const graph::AxisId a : graph.axes.ids()) {
    const graph::Axis& axis = graph.axes[a];
    if (axis.held || axis.kind == graph::AxisKind::kHead || random.below(2) == 0) continue;
    kept[a] = first_units(
        1 + static_cast<graph::Index>(random.below(static_cast<std::uint64_t>(axis.size))));
  }
  return kept;
}

TEST_CASE("a resized spec builds with exactly the sizes asked for") {
  RandomModels models(91);
  core::Random random(92);
  for (int run = 0; run < 300; ++run) {
    const ModelSpec spec = models.next();
    const graph::Graph graph = build_graph(spec);
    const Kept kept = random_cut(graph, random);
    const ModelSpec smaller = resize_spec(spec, graph, kept);
    INFO(spec_yaml(spec) << spec_yaml(smaller));
    const graph::Graph result = build_graph(smaller);
    REQUIRE(result.axes.size() == graph.axes.size());
    for (const graph::AxisId a : graph.axes.ids()) {
      INFO(graph.axis_name(a));
      const graph::Index wanted =
          kept[a] ? static_cast<graph::Index>(kept[a]->size()) : graph.axes[a].size;
      REQUIRE(result.axes[a].size == wanted);
      REQUIRE(result.axes[a].kind == graph.axes[a].kind);
      REQUIRE(result.axes[a].held == graph.axes[a].held);
    }
    REQUIRE(result.parameters.size() == graph.parameters.size());
  }
}

TEST_CASE("keeping everything gives the same id, said or unsaid") {
  RandomModels models(93);
  for (int run = 0; run < 100; ++run) {
    const ModelSpec spec = models.next();
    const graph::Graph graph = build_graph(spec);
    Kept all(graph.axes.size());
    REQUIRE(model_id(resize_spec(spec, graph, all)) == model_id(spec));
    for (const graph::AxisId a : graph.axes.ids()) all[a] = first_units(graph.axes[a].size);
    REQUIRE(model_id(resize_spec(spec, graph, all)) == model_id(spec));
  }
}

TEST_CASE("whole heads leave with their QK and V where heads are free") {
  RandomModels models(94);
  int removed = 0;
  for (int run = 0; run < 200; ++run) {
    const ModelSpec spec = models.next();
    const graph::Graph graph = build_graph(spec);
    for (const graph::AxisId a : graph.axes.ids()) {
      const graph::Axis& axis = graph.axes[a];
      if (axis.kind != graph::AxisKind::kHead || axis.held || axis.size < 2) continue;
      Kept kept(graph.axes.size());
      kept[a] = first_units(axis.size);
      kept[a]->erase(kept[a]->begin() + run % axis.size);
      const graph::Graph result = build_graph(resize_spec(spec, graph, kept));
      REQUIRE(result.axes.size() == graph.axes.size() - 2);
      std::vector<graph::Index> expected;  // sizes of the axes that stay
      for (const graph::Axis& other : graph.axes)
        if (other.owner != a || other.owner_unit != run % axis.size)
          expected.push_back(&other == &axis ? axis.size - 1 : other.size);
      std::vector<graph::Index> sizes;
      for (const graph::Axis& other : result.axes) sizes.push_back(other.size);
      REQUIRE(sizes == expected);
      ++removed;
    }
  }
  CHECK(removed > 50);
}

TEST_CASE("3 and 4 heads in one stage share an embedding of 12 equal splits") {
  ModelSpec spec = resolve_model("efficientvit_m0").spec;
  spec.stem = layers::ConvolutionStem{{8, 16, 32, 72}};
  Stage& stage = spec.stages[0];
  stage.width = 72;
  stage.layers.clear();
  for (const graph::Index heads : {3, 4}) {
    const auto count = static_cast<std::size_t>(heads);
    stage.layers.push_back(layers::CascadedAttention{7,
                                                     {std::vector<graph::Index>(count, 16)},
                                                     {std::vector<graph::Index>(count, 72 / heads)},
                                                     std::vector<graph::Index>(count, 3),
                                                     0.25});
  }
  CHECK(stage_splits(stage) == 12);
  const graph::Graph graph = build_graph(spec);
  graph::AxisId embedding;
  for (const graph::AxisId a : graph.axes.ids())
    if (graph.axes[a].kind == graph::AxisKind::kEmbedding && graph.axes[a].index == 0)
      embedding = a;
  CHECK(graph.axis(embedding).size == 6);
  CHECK(graph.axis(embedding).copies == 12);
  Kept kept(graph.axes.size());
  kept[embedding] = {0, 2, 3, 5};
  const ModelSpec smaller = resize_spec(spec, graph, kept);
  CHECK(smaller.stages[0].width == 48);
  // The last head feeds nobody, so that its V is an axis of its own.
  CHECK(std::get<layers::CascadedAttention>(smaller.stages[0].layers[0]).v ==
        layers::PerHead{{16, 16, 24}});
  CHECK(std::get<layers::CascadedAttention>(smaller.stages[0].layers[1]).v ==
        layers::PerHead{{12, 12, 12, 18}});
  CHECK(build_graph(smaller).axis(embedding).size == 4);
}

}  // namespace
}  // namespace vitlab::architecture
