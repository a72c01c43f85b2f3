#include <algorithm>
#include <map>

#include "architecture/presets.h"
#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/error.h"
#include "core/text.h"
#include "graph/fold.h"
#include "lab/predictor_place.h"
#include "predict/predictor_file.h"

namespace vitlab::cli {

namespace {

struct LayerTime {
  std::string layer, kind;
  double seconds = 0;
};

/// The slowest layers first.
std::vector<LayerTime> layer_times(const graph::Graph& graph,
                                   const predict::Prediction& prediction) {
  std::vector<LayerTime> layers;
  for (const graph::LayerInfo& layer : graph.layers)
    layers.push_back({layer.path, std::string(layer.kind), 0});
  for (const graph::NodeId i : graph.nodes.ids())
    if (graph.nodes[i].layer.valid())
      layers[graph.nodes[i].layer.index()].seconds += prediction.op_seconds[i.index()];
  std::stable_sort(layers.begin(), layers.end(),
                   [](const LayerTime& a, const LayerTime& b) { return a.seconds > b.seconds; });
  return layers;
}

struct PredictedModel {
  architecture::NamedModel model;
  graph::Graph graph;  // in the form that is timed
  predict::Prediction prediction;
};

core::Json model_json(const PredictedModel& one, const predict::PredictorSetting& setting) {
  const predict::Prediction& p = one.prediction;
  const double batch = static_cast<double>(setting.batch);
  core::Json json = core::Json::object();
  json["model"] = one.model.name;
  json["id"] = architecture::model_id(one.model.spec);
  json["latency_ms"] = {
      {"value", 1e3 * p.seconds}, {"low", 1e3 * p.interval.low}, {"high", 1e3 * p.interval.high}};
  json["throughput_images_per_s"] = {{"value", batch / p.seconds},
                                     {"low", batch / p.interval.high},
                                     {"high", batch / p.interval.low}};
  json["remainder_ms"] = 1e3 * p.remainder;
  json["disagreement"] = p.disagreement;
  json["unseen"] = p.unseen;
  json["layers"] = core::Json::array();
  for (const LayerTime& layer : layer_times(one.graph, p))
    json["layers"].push_back(
        {{"layer", layer.layer}, {"kind", layer.kind}, {"time_ms", 1e3 * layer.seconds}});
  return json;
}

std::string models_text(const std::vector<PredictedModel>& models,
                        const predict::TimePredictor& predictor, std::int64_t top) {
  const double batch = static_cast<double>(predictor.setting.batch);
  core::TextTable table({"model", "latency ms", "90 % interval", "images/s"});
  std::string layers, warnings;
  for (const PredictedModel& one : models) {
    const predict::Prediction& p = one.prediction;
    table.add({one.model.name, core::significant(1e3 * p.seconds, 4),
               core::significant(1e3 * p.interval.low, 4) + " … " +
                   core::significant(1e3 * p.interval.high, 4),
               core::significant(batch / p.seconds, 4)});
    core::TextTable slowest({"layer of " + one.model.name, "kind", "ms", "share %"});
    std::int64_t listed = 0;
    for (const LayerTime& layer : layer_times(one.graph, p)) {
      if (listed++ == top) break;
      slowest.add({layer.layer, layer.kind, core::significant(1e3 * layer.seconds, 3),
                   core::significant(100 * layer.seconds / p.seconds, 3)});
    }
    if (!slowest.empty()) layers += "\n" + slowest.str(output_width());
    for (const std::string& words : p.unseen)
      warnings += one.model.name + " lies outside what the predictor saw: " + words + "\n";
  }
  return table.str(output_width()) + layers + (warnings.empty() ? "" : "\n" + warnings);
}

std::string setting_text(const predict::TimePredictor& predictor) {
  const predict::PredictorSetting& setting = predictor.setting;
  return setting.device + ", " + std::to_string(setting.threads) + " thread(s), batch " +
         std::to_string(setting.batch) + ", " + std::string(core::word_of(setting.dtype)) +
         (setting.deploy ? ", deploy form" : "") +
         (setting.flush_subnormals ? ", subnormals flushed" : "") + "; trained on " +
         std::to_string(predictor.models) + " models, interval from " +
         std::to_string(predictor.errors.log_ratios.size()) +
         (predictor.errors.from_test ? " unseen test models\n" : " models held out in turn\n");
}

/// Scales a prediction to another batch: the calls stay, the rest is by image. Only on demand.
void check_batch(const predict::TimePredictor& predictor, std::int64_t batch) {
  if (batch == 0 || batch == predictor.setting.batch) return;
  throw core::UserError("the predictor was trained for batch " +
                        std::to_string(predictor.setting.batch) + ", not " + std::to_string(batch) +
                        ": run vitlab calibrate with a protocol of that batch, or add --scale");
}

}  // namespace

core::ExitCode run_predict(const std::vector<std::string>& words) {
  std::vector<std::string> references, overrides;
  std::string path;
  std::int64_t batch = 0, threads = 0, top = 5;
  bool json = false, elsewhere = false, scale = false;
  Arguments arguments("predict", "Predict the speed of models without running them.",
                      {"vitlab predict efficientvit_m0 deit_tiny --predictor predictor.json",
                       "vitlab predict my_model.yaml --predictor predictor.json --json"});
  arguments.positionals("models", "preset names, YAML files or folders", references);
  arguments.repeated("--set", "key=value: turn a knob of every template", overrides);
  arguments.option("--predictor", "what vitlab calibrate wrote", path, true);
  arguments.option("--batch", "images per forward (default: what it was trained for)", batch,
                   Bounds{1});
  arguments.option("--threads", "threads (default: what it was trained for)", threads, Bounds{1});
  arguments.flag("--scale", "features of another --batch are asked of the same predictor", scale);
  arguments.flag("--elsewhere",
                 "allow a predictor of another machine: times are for its calibration machine",
                 elsewhere);
  arguments.option("--top", "how many layers to list", top);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  predict::TimePredictor predictor = predict::read_predictor(path);
  lab::EngineProcesses engines;
  if (!elsewhere) lab::check_is_here(predictor, path, engines);
  if (threads != 0) lab::check_threads(predictor, path, threads);
  if (!scale) check_batch(predictor, batch);
  const bool is_scaled = batch != 0 && batch != predictor.setting.batch;
  if (is_scaled) predictor.setting.batch = batch;
  std::vector<PredictedModel> models;
  for (const std::string& reference : references) {
    architecture::NamedModel model = architecture::resolve_model(reference, overrides);
    graph::Graph graph = architecture::build_graph(model.spec);
    predict::Prediction prediction =
        predict::predict_time(predictor, predict::features_for(graph, predictor.setting));
    if (predictor.setting.deploy) graph = graph::fold(graph).graph;
    models.push_back({std::move(model), std::move(graph), std::move(prediction)});
  }
  if (json) {
    const predict::PredictorSetting& setting = predictor.setting;
    core::Json document = json_document("predict");
    document["predictor"] = {{"path", path},
                             {"device", setting.device},
                             {"threads", setting.threads},
                             {"batch", setting.batch},
                             {"dtype", core::word_of(setting.dtype)},
                             {"deploy", setting.deploy},
                             {"flush_subnormals", setting.flush_subnormals},
                             {"models", predictor.models},
                             {"errors_from_test", predictor.errors.from_test},
                             {"scaled_batch", is_scaled}};
    document["models"] = core::Json::array();
    for (const PredictedModel& one : models) document["models"].push_back(model_json(one, setting));
    print_json(document);
  } else {
    print_text(setting_text(predictor) +
               (is_scaled ? "scaled to another batch: the interval does not hold for it\n" : "") +
               "\n" + models_text(models, predictor, top));
  }
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
