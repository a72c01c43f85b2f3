#include "facts/pruning_gatherer.h"

#include <algorithm>
#include <cmath>

#include "stats/intervals.h"
#include "stats/summary.h"

namespace vitlab::facts {
namespace {

constexpr std::string_view kKeep = "keep.";
constexpr std::string_view kSpeed = "speed_ratio";
constexpr std::string_view kMultiples = ".multiples_of_";

/// The 8 of ".multiples_of_8"; 0 for anything else.
std::int64_t multiple_of(const std::string& suffix) {
  if (!suffix.starts_with(kMultiples)) return 0;
  const std::string number = suffix.substr(kMultiples.size());
  if (number.empty() || number.size() > 6 ||
      number.find_first_not_of("0123456789") != std::string::npos)
    return 0;
  return std::stoll(number);
}

/// The mean, and the range of the intervals.
Measured over_seeds(const std::vector<Measured>& seeds) {
  Measured all = seeds.front();
  all.low = all.low.value_or(all.value);
  all.high = all.high.value_or(all.value);
  std::vector<double> values;
  for (const Measured& seed : seeds) {
    values.push_back(seed.value);
    all.low = std::min(*all.low, seed.low.value_or(seed.value));
    all.high = std::max(*all.high, seed.high.value_or(seed.value));
  }
  all.value = stats::mean(values);
  all.samples = static_cast<std::int64_t>(seeds.size());
  return all;
}

}  // namespace

std::optional<Accuracy> accuracy_of(const SharesByTrial& by_trial) {
  if (by_trial.empty()) return std::nullopt;
  std::vector<double> values;
  std::int64_t images = by_trial.begin()->second.second;
  for (const auto& [trial, seen] : by_trial) {
    values.push_back(seen.first);
    images = std::min(images, seen.second);
  }
  Accuracy accuracy;
  accuracy.mean = stats::mean(values);
  accuracy.seeds = static_cast<std::int64_t>(values.size());
  if (values.size() > 1) accuracy.deviation = stats::standard_deviation(values);
  if (images > 1 && accuracy.mean >= 0 && accuracy.mean <= 1) {
    accuracy.images = images;
    const auto right = std::llround(accuracy.mean * static_cast<double>(images));
    const stats::Interval interval = stats::wilson_interval(right, images);
    accuracy.low = interval.low;
    accuracy.high = interval.high;
  }
  return accuracy;
}

std::vector<LayerValue> by_depth(const ValuesByLayer& values) {
  std::vector<LayerValue> layers;
  for (const auto& [layer, seen] : values) layers.push_back({layer, stats::mean(seen), {}, {}});
  std::sort(layers.begin(), layers.end(), [](const LayerValue& a, const LayerValue& b) {
    return is_earlier_layer(a.layer, b.layer);
  });
  return layers;
}

void PruningGatherer::add(const std::string& name, const store::ResultRow& row) {
  if (name == "accuracy.top1") accuracy_[row.trial] = {row.value, row.samples};
  if (name == "accuracy.top1.cut") cut_accuracy_[row.trial] = {row.value, row.samples};
  if (name == "macs") macs_.push_back(row.value);
  if (name.starts_with(kKeep) && !row.subject.empty())
    kept_[name.substr(kKeep.size())][row.subject].push_back(row.value);
  if (name.starts_with(kSpeed)) add_speed(name.substr(kSpeed.size()), row);
  if (const std::int64_t multiple = name.starts_with("macs") ? multiple_of(name.substr(4)) : 0)
    if (!setting_ || *setting_ == setting_of(row)) rounded_macs_[multiple].push_back(row.value);
}

void PruningGatherer::add_speed(const std::string& suffix, const store::ResultRow& row) {
  if (!setting_) setting_ = setting_of(row);
  if (*setting_ != setting_of(row)) return;
  const Measured speed{row.value, row.low, row.high, row.samples};
  if (suffix.empty()) speeds_.push_back(speed);
  if (const std::int64_t multiple = multiple_of(suffix)) rounded_speeds_[multiple].push_back(speed);
}

PruningOutcome PruningGatherer::finish() const {
  PruningOutcome outcome;
  for (const auto& [axis, layers] : kept_) outcome.kept[axis] = by_depth(layers);
  if (!macs_.empty()) outcome.macs = stats::mean(macs_);
  outcome.accuracy = accuracy_of(accuracy_);
  outcome.cut_accuracy = accuracy_of(cut_accuracy_);
  if (!speeds_.empty()) outcome.speed_ratio = over_seeds(speeds_);
  for (const auto& [multiple, speeds] : rounded_speeds_) {
    // Where rounding changed some seeds' models only, their mean is of other models.
    if (speeds.size() != speeds_.size()) continue;
    const Measured all = over_seeds(speeds);
    RoundedSpeed rounded{multiple, all.value, *all.low, {}};
    const auto macs = rounded_macs_.find(multiple);
    if (macs != rounded_macs_.end()) rounded.macs = stats::mean(macs->second);
    outcome.rounded.push_back(rounded);
  }
  return outcome;
}

}  // namespace vitlab::facts
