#include "report/model_gatherer.h"

#include <algorithm>
#include <cmath>

#include "stats/intervals.h"
#include "stats/summary.h"

namespace vitlab {
namespace {

constexpr std::string_view kSimilarity = "head_cosine.max_max.map";
constexpr std::string_view kChance = "head_cosine.max_max.map.null";
constexpr std::string_view kRandom = "head_cosine.max_max.map.control";
constexpr std::string_view kKept = "prune.keep.";
constexpr std::string_view kTimeShare = "time_share.";

std::optional<Accuracy> accuracy_of(
    const std::map<std::string, std::pair<double, std::int64_t>>& by_trial) {
  if (by_trial.empty()) return std::nullopt;
  std::vector<double> values;
  std::int64_t images = by_trial.begin()->second.second;
  for (const auto& [trial, seen] : by_trial) {
    values.push_back(seen.first);
    images = std::min(images, seen.second);
  }
  Accuracy accuracy;
  accuracy.mean = mean(values);
  accuracy.seeds = static_cast<std::int64_t>(values.size());
  if (values.size() > 1) accuracy.deviation = standard_deviation(values);
  if (images > 1 && accuracy.mean >= 0 && accuracy.mean <= 1) {
    accuracy.images = images;
    const auto right = std::llround(accuracy.mean * static_cast<double>(images));
    const Interval interval = wilson_interval(right, images);
    accuracy.low = interval.low;
    accuracy.high = interval.high;
  }
  return accuracy;
}

std::vector<LayerValue> by_depth(const std::map<std::string, std::vector<double>>& values) {
  std::vector<LayerValue> layers;
  for (const auto& [layer, seen] : values) layers.push_back({layer, mean(seen), {}, {}});
  std::sort(layers.begin(), layers.end(), [](const LayerValue& a, const LayerValue& b) {
    return is_earlier_layer(a.layer, b.layer);
  });
  return layers;
}

Measured measured(const ResultRow& row) { return {row.value, row.low, row.high, row.samples}; }

}  // namespace

void ModelGatherer::add_timed(const ResultRow& row, const Setting& setting, const Setting& main) {
  if (setting != main) {
    if (row.metric == "throughput") model_.throughput_elsewhere[setting] = measured(row);
    return;
  }
  if (row.metric == "throughput") model_.throughput = measured(row);
  if (row.metric == "throughput_ratio") model_.ratio = measured(row);
  if (row.metric == "memory_bound_share") model_.memory_bound = measured(row);
  if (row.metric == "roofline_memory_bound_share") model_.roofline_bound = measured(row);
  if (row.metric.starts_with(kTimeShare))
    model_.time_shares[row.metric.substr(kTimeShare.size())] = row.value;
}

void ModelGatherer::add(const ResultRow& row) {
  if (row.metric == "params") model_.params = row.value;
  if (row.metric == "macs") model_.macs = row.value;
  if (row.metric == "mhsa_share") model_.mhsa_share = row.value;
  if (row.metric == "accuracy.top1") accuracy_[row.trial] = {row.value, row.samples};
  if (row.metric == "prune.accuracy.top1") pruned_accuracy_[row.trial] = {row.value, row.samples};
  if (row.metric == "prune.macs") pruned_macs_.push_back(row.value);
  if (row.subject.empty()) return;
  if (row.metric == kSimilarity) similarity_[row.subject].push_back(row.value);
  if (row.metric == kChance) chance_[row.subject].push_back(row.value);
  if (row.metric == kRandom) random_[row.subject].push_back(row.value);
  if (row.metric.starts_with(kKept))
    kept_[row.metric.substr(kKept.size())][row.subject].push_back(row.value);
}

ReportModel ModelGatherer::finish() {
  model_.accuracy = accuracy_of(accuracy_);
  model_.pruned_accuracy = accuracy_of(pruned_accuracy_);
  if (!pruned_macs_.empty()) model_.pruned_macs = mean(pruned_macs_);
  model_.similarity = by_depth(similarity_);
  for (LayerValue& layer : model_.similarity) {
    const auto chance = chance_.find(layer.layer);
    if (chance != chance_.end()) layer.chance = mean(chance->second);
    const auto random = random_.find(layer.layer);
    if (random != random_.end()) layer.random = mean(random->second);
  }
  for (const auto& [axis, layers] : kept_) model_.kept[axis] = by_depth(layers);
  return std::move(model_);
}

}  // namespace vitlab
