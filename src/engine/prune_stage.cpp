#include "engine/prune_stage.h"

#include <map>

#include "core/files.h"
#include "model/weight_files.h"
#include "profile/measure.h"
#include "spec/solve.h"
#include "train/train.h"

namespace vitlab {

namespace {

Json cost_json(const Cost& cost) {
  Json json = Json::object();
  for (const std::string& metric : cost_metric_names())
    json[metric] = static_cast<Index>(cost_metric(cost, metric));
  return json;
}

Evaluation test(const Graph& graph, const Weights& weights, const Dataset& dataset) {
  return evaluate(Executor(graph), weights, dataset, Split::kTest);
}

/// Units left and there were, by layer and kind of axis.
std::map<std::pair<std::string, std::string>, std::pair<Index, Index>> left_by_layer(
    const PruneResult& result) {
  std::map<std::pair<std::string, std::string>, std::pair<Index, Index>> left;
  for (const PrunedAxis& axis : result.axes) {
    auto& entry = left[{axis.layer, axis.kind}];
    entry.first += static_cast<Index>(axis.kept.size());
    entry.second += axis.size;
  }
  return left;
}

}  // namespace

PrunedModel run_prune_stage(const PruneStage& stage, const OnPruneProgress& on_progress) {
  const auto dataset = open_dataset(parse_data_spec(stage.data));
  const Graph graph = build_graph(stage.spec);
  check_classes(graph, *dataset);
  const Index total = stage.settings.steps + stage.settings.finetune_epochs + 1;
  PrunedModel pruned;
  pruned.settings = stage.settings;
  pruned.fingerprint = dataset->fingerprint();
  pruned.finetune_epochs = stage.settings.finetune_epochs;
  pruned.test_before = test(graph, stage.weights, *dataset);
  pruned.result = prune(stage.spec, stage.weights, *dataset, stage.settings, stage.seed,
                        [&](Index step, Index /*steps*/) {
                          if (on_progress) on_progress(step, total, "cut");
                        });
  PruneResult& result = pruned.result;
  pruned.test_cut = test(build_graph(result.spec), result.weights, *dataset);
  pruned.test_after = pruned.test_cut;
  if (stage.settings.finetune_epochs > 0) {
    TrainRequest tuning;
    tuning.spec = result.spec;
    tuning.data = stage.data;
    tuning.recipe = stage.recipe;
    tuning.recipe.epochs = stage.settings.finetune_epochs;
    tuning.seed = stage.seed;
    tuning.start = result.weights;
    TrainResult tuned = train(tuning, [&](const TrainStep& step) {
      if (on_progress) on_progress(stage.settings.steps + step.epoch - 1, total, "fine-tune");
    });
    if (tuned.state != TrainState::kDone)
      throw Failure("fine-tuning diverged at step " +
                    std::to_string(tuned.diverged_at.value_or(0)));
    result.weights = std::move(tuned.last);
    pruned.test_after = tuned.test.value_or(pruned.test_cut);
  }
  if (on_progress) on_progress(total, total, "done");
  return pruned;
}

Json prune_json(const PrunedModel& pruned) {
  const PruneResult& result = pruned.result;
  Json json = Json::object();
  json["id"] = model_id(result.spec);
  json["settings"] = prune_settings_json(pruned.settings);
  json["criterion"] = pruned.settings.criterion;
  json["keep"] = pruned.settings.keep;
  json["data_fingerprint"] = pruned.fingerprint;
  json["before"] = cost_json(result.before);
  // Counted while cutting, and again on the graph that was built: they must agree.
  json["estimated"] = cost_json(result.after);
  json["after"] = cost_json(graph_cost(build_graph(result.spec)));
  json["accuracy_top1"] = Json::object();
  json["accuracy_top1"]["before"] = pruned.test_before.accuracy();
  json["accuracy_top1"]["cut"] = pruned.test_cut.accuracy();
  json["accuracy_top1"]["after"] = pruned.test_after.accuracy();
  json["accuracy_top1"]["images"] = pruned.test_after.images;
  json["finetune_epochs"] = pruned.finetune_epochs;
  json["axes"] = Json::array();
  for (const PrunedAxis& axis : result.axes) {
    Json row = Json::object();
    row["axis"] = axis.axis;
    row["layer"] = axis.layer;
    row["kind"] = axis.kind;
    row["size"] = axis.size;
    row["kept"] = axis.kept;
    row["scores"] = Json::array();
    for (const double score : axis.scores) row["scores"].push_back(json_number(score));
    json["axes"].push_back(std::move(row));
  }
  return json;
}

void write_pruned_folder(const std::filesystem::path& folder, const PrunedModel& pruned) {
  const PruneResult& result = pruned.result;
  write_file_atomically(folder / "spec.yaml", spec_yaml(result.spec));
  save_weights(folder / "model.safetensors", build_graph(result.spec), result.weights,
               weight_metadata(result.spec));
}

std::vector<MetricValue> metrics_of(const PrunedModel& pruned) {
  std::vector<MetricValue> metrics;
  for (const auto& [where, left] : left_by_layer(pruned.result))
    metrics.push_back({"prune.keep." + where.second,
                       where.first,
                       static_cast<double>(left.first) / static_cast<double>(left.second),
                       "1",
                       {},
                       {},
                       1});
  metrics.push_back(
      {"prune.macs", "", static_cast<double>(pruned.result.after.macs), "MACs", {}, {}, 1});
  metrics.push_back({"prune.params",
                     "",
                     static_cast<double>(pruned.result.after.parameters),
                     "parameters",
                     {},
                     {},
                     1});
  const Evaluation& test = pruned.test_after;
  if (test.images > 0)
    metrics.push_back({"prune.accuracy.top1", "", test.accuracy(), "1", test.interval().low,
                       test.interval().high, test.images});
  return metrics;
}

Json measure_pruned(const PruneStage& stage, const PrunedModel& pruned) {
  Protocol protocol;
  protocol.warmup_seconds = 0.3;
  protocol.timed_seconds = 1;
  const std::vector<NamedGraph> models{
      {"before", build_graph(stage.spec), stage.weights},
      {"after", build_graph(pruned.result.spec), pruned.result.weights}};
  const Measurement measurement = measure_interleaved(models, protocol, 0);
  Json json = Json::object();
  json["protocol"] = protocol_json(protocol);
  json["before"] = measured_json(measurement, 0);
  json["after"] = measured_json(measurement, 1);
  return json;
}

}  // namespace vitlab
