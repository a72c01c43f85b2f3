#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "facts/report_model.h"

namespace vitlab::facts {

/// A share by trial and the images that it was seen on.
using SharesByTrial = std::map<std::string, std::pair<double, std::int64_t>>;
/// Their mean with Wilson's interval for one test set; none of nothing.
std::optional<Accuracy> accuracy_of(const SharesByTrial& by_trial);

using ValuesByLayer = std::map<std::string, std::vector<double>>;
/// Means, layers in depth order.
std::vector<LayerValue> by_depth(const ValuesByLayer& values);

/// Takes the rows of one prune stage over all seeds of a model.
class PruningGatherer {
 public:
  /// A row whose metric is `name` behind the stage's prefix ("keep.qk"); unknown ones are passed
  /// over. Speeds are kept in the first setting that is seen.
  void add(const std::string& name, const store::ResultRow& row);
  PruningOutcome finish() const;

 private:
  void add_speed(const std::string& suffix, const store::ResultRow& row);

  std::map<std::string, ValuesByLayer> kept_;
  std::vector<double> macs_;
  SharesByTrial accuracy_, cut_accuracy_;
  std::optional<Setting> setting_;
  std::vector<Measured> speeds_;
  std::map<std::int64_t, std::vector<Measured>> rounded_speeds_;  // by multiple
  std::map<std::int64_t, std::vector<double>> rounded_macs_;
};

}  // namespace vitlab::facts
