#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <c10/core/GradMode.h>

#include "core/error.h"
#include "prune/mean_folding.h"
#include "prune/scoring_batches.h"
#include "prune_models.h"
#include "test.hpp"
#include "train/train.h"
#include "trained_net.h"

namespace vitlab::prune {
namespace {

constexpr std::uint64_t kPruneSeed = 5;

/// Images that every tiny family can read.
const data::Dataset& images_for(const architecture::ModelSpec& spec) {
  static const std::unique_ptr<data::Dataset> large = data::open_dataset(
      data::parse_data_spec("synthetic:classes=4,size=32,count=48,validation=0.1,test=0.1"));
  return spec.image.height == 16 ? few_images() : *large;
}

/// One batch of 16 images.
sweep::PruneSettings one_batch(const std::vector<std::string>& axes) {
  sweep::PruneSettings settings = quick_settings();
  settings.batches = 1;
  settings.axes = axes;
  settings.floor_embedding = 4;
  return settings;
}

/// The slope of the scored batch's loss where layer `layer`'s branch is multiplied by 1.
double branch_slope(const model::SmallModel& model, graph::LayerId layer,
                    const sweep::PruneSettings& settings) {
  constexpr double kStep = 1e-6;
  double losses[2];
  for (const int side : {0, 1}) {
    graph::Graph graph = model.graph();
    const graph::ValueId branch = graph.residual_branch(layer);
    const graph::ValueId scaled = graph.add_value(graph.value(branch));
    for (const graph::NodeId n : graph.nodes.ids()) {
      if (graph.nodes[n].output != branch) continue;
      for (graph::Node& node : graph.nodes)
        if (std::holds_alternative<graph::Add>(node.op) && node.inputs[1] == branch)
          node.inputs = {node.inputs[0], scaled};
      graph::Node scale{graph::Scale{side == 0 ? 1 + kStep : 1 - kStep},
                        {branch},
                        {},
                        scaled,
                        graph.nodes[n].layer,
                        "scaled"};
      graph.nodes.items().insert(graph.nodes.begin() + n.number() + 1, scale);
      break;
    }
    const model::Executor executor(graph);
    const c10::NoGradGuard no_grad;
    for_each_scoring_batch(
        graph, images_for(model.spec), settings, kPruneSeed,
        [&](const at::Tensor& images, const at::Tensor& labels) {
          losses[side] =
              mean_cross_entropy(executor.run(model.weights, images), labels).item<double>();
        });
  }
  return (losses[0] - losses[1]) / (2 * kStep);
}

double loss_with_gates(const model::SmallModel& model, const sweep::PruneSettings& settings,
                       model::AxisTensors gates) {
  model::RunOptions options;
  options.gates = std::move(gates);
  const c10::NoGradGuard no_grad;
  double loss = 0;
  for_each_scoring_batch(model.graph(), images_for(model.spec), settings, kPruneSeed,
                         [&](const at::Tensor& images, const at::Tensor& labels) {
                           loss = mean_cross_entropy(
                                      model.executor.run(model.weights, images, options), labels)
                                      .item<double>();
                         });
  return loss;
}

TEST_CASE("a layer's score is the squared slope of the loss along its residual branch") {
  int checked = 0;
  for (const auto& [family, knobs] : tiny_families()) {
    const model::SmallModel model(tiny_family(knobs), 3);
    const sweep::PruneSettings settings = one_batch({"layer"});
    const Scores scores = scores_with(model, images_for(model.spec), settings, kPruneSeed);
    const Candidates candidates = prune_candidates(model.spec, model.graph(), settings);
    for (const graph::LayerId i : candidates.layers.ids()) {
      if (!candidates.layers[i] || checked % 2 == 1) continue;
      const double slope = branch_slope(model, i, settings);
      INFO(family << ", " << model.graph().layers[i].path);
      CHECK(scores.layers[i] == Approx(slope * slope).epsilon(1e-3).margin(1e-9));
      ++checked;
    }
    ++checked;
  }
  CHECK(checked > 10);
}

TEST_CASE("a head's score is the squared slope of the loss along its output") {
  constexpr double kStep = 1e-6;
  int checked = 0;
  for (const auto& [family, knobs] : tiny_families()) {
    const model::SmallModel model(tiny_family(knobs), 3);
    const graph::Graph& graph = model.graph();
    const sweep::PruneSettings settings = one_batch({"head"});
    const Scores scores = scores_with(model, images_for(model.spec), settings, kPruneSeed);
    for (const graph::AxisId a : graph.axes.ids()) {
      const graph::Axis& axis = graph.axes[a];
      if (axis.kind != graph::AxisKind::kV || !axis.owner.valid()) continue;
      const graph::AxisId head = axis.owner;
      if (scores.units[head].empty()) continue;
      double losses[2];
      for (const int side : {0, 1}) {
        model::AxisTensors gates(graph.axes.size());
        gates[a] = at::full({axis.size}, side == 0 ? 1 + kStep : 1 - kStep, at::kDouble);
        losses[side] = loss_with_gates(model, settings, gates);
      }
      const double slope = (losses[0] - losses[1]) / (2 * kStep);
      INFO(family << ", " << graph.axis_name(a));
      CHECK(scores.units[head][static_cast<std::size_t>(axis.owner_unit)] ==
            Approx(slope * slope).epsilon(1e-3).margin(1e-9));
      ++checked;
    }
  }
  CHECK(checked > 10);
}

TEST_CASE("every family can be cut along everything it offers, to the model its graph says") {
  for (const auto& [family, knobs] : tiny_families()) {
    const model::SmallModel model(tiny_family(knobs), 4);
    sweep::PruneSettings settings = one_batch(
        {"embedding", "expansion", "head", "hidden", "layer", "qk", "squeeze", "stem", "v"});
    settings.floor_qk = settings.floor_v = settings.floor_hidden = 1;
    settings.keep = {{"macs", 0.5}, {"params", 0.6}};
    settings.steps = 3;
    INFO(family);
    const PruneResult result =
        prune(model.spec, model.weights, images_for(model.spec), settings, kPruneSeed);
    const model::Executor smaller(architecture::build_graph(result.spec));
    CHECK(graph::graph_cost(smaller.graph()) == result.after.cost);
    CHECK(result.after.of("macs") <= 0.5 * result.before.of("macs"));
    CHECK(result.after.of("params") <= 0.6 * result.before.of("params"));
    // Rows, axis by axis, say what the pruned model is.
    ModelCut cut(model.graph());
    for (const messages::PrunedLayer& layer : result.layers)
      for (const graph::LayerId i : cut.left_out.ids())
        if (model.graph().layers[i].path == layer.layer) cut.left_out[i] = !layer.kept;
    for (const graph::AxisId a : cut.kept.ids())
      for (const PrunedAxis& row : result.axes)
        if (row.axis == model.graph().axis_name(a) && !row.kept.empty()) cut.kept[a] = row.kept;
    CHECK(architecture::model_id(cut_spec(model.spec, model.graph(), cut)) ==
          architecture::model_id(result.spec));
    CHECK(model::largest_difference(cut_weights(model.graph(), model.weights, cut).tensors,
                                    result.weights.tensors) == 0);
    for (const PrunedAxis& row : result.axes) CHECK(row.left.valid() == !row.kept.empty());
  }
}

TEST_CASE(
    "local cuts every axis alike, isomorphic every kind of layer, global what matters least") {
  const model::SmallModel model(tiny_family(tiny_families()[1].second), 6);
  sweep::PruneSettings settings = one_batch({"hidden"});
  settings.criterion = sweep::Criterion::kMagnitude;
  settings.keep = {{"macs", 0.8}};
  settings.steps = 1;
  // One FFN ten times the other: globally only the small one is cut.
  for (const graph::ParameterId p : model.graph().parameters.ids())
    if (model.graph().parameter(p).layer == graph::LayerId(2)) model.weights[p].mul_(10);
  const auto kept = [&](sweep::PruneScope scope) {
    settings.scope = scope;
    const PruneResult result = prune(model.spec, model.weights, few_images(), settings, kPruneSeed);
    std::vector<std::size_t> sizes;
    for (const PrunedAxis& row : result.axes) sizes.push_back(row.kept.size());
    return sizes;
  };
  const auto local = kept(sweep::PruneScope::kLocal), global = kept(sweep::PruneScope::kGlobal),
             isomorphic = kept(sweep::PruneScope::kIsomorphic);
  REQUIRE(local.size() == 2);
  CHECK(std::max(local[0], local[1]) - std::min(local[0], local[1]) <= 1);
  CHECK(global[0] == 48);
  CHECK(global[1] < 40);
  CHECK(isomorphic == global);  // both FFNs are of one kind
  settings.axes = {"hidden", "qk"};
  settings.floor_qk = 1;
  settings.scope = sweep::PruneScope::kIsomorphic;
  const PruneResult even = prune(model.spec, model.weights, few_images(), settings, kPruneSeed);
  std::map<std::string, std::pair<double, double>> left;  // units left and in all, by kind
  for (const PrunedAxis& row : even.axes) {
    left[row.kind].first += static_cast<double>(row.kept.size());
    left[row.kind].second += static_cast<double>(row.size);
  }
  // One of two layers' QK falls by a quarter at a time: an eighth of all.
  CHECK(std::abs(left["hidden"].first / left["hidden"].second -
                 left["qk"].first / left["qk"].second) <= 0.13);
  CHECK(left["qk"].first < left["qk"].second);
}

TEST_CASE("a budget and a cost in latency use the model of latency that is given") {
  const model::SmallModel model(tiny_family(tiny_families()[1].second), 6);
  // A machine on which only attention takes time.
  PruneHooks hooks;
  hooks.latency = [](const architecture::ModelSpec& spec) {
    double seconds = 1e-3;
    for (const layers::Layer& layer : spec.stages[0].layers)
      if (const auto* attention = std::get_if<layers::TokenAttention>(&layer))
        for (const graph::Index qk : attention->qk.sizes) seconds += 1e-3 * static_cast<double>(qk);
    return seconds;
  };
  sweep::PruneSettings settings = one_batch({"hidden", "qk"});
  settings.floor_qk = 1;
  settings.keep = {{"latency", 0.6}};
  const PruneResult fast =
      prune(model.spec, model.weights, few_images(), settings, kPruneSeed, hooks);
  CHECK(fast.after.latency <= 0.6 * fast.before.latency);
  CHECK(fast.after.latency == hooks.latency(fast.spec));
  for (const PrunedAxis& row : fast.axes)
    if (row.kind == "hidden") CHECK(static_cast<graph::Index>(row.kept.size()) == row.size);
  // Divided by latency, what costs none is never worth its score.
  settings.keep = {{"macs", 0.95}};
  settings.cost = "latency";
  const PruneResult cheap =
      prune(model.spec, model.weights, few_images(), settings, kPruneSeed, hooks);
  for (const PrunedAxis& row : cheap.axes)
    if (row.kind == "hidden") CHECK(static_cast<graph::Index>(row.kept.size()) == row.size);
}

TEST_CASE("widths, splits and hidden sizes stay multiples; heads and floors are respected") {
  for (const auto& [family, knobs] : tiny_families()) {
    const model::SmallModel model(tiny_family(knobs), 7);
    sweep::PruneSettings settings = one_batch({"embedding", "expansion", "head", "hidden", "stem"});
    settings.criterion = sweep::Criterion::kRandom;
    settings.multiple_of = 4;
    settings.floor_embedding = 8;
    settings.keep = {{"macs", 0.75}};
    INFO(family);
    const PruneResult result =
        prune(model.spec, model.weights, images_for(model.spec), settings, kPruneSeed);
    for (std::size_t s = 0; s < result.spec.stages.size(); ++s) {
      const graph::Index before = model.spec.stages[s].width, after = result.spec.stages[s].width;
      if (before % 4 == 0) CHECK(after % 4 == 0);
      CHECK(after >= std::min<graph::Index>(8, before));
    }
    for (const PrunedAxis& row : result.axes)
      if (row.kind != "head" && row.kind != "embedding" && row.size % 4 == 0)
        CHECK(row.kept.size() % 4 == 0);
  }
}

TEST_CASE("sizes that were cut are rounded to the nearest multiple, and nothing else") {
  const model::SmallModel model(tiny_family(tiny_families()[1].second), 8);
  sweep::PruneSettings settings = one_batch({"hidden"});
  settings.keep = {{"macs", 0.85}};
  const PruneResult result = prune(model.spec, model.weights, few_images(), settings, kPruneSeed);
  const architecture::ModelSpec rounded = rounded_to_multiples(result, 8);
  for (const PrunedAxis& row : result.axes) {
    const graph::Graph graph = architecture::build_graph(rounded);
    const graph::Index size = graph.axis(row.left).size,
                       left = static_cast<graph::Index>(row.kept.size());
    if (left == row.size)
      CHECK(size == left);
    else
      CHECK((size % 8 == 0 && std::abs(size - left) <= 8 && size <= row.size));
  }
  settings.multiple_of = 8;
  const PruneResult multiples =
      prune(model.spec, model.weights, few_images(), settings, kPruneSeed);
  CHECK(rounded_to_multiples(multiples, 8) == multiples.spec);
}

TEST_CASE("training between rounds sees each cut model and goes on from its weights") {
  const model::SmallModel model(tiny_family(tiny_families()[0].second), 9);
  sweep::PruneSettings settings = one_batch({"hidden"});
  settings.steps = 3;
  settings.keep = {{"macs", 0.9}};
  std::vector<graph::Index> rounds;
  PruneHooks hooks;
  hooks.retrain = [&](const architecture::ModelSpec& spec, model::Weights weights,
                      graph::Index step) {
    const graph::Graph graph = architecture::build_graph(spec);
    CHECK(weights.tensors.size() == graph.parameters.size());
    rounds.push_back(step);
    for (at::Tensor& tensor : weights.tensors) tensor = tensor * 2;
    return weights;
  };
  const PruneResult result =
      prune(model.spec, model.weights, few_images(), settings, kPruneSeed, hooks);
  CHECK(rounds == std::vector<graph::Index>{1, 2});
  CHECK(model::largest_difference(result.weights.tensors.back(),
                                  4 * model.weights.tensors.back()) == 0);
}

TEST_CASE("a batch norm's scale scores its channels, and what has none is refused by name") {
  const model::SmallModel model(tiny_family(tiny_families()[0].second), 10);
  sweep::PruneSettings settings = one_batch({"hidden"});
  settings.criterion = sweep::Criterion::kBatchNormScale;
  const Scores scores = scores_with(model, few_images(), settings, 1);
  int checked = 0;
  for (const graph::ParameterId p : model.graph().parameters.ids()) {
    const graph::Parameter& parameter = model.graph().parameters[p];
    if (parameter.name != "expand.norm.weight" || parameter.dims[0].size() != 1) continue;
    const graph::AxisId axis = parameter.dims[0][0];
    if (scores.units[axis].empty()) continue;
    for (std::size_t u = 0; u < scores.units[axis].size(); ++u)
      CHECK(scores.units[axis][u] ==
            Approx(std::abs(model.weights[p][static_cast<graph::Index>(u)].item<double>())));
    ++checked;
  }
  CHECK(checked > 2);
  const model::SmallModel vit(tiny_family(tiny_families()[1].second), 10);
  CHECK_THROWS_WITH(scores_with(vit, few_images(), settings, 1),
                    Catch::Contains("no batch norm of stages.0.layers.1.hidden"));
  settings.axes = {"layer"};
  CHECK_THROWS_WITH(scores_with(model, few_images(), settings, 1),
                    Catch::Contains("scores channels, not layers"));
}

TEST_CASE("ablation is the loss without the unit, head or layer, and refuses to take for ever") {
  const model::SmallModel model(tiny_family(tiny_families()[1].second), 11);
  sweep::PruneSettings settings = one_batch({"embedding", "head", "hidden", "layer"});
  settings.criterion = sweep::Criterion::kAblation;
  settings.batch_size = 8;
  const Scores scores = scores_with(model, few_images(), settings, kPruneSeed);
  const auto loss = [&](const model::Executor& executor, const model::Weights& weights) {
    const c10::NoGradGuard no_grad;
    double value = 0;
    for_each_scoring_batch(
        model.graph(), few_images(), settings, kPruneSeed,
        [&](const at::Tensor& images, const at::Tensor& labels) {
          value = mean_cross_entropy(executor.run(weights, images), labels).item<double>();
        });
    return value;
  };
  const double whole = loss(model.executor, model.weights);
  const auto change = [&](const ModelCut& cut) {
    return loss(
               model::Executor(architecture::build_graph(cut_spec(model.spec, model.graph(), cut))),
               cut_weights(model.graph(), model.weights, cut)) -
           whole;
  };
  for (const graph::AxisId a : scores.units.ids()) {
    if (scores.units[a].empty()) continue;
    ModelCut cut(model.graph());
    cut.kept[a].emplace(static_cast<std::size_t>(model.graph().axes[a].size - 1));
    std::iota(cut.kept[a]->begin(), cut.kept[a]->end(), graph::Index{1});
    INFO(model.graph().axis_name(a));
    CHECK(scores.units[a][0] == Approx(change(cut)).margin(1e-10));
  }
  int layers = 0;
  for (const graph::LayerId i : scores.layers.ids()) {
    if (scores.layers[i] == 0) continue;
    ModelCut cut(model.graph());
    cut.left_out[i] = true;
    CHECK(scores.layers[i] == Approx(change(cut)).margin(1e-10));
    ++layers;
  }
  CHECK(layers == 4);
  settings.batches = 1000;
  CHECK_THROWS_WITH(
      scores_with(model, few_images(), settings, 1),
      Catch::Contains("would take 119,000 forwards") && Catch::Contains("gate_taylor"));
}

TEST_CASE("means of removed FFN units, folded into the next bias, keep the answers on average") {
  for (const std::size_t family : {0, 1}) {  // a running mean takes them, or a bias
    const model::SmallModel model(tiny_family(tiny_families()[family].second), 12);
    sweep::PruneSettings settings = one_batch({"hidden"});
    ModelCut cut(model.graph());
    graph::LayerId ffn;
    for (const graph::AxisId a : cut.kept.ids()) {
      if (ffn.valid() || model.graph().axes[a].kind != graph::AxisKind::kHidden) continue;
      cut.kept[a] = std::vector<graph::Index>{0, 3};
      ffn = model.graph().axes[a].layer;
    }
    const model::Weights folded =
        with_means_folded(model.graph(), model.weights, cut, few_images(), settings, kPruneSeed);
    // The branch's mean over the batch: exactly that of the whole model.
    graph::Graph probe = model.graph();
    probe.outputs = {{"", probe.residual_branch(ffn)}};
    model::RunOptions masked;
    masked.masks = model::masks_of(model.graph(), cut.kept, at::kDouble);
    const auto branch_mean = [&](const model::Weights& weights, const model::RunOptions& options) {
      at::Tensor mean;
      for_each_scoring_batch(model.graph(), few_images(), settings, kPruneSeed,
                             [&](const at::Tensor& images, const at::Tensor&) {
                               const at::Tensor branch =
                                   model::Executor(probe).run(weights, images, options).outputs[0];
                               const int dim = probe.value(probe.outputs[0].value).channel_dim;
                               mean = branch.transpose(0, dim).flatten(1).mean(1);
                             });
      return mean;
    };
    const at::Tensor whole = branch_mean(model.weights, {});
    CHECK(model::largest_difference(branch_mean(folded, masked), whole) < 1e-10);
    CHECK(model::largest_difference(branch_mean(model.weights, masked), whole) > 1e-3);
  }
}

TEST_CASE("folded means lower the loss of a trained net that lost half of its FFN units") {
  const TrainedNet& net = net_trained_on_digits();
  sweep::PruneSettings settings = quick_settings();
  settings.axes = {"hidden"};
  settings.criterion = sweep::Criterion::kRandom;
  settings.batches = 4;
  settings.batch_size = 64;
  settings.steps = 1;
  settings.floor_hidden = 1;
  settings.keep = {{"macs", 0.65}};
  double plain = 0, folded = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (const bool fold : {false, true}) {
      settings.fold_means = fold;
      const PruneResult result =
          prune(net.training.spec, net.weights, *net.dataset, settings, seed);
      (fold ? folded : plain) +=
          train::evaluate(model::Executor(architecture::build_graph(result.spec)), result.weights,
                          *net.dataset, data::Split::kTest)
              .loss /
          6;
    }
  }
  INFO("loss " << plain << " as cut, " << folded << " with means folded");
  CHECK(folded < plain);
}

}  // namespace
}  // namespace vitlab::prune
