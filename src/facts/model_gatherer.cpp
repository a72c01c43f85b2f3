#include "facts/model_gatherer.h"

#include "stats/summary.h"

namespace vitlab::facts {
namespace {

constexpr std::string_view kSimilarity = "head_cosine.max_max.map";
constexpr std::string_view kChance = "head_cosine.max_max.map.null";
constexpr std::string_view kRandom = "head_cosine.max_max.map.control";
constexpr std::string_view kPruned = "prune.";
constexpr std::string_view kPrunedAtRandom = "prune.random.";
constexpr std::string_view kTimeShare = "time_share.";

Measured measured(const store::ResultRow& row) {
  return {row.value, row.low, row.high, row.samples};
}

}  // namespace

void ModelGatherer::add_timed(const store::ResultRow& row, const Setting& setting,
                              const Setting& main) {
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

void ModelGatherer::add(const store::ResultRow& row) {
  if (row.metric == "params") model_.params = row.value;
  if (row.metric == "macs") model_.macs = row.value;
  if (row.metric == "mhsa_share") model_.mhsa_share = row.value;
  if (row.metric == "accuracy.top1") accuracy_[row.trial] = {row.value, row.samples};
  if (row.metric.starts_with(kPrunedAtRandom))
    pruned_at_random_.add(row.metric.substr(kPrunedAtRandom.size()), row);
  else if (row.metric.starts_with(kPruned))
    pruned_.add(row.metric.substr(kPruned.size()), row);
  if (row.subject.empty()) return;
  if (row.metric == kSimilarity) similarity_[row.subject].push_back(row.value);
  if (row.metric == kChance) chance_[row.subject].push_back(row.value);
  if (row.metric == kRandom) random_[row.subject].push_back(row.value);
}

ReportModel ModelGatherer::finish() {
  model_.accuracy = accuracy_of(accuracy_);
  model_.pruned = pruned_.finish();
  model_.pruned_at_random = pruned_at_random_.finish();
  model_.similarity = by_depth(similarity_);
  for (LayerValue& layer : model_.similarity) {
    const auto chance = chance_.find(layer.layer);
    if (chance != chance_.end()) layer.chance = stats::mean(chance->second);
    const auto random = random_.find(layer.layer);
    if (random != random_.end()) layer.random = stats::mean(random->second);
  }
  return std::move(model_);
}

}  // namespace vitlab::facts
