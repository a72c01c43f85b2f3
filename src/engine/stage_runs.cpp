#include "engine/stage_runs.h"

#include <algorithm>

#include <unistd.h>

#include "architecture/cost_counter.h"
#include "architecture/presets.h"
#include "architecture/solve.h"
#include "core/files.h"
#include "core/hash.h"
#include "engine/prune_stage.h"
#include "model/device.h"
#include "model/weight_files.h"
#include "profile/environment.h"
#include "similarity/head_ablation.h"
#include "similarity/head_similarity.h"
#include "sweep/named_config.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

using StageRun = void (*)(const StageContext&, store::StageRecord&, const store::StagedFiles&);

architecture::ModelSpec spec_of(const StageContext& context) {
  return context.plan.models.at(context.stage.model).spec();
}

std::uint64_t seed_of(const StageContext& context) {
  return static_cast<std::uint64_t>(context.stage.seed.value_or(0));
}

void run_cost(const StageContext& context, store::StageRecord& record,
              const store::StagedFiles& /*files*/) {
  const architecture::ModelSpec spec = spec_of(context);
  const graph::Cost cost = architecture::CostCounter().count(spec);
  for (const std::string& metric : architecture::cost_metric_names()) {
    const bool bytes = metric.starts_with("bytes") || metric.ends_with("bytes");
    const std::string unit = metric == "macs"          ? "MACs"
                             : metric == "params"      ? "parameters"
                             : metric == "flops"       ? "FLOPs"
                             : metric == "activations" ? "elements"
                             : bytes                   ? "B"
                                                       : "1";
    record.metrics.push_back(
        {metric, "", architecture::cost_metric(cost, metric), unit, {}, {}, 1});
  }
  record.metrics.push_back({"mhsa_share", "", architecture::mhsa_share(spec), "1", {}, {}, 1});
}

void run_train(const StageContext& context, store::StageRecord& record,
               const store::StagedFiles& files) {
  train::TrainRequest request;
  request.spec = spec_of(context);
  request.data = context.plan.data;
  request.recipe = context.plan.recipe;
  request.seed = seed_of(context);
  request.on_broken = data::skipping(context.plan.skip_broken);
  request.checkpoint_folder = context.store.stage_folder(context.stage.id) / "ckpt";
  const train::TrainResult result = train::train(request, [&](const train::TrainStep& step) {
    context.note("epoch " + std::to_string(step.epoch) + "/" + std::to_string(step.epochs));
  });
  record.details = core::to_json(train::report_of(request, result));
  const auto add = [&](const char* metric, const std::optional<train::Evaluation>& test) {
    if (test && test->images > 0)
      record.metrics.push_back({metric, "", test->accuracy(), "1", test->interval().low,
                                test->interval().high, test->images});
  };
  add("accuracy.top1", result.test);
  add("accuracy.top1.best", result.best_test);
  if (result.test)
    record.metrics.push_back(
        {"loss.test", "", result.test->loss, "nats", {}, {}, result.test->images});
  if (result.state == train::TrainState::kDiverged) {
    record.state = store::StageState::kDiverged;
    record.reason =
        "the loss was no finite number at step " + std::to_string(result.diverged_at.value_or(0));
    return;
  }
  const graph::Graph graph = architecture::build_graph(request.spec);
  const interop::Metadata metadata = model::weight_metadata(request.spec, result.trained_on);
  model::save_weights(files.path() / "model.safetensors", graph, result.last, metadata);
  model::save_weights(files.path() / "best.safetensors", graph, result.best, metadata);
}

/// The weights that a stage starts from: those of the training before it, or fresh ones.
model::Weights starting_weights(const StageContext& context, const graph::Graph& graph) {
  for (const std::string& id : context.stage.after) {
    const auto record = context.store.read_record(id);
    if (!record || record->kind != "train") continue;
    const std::filesystem::path folder = context.store.stage_folder(id);
    for (const store::StoredFile& file : record->files) {
      if (file.name != "model.safetensors") continue;
      // Numbers from damaged weights would be wrong without a sign of it.
      if (core::sha256_file(folder / file.path) != file.sha256)
        throw core::Failure((folder / file.path).string() +
                            " is damaged: its hash is not that of its record; remove " +
                            folder.string() + " and run the sweep again with --retry-failed");
      return model::load_weights(folder / file.path, graph);
    }
    throw core::Failure("the record of training " + id + " names no model.safetensors");
  }
  return model::initial_weights(graph, seed_of(context));
}

void run_similarity(const StageContext& context, store::StageRecord& record,
                    const store::StagedFiles& /*files*/) {
  model::set_threads(static_cast<int>(context.plan.recipe.threads));
  const graph::Graph graph = architecture::build_graph(spec_of(context));
  if (graph.attention.empty()) {
    record.details = core::to_json(messages::HeadSimilarity{
        .note = "the model has no attention layers, so no heads to compare"});
    return;
  }
  const model::Weights weights = starting_weights(context, graph);
  const auto dataset = data::open_dataset(data::parse_data_spec(context.plan.data),
                                          {.on_broken = data::skipping(context.plan.skip_broken)});
  train::prepare(*dataset, context.plan.recipe);
  const sweep::SimilaritySettings settings =
      sweep::similarity_settings_from_json(context.stage.settings, "similarity settings");
  const auto notice = [&](graph::Index done, graph::Index total) {
    context.note(std::to_string(done) + "/" + std::to_string(total) + " images");
  };
  const model::Executor executor(graph);
  similarity::SimilarityResult result =
      similarity::head_similarity(executor, weights, *dataset, settings, notice);
  if (similarity::wants_importance(settings))
    similarity::add_importance(
        result, similarity::gate_importance(executor, weights, *dataset, settings, notice));
  std::vector<similarity::SimilarityResult> controls;
  for (graph::Index i = 0; i < settings.control; ++i) {
    const std::uint64_t seed = seed_of(context) + 1 + static_cast<std::uint64_t>(i);
    controls.push_back(similarity::head_similarity(executor, model::initial_weights(graph, seed),
                                                   *dataset, settings, notice));
  }
  similarity::add_control(result, controls);
  record.metrics = similarity::metrics_of(result);
  messages::HeadSimilarity told = similarity::message_of(result);
  if (settings.ablate)
    told.ablation = similarity::ablate_heads(executor, weights, *dataset, settings, notice);
  record.details = core::to_json(told);
}

void run_prune(const StageContext& context, store::StageRecord& record,
               const store::StagedFiles& files) {
  model::set_threads(static_cast<int>(context.plan.recipe.threads));
  PruneStage stage;
  stage.spec = spec_of(context);
  stage.weights = starting_weights(context, architecture::build_graph(stage.spec));
  stage.data = context.plan.data;
  stage.on_broken = data::skipping(context.plan.skip_broken);
  stage.settings = sweep::prune_settings_from_json(context.stage.settings, "prune settings");
  stage.recipe = context.plan.recipe;
  stage.seed = seed_of(context);
  const PrunedModel pruned =
      run_prune_stage(stage, [&](graph::Index done, graph::Index total, const std::string& note) {
        context.note(note + " " + std::to_string(done) + "/" + std::to_string(total));
      });
  record.metrics = metrics_of(pruned);
  // For a measure_pruned stage: what rounding leads to follows from what was cut.
  record.details =
      core::to_json(messages::PruneDetails{facts_of(pruned), rounded_specs(pruned.result)});
  write_pruned_folder(files.path(), pruned);
}

void run_measure_pruned(const StageContext& context, store::StageRecord& record,
                        const store::StagedFiles& /*files*/) {
  core::ensure(context.stage.after.size() == 1,
               "a pruned model that is measured was pruned by a stage");
  const std::string& id = context.stage.after.front();
  const auto pruned = context.store.read_record(id);
  if (!pruned) throw core::Failure("the record of pruning " + id + " is gone");
  const std::filesystem::path folder = context.store.stage_folder(id);
  PrunedSpeed speed;
  speed.before = spec_of(context);
  for (const store::StoredFile& file : pruned->files)
    if (file.name == "spec.yaml")
      speed.after = architecture::resolve_model((folder / file.path).string()).spec;
  core::ensure(!speed.after.stages.empty(), "a prune stage writes spec.yaml");
  const auto cut = store::details_of<messages::PruneDetails>(*pruned);
  speed.rounded = cut.rounded;
  speed.protocol = sweep::protocol_from_json(context.stage.settings, "protocol");
  const messages::PrunedSpeeds speeds = measure_pruned(speed);
  record.details = core::to_json(messages::MeasurePrunedDetails{
      speeds, {speed.protocol}, speeds.after.environment, sweep::runtime_label(speed.protocol)});
  record.metrics = pruned_speed_metrics(speeds, prune_metric_prefix(cut.settings));
}

struct StageRow {
  const char* kind;
  StageRun run;
};

constexpr StageRow kStageRuns[] = {
    {"cost", run_cost},
    {"train", run_train},
    {"similarity", run_similarity},
    {"prune", run_prune},
    {"measure_pruned", run_measure_pruned},
};

}  // namespace

void run_stage(const StageContext& context, store::StageRecord& record,
               const store::StagedFiles& files) {
  for (const StageRow& row : kStageRuns)
    if (context.stage.kind == row.kind) return row.run(context, record, files);
  core::ensure(false, "every kind of stage but measure has a function");
}

store::StageRecord blank_record(const sweep::PlannedStage& stage) {
  store::StageRecord record;
  record.id = stage.id;
  record.kind = stage.kind;
  record.kind_version = stage.version;
  return record;
}

store::Provenance provenance() {
  store::Provenance provenance;
  provenance.vitlab = VITLAB_VERSION;
  const messages::Environment machine = profile::environment(at::kCPU);
  provenance.torch = machine.torch_version;
  provenance.machine = machine.device;
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) == 0) provenance.host = host;
  return provenance;
}

}  // namespace vitlab::engine
