#include "sweep/analysis_settings.h"

#include <algorithm>

#include "architecture/solve.h"
#include "core/error.h"
#include "graph/axis.h"
#include "sweep/setting_list.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::sweep {

// Outside the unnamed namespace, where lookup by argument finds it.
template <typename Visit>
static void visit_settings(const PruneSettings&, Visit visit) {
  visit("axes", &PruneSettings::axes);
  visit("criterion", &PruneSettings::criterion);
  visit("scope", &PruneSettings::scope);
  visit("cost", &PruneSettings::cost);
  visit("batches", &PruneSettings::batches);
  visit("batch_size", &PruneSettings::batch_size);
  visit("steps", &PruneSettings::steps);
  visit("multiple_of", &PruneSettings::multiple_of);
  visit("floor_qk", &PruneSettings::floor_qk);
  visit("floor_v", &PruneSettings::floor_v);
  visit("floor_hidden", &PruneSettings::floor_hidden);
  visit("floor_embedding", &PruneSettings::floor_embedding);
  visit("fold_means", &PruneSettings::fold_means);
  visit("rescale_attention", &PruneSettings::rescale_attention);
  visit("finetune_between", &PruneSettings::finetune_between);
  visit("finetune_epochs", &PruneSettings::finetune_epochs);
}

namespace {

/// The kinds of axes that pruning may cut; the others are fixed by the images and the labels.
std::vector<std::string> prunable_axes() {
  std::vector<std::string> names;
  for (const graph::AxisKindRow& row : graph::kAxisKinds)
    if (row.is_prunable) names.emplace_back(row.word);
  names.emplace_back(kLayerAxis);
  return names;
}

std::vector<std::string> budget_metrics() {
  std::vector<std::string> names = architecture::cost_metric_names();
  names.emplace_back(kLatencyMetric);
  return names;
}

/// "heads" and "layers" mean "head" and "layer".
std::string singular(const std::string& axis) {
  if (axis == "heads" || axis == "layers") return axis.substr(0, axis.size() - 1);
  return axis;
}

void read_keep(core::ConfigReader& reader, std::map<std::string, double>& keep) {
  auto child = reader.child("keep");
  if (!child) return;
  std::map<std::string, double> given;
  for (const std::string& metric : budget_metrics()) {
    double share = 0;
    if (!child->optional(metric, share)) continue;
    if (!(share > 0 && share <= 1))
      child->fail(metric, "is the share that is left: above 0 and at most 1");
    given[metric] = share;
  }
  child->finish();
  if (child->self().items.empty())
    child->fail_here("must name a metric and the share that is left, as in {macs: 0.7}");
  keep = std::move(given);
}

void check_ranges(core::ConfigReader& reader, const PruneSettings& s) {
  const auto whole = [&](const char* key, graph::Index value, double low, double high) {
    check_between(reader, key, static_cast<double>(value), low, high);
  };
  if (s.axes.empty()) reader.fail("axes", "must name at least one kind of axis");
  for (const std::string& axis : s.axes) check_choice(reader, "axes", axis, prunable_axes());
  check_choice(reader, "criterion", s.criterion,
               {"gate_taylor", "magnitude", "batch_norm_scale", "ablation", "random"});
  check_choice(reader, "scope", s.scope, {"global", "local", "isomorphic"});
  if (!s.cost.empty()) check_choice(reader, "cost", s.cost, budget_metrics());
  whole("batches", s.batches, 1, 1'000'000);
  whole("batch_size", s.batch_size, 1, 1'000'000);
  whole("steps", s.steps, 1, 10'000);
  whole("multiple_of", s.multiple_of, 1, 4096);
  whole("floor_qk", s.floor_qk, 1, 1'000'000);
  whole("floor_v", s.floor_v, 1, 1'000'000);
  whole("floor_hidden", s.floor_hidden, 1, 1'000'000);
  whole("floor_embedding", s.floor_embedding, 1, 1'000'000);
  whole("finetune_between", s.finetune_between, 0, 100'000);
  whole("finetune_epochs", s.finetune_epochs, 0, 100'000);
}

}  // namespace

SimilaritySettings read_similarity_settings(core::ConfigReader& reader) {
  SimilaritySettings settings;
  std::int64_t seed = 0;
  reader.optional("images", settings.images);
  reader.optional("batch", settings.batch);
  reader.optional("seed", seed);
  reader.optional("control", settings.control);
  reader.optional("ablate", settings.ablate);
  std::vector<std::string> metrics;
  if (reader.optional("metrics", metrics)) {
    try {
      settings.metrics = chosen_measures(metrics);
    } catch (const core::UserError& error) {
      reader.fail("metrics", error.what());
    }
  }
  reader.finish();
  check_between(reader, "control", static_cast<double>(settings.control), 0, 100);
  check_between(reader, "images", static_cast<double>(settings.images), 1, 1e8);
  check_between(reader, "batch", static_cast<double>(settings.batch), 1, 1e6);
  check_between(reader, "seed", static_cast<double>(seed), 0, 9e15);
  settings.seed = static_cast<std::uint64_t>(seed);
  return settings;
}

core::Json similarity_settings_json(const SimilaritySettings& settings) {
  const SimilaritySettings defaults;
  core::Json json = core::Json::object();
  if (settings.images != defaults.images) json["images"] = settings.images;
  if (settings.batch != defaults.batch) json["batch"] = settings.batch;
  if (settings.seed != defaults.seed) json["seed"] = settings.seed;
  if (settings.metrics != defaults.metrics) json["metrics"] = settings.metrics;
  if (settings.control != defaults.control) json["control"] = settings.control;
  if (settings.ablate != defaults.ablate) json["ablate"] = settings.ablate;
  return json;
}

PruneSettings read_prune_settings(core::ConfigReader& reader) {
  PruneSettings settings;
  read_keep(reader, settings.keep);
  read_settings(reader, settings);
  reader.finish();
  for (std::string& axis : settings.axes) axis = singular(axis);
  check_ranges(reader, settings);
  // The kinds are a set: their order says nothing.
  std::sort(settings.axes.begin(), settings.axes.end());
  settings.axes.erase(std::unique(settings.axes.begin(), settings.axes.end()), settings.axes.end());
  return settings;
}

core::Json prune_settings_json(const PruneSettings& settings) {
  core::Json json = core::Json::object();
  if (settings.keep != PruneSettings{}.keep) {
    json["keep"] = core::Json::object();
    for (const auto& [metric, share] : settings.keep) json["keep"][metric] = share;
  }
  json.update(settings_json(settings));
  return json;
}

}  // namespace vitlab::sweep
