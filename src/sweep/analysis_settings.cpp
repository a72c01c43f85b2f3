#include "sweep/analysis_settings.h"

#include <algorithm>

#include "architecture/solve.h"
#include "core/config_fields.h"
#include "core/error.h"
#include "core/json_fields.h"
#include "graph/axis.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::sweep {

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

void read_seed(core::ConfigReader& reader, std::string_view key, std::uint64_t& seed) {
  std::int64_t given = 0;
  if (!reader.optional(key, given)) return;
  core::check_between(reader, key, static_cast<double>(given), 0, 9e15);
  seed = static_cast<std::uint64_t>(given);
}

void read_measures(core::ConfigReader& reader, std::string_view key,
                   std::vector<std::string>& measures) {
  std::vector<std::string> words;
  if (!reader.optional(key, words)) return;
  try {
    measures = chosen_measures(words);
  } catch (const core::UserError& error) {
    reader.fail(key, error.what());
  }
}

void check_ranges(core::ConfigReader& reader, const PruneSettings& s) {
  const auto whole = [&](const char* key, graph::Index value, double low, double high) {
    core::check_between(reader, key, static_cast<double>(value), low, high);
  };
  if (s.axes.empty()) reader.fail("axes", "must name at least one kind of axis");
  for (const std::string& axis : s.axes) core::check_word(reader, "axes", axis, prunable_axes());
  if (!s.cost.empty()) core::check_word(reader, "cost", s.cost, budget_metrics());
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
  core::for_each_field<SimilaritySettings>(
      [&]<typename T>(const core::Field<SimilaritySettings, T>& field) {
        if constexpr (std::is_same_v<T, std::uint64_t>)
          read_seed(reader, field.name, settings.*(field.member));
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
          read_measures(reader, field.name, settings.*(field.member));
        else
          core::read_setting(reader, field.name, field.presence, settings.*(field.member));
      });
  reader.finish();
  core::check_between(reader, "control", static_cast<double>(settings.control), 0, 100);
  core::check_between(reader, "images", static_cast<double>(settings.images), 1, 1e8);
  core::check_between(reader, "batch", static_cast<double>(settings.batch), 1, 1e6);
  return settings;
}

core::Json similarity_settings_json(const SimilaritySettings& settings) {
  return core::to_json(settings);
}

PruneSettings read_prune_settings(core::ConfigReader& reader) {
  PruneSettings settings;
  core::for_each_field<PruneSettings>([&]<typename T>(const core::Field<PruneSettings, T>& field) {
    if constexpr (std::is_same_v<T, std::map<std::string, double>>)
      read_keep(reader, settings.*(field.member));
    else
      core::read_setting(reader, field.name, field.presence, settings.*(field.member));
  });
  reader.finish();
  for (std::string& axis : settings.axes) axis = singular(axis);
  check_ranges(reader, settings);
  // The kinds are a set: their order says nothing.
  std::sort(settings.axes.begin(), settings.axes.end());
  settings.axes.erase(std::unique(settings.axes.begin(), settings.axes.end()), settings.axes.end());
  return settings;
}

core::Json prune_settings_json(const PruneSettings& settings) { return core::to_json(settings); }

}  // namespace vitlab::sweep
