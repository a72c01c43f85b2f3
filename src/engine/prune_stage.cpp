#include "engine/prune_stage.h"

#include <algorithm>
#include <map>

#include "architecture/solve.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "engine/latency_table.h"
#include "model/weight_files.h"
#include "train/train.h"

namespace vitlab::engine {

namespace {

messages::CostCounts counts_of(const graph::Cost& cost) {
  messages::CostCounts counts;
  for (const std::string& metric : architecture::cost_metric_names())
    counts.emplace_back(metric, static_cast<graph::Index>(architecture::cost_metric(cost, metric)));
  return counts;
}

train::Evaluation test(const graph::Graph& graph, const model::Weights& weights,
                       const data::Dataset& dataset) {
  return train::evaluate(model::Executor(graph), weights, dataset, data::Split::kTest);
}

/// The recipe with other epochs on the weights given; throws Failure where that diverges. Tells
/// `advance` of each epoch.
train::TrainResult fine_tuned(const PruneStage& stage, const architecture::ModelSpec& spec,
                              model::Weights weights, graph::Index epochs, std::uint64_t seed,
                              const std::function<void(const std::string&)>& advance) {
  train::TrainRequest tuning;
  tuning.spec = spec;
  tuning.data = stage.data;
  tuning.on_broken = stage.on_broken;
  tuning.recipe = stage.recipe;
  tuning.recipe.epochs = epochs;
  tuning.seed = seed;
  tuning.start = train::StartingPoint{std::move(weights), stage.trained_on, {}};
  graph::Index epoch = 0;
  train::TrainResult tuned = train::train(tuning, [&](const train::TrainStep& step) {
    if (step.epoch == epoch) return;
    epoch = step.epoch;
    advance("fine-tune");
  });
  if (tuned.state != train::TrainState::kDone)
    throw core::Failure("fine-tuning diverged at step " +
                        std::to_string(tuned.diverged_at.value_or(0)));
  return tuned;
}

bool names_latency(const sweep::PruneSettings& settings) {
  return settings.cost == sweep::kLatencyMetric || settings.keep.count(sweep::kLatencyMetric) != 0;
}

/// Units left and there were, by layer and kind of axis.
std::map<std::pair<std::string, std::string>, std::pair<graph::Index, graph::Index>> left_by_layer(
    const prune::PruneResult& result) {
  std::map<std::pair<std::string, std::string>, std::pair<graph::Index, graph::Index>> left;
  for (const prune::PrunedAxis& axis : result.axes) {
    auto& entry = left[{axis.layer, axis.kind}];
    entry.first += static_cast<graph::Index>(axis.kept.size());
    entry.second += axis.size;
  }
  for (const messages::PrunedLayer& layer : result.layers)
    left[{layer.layer, sweep::kLayerAxis}] = {layer.kept ? 1 : 0, 1};
  return left;
}

}  // namespace

PrunedModel run_prune_stage(const PruneStage& stage, const OnPruneProgress& on_progress) {
  const auto dataset =
      data::open_dataset(data::parse_data_spec(stage.data), {.on_broken = stage.on_broken});
  const graph::Graph graph = architecture::build_graph(stage.spec);
  train::check_classes(graph, *dataset);
  train::check_class_names(stage.trained_on.class_names, *dataset);
  train::prepare(*dataset, stage.recipe, stage.trained_on.preprocessing);
  const sweep::PruneSettings& settings = stage.settings;
  const graph::Index total = settings.steps + (settings.steps - 1) * settings.finetune_between +
                             settings.finetune_epochs + 1;
  graph::Index done = 0;
  const auto advance = [&](const std::string& note) {
    if (on_progress) on_progress(std::min(++done, total), total, note);
  };
  PrunedModel pruned;
  pruned.settings = settings;
  pruned.fingerprint = dataset->fingerprint();
  pruned.trained_on = train::trained_on(*dataset, graph);
  pruned.finetune_epochs = settings.finetune_epochs;
  prune::PruneHooks hooks;
  hooks.on_step = [&](graph::Index, graph::Index) { advance("cut"); };
  if (settings.finetune_between > 0)
    hooks.retrain = [&](const architecture::ModelSpec& spec, model::Weights weights,
                        graph::Index step) {
      return fine_tuned(stage, spec, std::move(weights), settings.finetune_between,
                        core::mix64(stage.seed, static_cast<std::uint64_t>(step)), advance)
          .last;
    };
  if (stage.protocol && names_latency(settings)) {
    const LatencyTable table(stage.spec, settings, *stage.protocol);
    pruned.latency = table.lines();
    hooks.latency = [table](const architecture::ModelSpec& spec) { return table.seconds(spec); };
  }
  pruned.test_before = test(graph, stage.weights, *dataset);
  pruned.result = prune::prune(stage.spec, stage.weights, *dataset, settings, stage.seed, hooks);
  prune::PruneResult& result = pruned.result;
  pruned.test_cut = test(architecture::build_graph(result.spec), result.weights, *dataset);
  pruned.test_after = pruned.test_cut;
  if (settings.finetune_epochs > 0) {
    train::TrainResult tuned = fine_tuned(stage, result.spec, std::move(result.weights),
                                          settings.finetune_epochs, stage.seed, advance);
    result.weights = std::move(tuned.last);
    pruned.test_after = tuned.test.value_or(pruned.test_cut);
  }
  if (on_progress) on_progress(total, total, "done");
  return pruned;
}

messages::PrunedFacts facts_of(const PrunedModel& pruned) {
  const prune::PruneResult& result = pruned.result;
  messages::PrunedFacts facts;
  facts.id = architecture::model_id(result.spec);
  facts.settings = pruned.settings;
  facts.criterion = pruned.settings.criterion;
  facts.keep = pruned.settings.keep;
  facts.data_fingerprint = pruned.fingerprint;
  facts.before = counts_of(result.before.cost);
  // Counted while cutting, and again on the graph that was built: they must agree.
  facts.estimated = counts_of(result.after.cost);
  facts.after = counts_of(graph::graph_cost(architecture::build_graph(result.spec)));
  facts.latency = pruned.latency;
  if (facts.latency) {
    facts.latency->estimated_before_ms = 1e3 * result.before.latency;
    facts.latency->estimated_after_ms = 1e3 * result.after.latency;
  }
  facts.accuracy_top1 = {pruned.test_before.accuracy(), pruned.test_cut.accuracy(),
                         pruned.test_after.accuracy(), pruned.test_after.images};
  facts.finetune_epochs = pruned.finetune_epochs;
  facts.axes.assign(result.axes.begin(), result.axes.end());
  facts.layers = result.layers;
  return facts;
}

void write_pruned_folder(const std::filesystem::path& folder, const PrunedModel& pruned) {
  const prune::PruneResult& result = pruned.result;
  core::write_file_atomically(folder / "spec.yaml", architecture::spec_yaml(result.spec));
  model::save_weights(folder / "model.safetensors", architecture::build_graph(result.spec),
                      result.weights, model::weight_metadata(result.spec, pruned.trained_on));
}

std::string prune_metric_prefix(const sweep::PruneSettings& settings) {
  return settings.criterion == sweep::Criterion::kRandom ? "prune.random." : "prune.";
}

std::vector<store::MetricValue> metrics_of(const PrunedModel& pruned) {
  std::vector<store::MetricValue> metrics;
  const std::string prefix = prune_metric_prefix(pruned.settings);
  const auto add = [&](const std::string& name, const std::string& subject, double value,
                       const std::string& unit) {
    metrics.push_back({prefix + name, subject, value, unit, {}, {}, 1});
  };
  for (const auto& [where, left] : left_by_layer(pruned.result))
    add("keep." + where.second, where.first,
        static_cast<double>(left.first) / static_cast<double>(left.second), "1");
  add("macs", "", static_cast<double>(pruned.result.after.cost.macs), "MACs");
  add("params", "", static_cast<double>(pruned.result.after.cost.parameters), "parameters");
  const auto add_accuracy = [&](const std::string& name, const train::Evaluation& test) {
    if (test.images > 0)
      metrics.push_back({prefix + name, "", test.accuracy(), "1", test.interval().low,
                         test.interval().high, test.images});
  };
  add_accuracy("accuracy.top1", pruned.test_after);
  add_accuracy("accuracy.top1.cut", pruned.test_cut);
  return metrics;
}

}  // namespace vitlab::engine
