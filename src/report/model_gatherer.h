#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/report_model.h"

namespace vitlab {

/// Takes the rows of one model one by one and reduces them: means over seeds, layers in depth
/// order.
class ModelGatherer {
 public:
  explicit ModelGatherer(ReportModel model) : model_(std::move(model)) {}

  /// A row of speed or time; other settings than the main one keep their throughput only.
  void add_timed(const ResultRow& row, const Setting& setting, const Setting& main);
  /// Any other row; unknown metrics are passed over.
  void add(const ResultRow& row);
  ReportModel finish();

 private:
  using ByLayer = std::map<std::string, std::vector<double>>;
  using ByTrial = std::map<std::string, std::pair<double, std::int64_t>>;  // value, images

  ReportModel model_;
  ByTrial accuracy_;
  ByTrial pruned_accuracy_;
  std::vector<double> pruned_macs_;
  ByLayer similarity_;
  ByLayer chance_;
  ByLayer random_;
  std::map<std::string, ByLayer> kept_;
};

}  // namespace vitlab
