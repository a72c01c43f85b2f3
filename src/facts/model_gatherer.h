#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "facts/pruning_gatherer.h"

namespace vitlab::facts {

/// Takes the rows of one model one by one and reduces them: means over seeds, layers in depth
/// order.
class ModelGatherer {
 public:
  explicit ModelGatherer(ReportModel model) : model_(std::move(model)) {}

  /// A row of speed or time; other settings than the main one keep their throughput only.
  void add_timed(const store::ResultRow& row, const Setting& setting, const Setting& main);
  /// Any other row; unknown metrics are passed over.
  void add(const store::ResultRow& row);
  ReportModel finish();

 private:
  ReportModel model_;
  SharesByTrial accuracy_;
  PruningGatherer pruned_, pruned_at_random_;
  ValuesByLayer similarity_, chance_, random_;
};

}  // namespace vitlab::facts
