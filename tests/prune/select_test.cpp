#include "prune/select.h"

#include <limits>
#include <set>

#include "architecture/solve.h"
#include "core/error.h"
#include "prune_models.h"
#include "test.hpp"

namespace vitlab::prune {
namespace {

Scores scores_at_random(const architecture::ModelSpec& spec, sweep::PruneSettings settings,
                        std::uint64_t seed) {
  settings.criterion = sweep::Criterion::kRandom;
  const model::SmallModel model(spec, 1);
  return scores_with(model, few_images(), settings, seed);
}

/// A cut of an untrained model by random scores.
Selection cut(const architecture::ModelSpec& spec, const sweep::PruneSettings& settings,
              const std::vector<std::pair<std::string, double>>& shares, std::uint64_t seed = 1) {
  const graph::Graph graph = architecture::build_graph(spec);
  CutCounter counter;
  const CutCost before = counter.count(spec);
  std::vector<CutTarget> targets;
  for (const auto& [metric, share] : shares)
    targets.push_back({metric, share * before.of(metric), share, before.of(metric)});
  return select_units(spec, graph, prune_candidates(spec, graph, settings),
                      scores_at_random(spec, settings, seed), targets, settings, counter);
}

graph::Cost cost_of(const architecture::ModelSpec& spec, const graph::KeptUnits& kept = {}) {
  const graph::Graph graph = architecture::build_graph(spec);
  if (kept.empty()) return graph::graph_cost(graph);
  return graph::graph_cost(architecture::build_graph(architecture::resize_spec(spec, graph, kept)));
}

TEST_CASE("the cut model meets every target, counted on its own graph") {
  for (const std::string& mixer : prunable_mixers()) {
    const architecture::ModelSpec spec = prunable_spec(mixer);
    const graph::Cost before = cost_of(spec);
    for (const std::string& metric : architecture::cost_metric_names()) {
      if (metric == "peak_activation_bytes") continue;  // of the stem, which stays
      INFO(mixer << ", " << metric);
      const Selection selection = cut(spec, quick_settings(), {{metric, 0.9}});
      const graph::Cost after = cost_of(spec, selection.cut.kept);
      CHECK(after == selection.cost.cost);
      CHECK(architecture::cost_metric(after, metric) <=
            0.9 * architecture::cost_metric(before, metric));
      CHECK(architecture::cost_metric(after, metric) >
            0.75 * architecture::cost_metric(before, metric));
    }
  }
}

TEST_CASE("several targets hold at once, whichever of them binds") {
  const architecture::ModelSpec spec = prunable_spec("full");
  const graph::Cost before = cost_of(spec);
  for (const auto& [macs, params] : {std::pair{0.95, 0.8}, std::pair{0.75, 0.98}}) {
    const graph::Cost after =
        cut(spec, quick_settings(), {{"macs", macs}, {"params", params}}).cost.cost;
    CHECK(architecture::cost_metric(after, "macs") <=
          macs * architecture::cost_metric(before, "macs"));
    CHECK(architecture::cost_metric(after, "params") <=
          params * architecture::cost_metric(before, "params"));
  }
}

TEST_CASE("a peak that two layers share is cut although neither lowers it alone") {
  const architecture::ModelSpec spec = architecture::spec_from_json_text(R"({"model": 1,
      "image": {"channels": 3, "height": 16, "width": 16},
      "stem": {"convolutions": {"widths": [4]}},
      "stages": [{"width": 4, "layers": [{"ffn": {"hidden": 64}}, {"ffn": {"hidden": 64}}]}],
      "heads": [{"norm_linear": {"classes": 4}}]})",
                                                                         "test");
  const double before = architecture::cost_metric(cost_of(spec), "peak_activation_bytes");
  const Selection selection = cut(spec, quick_settings(), {{"peak_activation_bytes", 0.5}});
  CHECK(selection.cost.of("peak_activation_bytes") <= 0.5 * before);
}

TEST_CASE("no axis falls below its floor") {
  sweep::PruneSettings settings = quick_settings();
  settings.floor_hidden = 20;
  settings.floor_qk = 3;
  settings.floor_v = 5;
  for (const std::string& mixer : prunable_mixers()) {
    const architecture::ModelSpec spec = prunable_spec(mixer);
    const graph::Graph graph = architecture::build_graph(spec);
    // The least that floors allow, found by asking for less and less.
    for (double share = 0.95; share > 0.05; share -= 0.05) {
      graph::KeptUnits kept;
      try {
        kept = cut(spec, settings, {{"macs", share}}).cut.kept;
      } catch (const core::UserError&) {
        break;
      }
      for (const graph::AxisId a : kept.ids()) {
        if (!kept[a]) continue;
        const graph::Axis& axis = graph.axes[a];
        const graph::Index floor = axis.kind == graph::AxisKind::kHidden ? 20
                                   : axis.kind == graph::AxisKind::kQk   ? 3
                                                                         : 5;
        INFO(mixer << ", share " << share << ", " << graph.axis_name(a));
        CHECK(static_cast<graph::Index>(kept[a]->size()) >= std::min(floor, axis.size));
        CHECK(std::is_sorted(kept[a]->begin(), kept[a]->end()));
        CHECK(std::set<graph::Index>(kept[a]->begin(), kept[a]->end()).size() == kept[a]->size());
      }
    }
  }
}

TEST_CASE("heads of one batched product stay equal; heads on their own may differ") {
  sweep::PruneSettings settings = quick_settings();
  settings.axes = {"qk"};
  bool differ = false;
  for (const std::string& mixer : prunable_mixers()) {
    const bool batched = mixer == "full" || mixer == "window" || mixer == "vit";
    const architecture::ModelSpec spec = prunable_spec(mixer);
    const graph::Graph graph = architecture::build_graph(spec);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const graph::KeptUnits kept = cut(spec, settings, {{"params", 0.99}}, seed).cut.kept;
      for (const graph::AxisId a : kept.ids()) {
        for (const graph::AxisId b : kept.ids()) {
          const graph::Axis &one = graph.axes[a], &other = graph.axes[b];
          if (one.kind != graph::AxisKind::kQk || other.kind != graph::AxisKind::kQk ||
              one.layer != other.layer)
            continue;
          const bool equal =
              model::units_left(graph, kept, a).size() == model::units_left(graph, kept, b).size();
          if (batched) CHECK(equal);
          differ = differ || !equal;
        }
      }
    }
  }
  CHECK(differ);
}

TEST_CASE("sizes that were multiples stay multiples") {
  sweep::PruneSettings settings = quick_settings();
  settings.multiple_of = 4;
  for (const std::string& mixer : prunable_mixers()) {
    const architecture::ModelSpec spec = prunable_spec(mixer);
    const graph::Graph graph = architecture::build_graph(spec);
    const graph::KeptUnits kept = cut(spec, settings, {{"macs", 0.85}}).cut.kept;
    for (const graph::AxisId a : kept.ids())
      if (kept[a] && graph.axes[a].size % 4 == 0) CHECK(kept[a]->size() % 4 == 0);
  }
}

TEST_CASE("units of the least score go first within an axis") {
  sweep::PruneSettings settings = quick_settings();
  const architecture::ModelSpec spec = prunable_spec("cascaded");
  const graph::Graph graph = architecture::build_graph(spec);
  const UnitScores scores = scores_at_random(spec, settings, 1).units;
  const graph::KeptUnits kept = cut(spec, settings, {{"macs", 0.8}}).cut.kept;
  bool any = false;
  for (const graph::AxisId a : kept.ids()) {
    if (!kept[a]) continue;
    any = true;
    const std::set<graph::Index> left(kept[a]->begin(), kept[a]->end());
    double worst_kept = std::numeric_limits<double>::infinity(), best_cut = 0;
    for (std::size_t u = 0; u < scores[a].size(); ++u) {
      if (left.count(static_cast<graph::Index>(u)) != 0)
        worst_kept = std::min(worst_kept, scores[a][u]);
      else
        best_cut = std::max(best_cut, scores[a][u]);
    }
    CHECK(best_cut <= worst_kept);
  }
  CHECK(any);
}

TEST_CASE("a budget that floors forbid is refused, naming the budget and what is left") {
  const auto refused = [](const std::string& metric) {
    return [metric] { cut(prunable_spec("cascaded"), quick_settings(), {{metric, 0.01}}); };
  };
  CHECK_THROWS_AS(refused("macs")(), core::UserError);
  CHECK_THROWS_WITH(refused("macs")(), Catch::Contains("keep macs=0.01 is ") &&
                                           Catch::Contains("floor") &&
                                           Catch::Contains("hidden, qk, v"));
  // With a second target that can be met, the message names the one that cannot.
  CHECK_THROWS_WITH(cut(prunable_spec("cascaded"), quick_settings(),
                        {{"macs", 0.95}, {"peak_activation_bytes", 0.01}}),
                    Catch::Contains("keep peak_activation_bytes=0.01 is "));
}

}  // namespace
}  // namespace vitlab::prune
