#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facts/report_input.h"
#include "facts/setting.h"
#include "messages/profile_answer.h"

namespace vitlab::facts {

/// A value with the interval and the number of samples that were recorded with it.
struct Measured {
  double value = 0;
  std::optional<double> low;
  std::optional<double> high;
  std::int64_t samples = 1;
};

/// Accuracy over seeds, as shares. `low` and `high` are Wilson's 95 % interval of the mean for one
/// test set of `images`: more seeds do not make the test set larger.
struct Accuracy {
  double mean = 0;
  std::optional<double> deviation;  // between seeds, n - 1; none for one seed
  std::int64_t seeds = 0;
  std::int64_t images = 0;  // 0: not recorded, and there is no interval
  std::optional<double> low;
  std::optional<double> high;
};

/// A value of one layer, the mean over seeds; of similarities also what chance and random weights
/// give.
struct LayerValue {
  std::string layer;
  double value = 0;
  std::optional<double> chance, random;
};

/// A pruned model with its sizes at multiples of a number of hardware's liking.
struct RoundedSpeed {
  std::int64_t multiple = 8;
  double ratio = 0;  // measured throughput over that of the model before pruning
  double low = 0;    // the least end of the seeds' intervals
  std::optional<double> macs;
};

/// What pruning left of a model, means over seeds.
struct PruningOutcome {
  std::map<std::string, std::vector<LayerValue>> kept;  // axis -> share left; by depth
  std::optional<double> macs;
  std::optional<Accuracy> accuracy;      // in the end
  std::optional<Accuracy> cut_accuracy;  // before fine-tuning
  std::optional<Measured>
      speed_ratio;  // measured throughput over that before; all seeds' intervals
  std::vector<RoundedSpeed> rounded;
};

/// All that the table says about one model, in one data set, recipe and setting.
struct ReportModel {
  std::string id;
  std::string name;
  int number = 0;  // from 1, in the order of the table: what charts write beside points
  std::vector<std::string> knobs;
  bool is_reference = false;
  bool is_on_front = false;  // no other model is both more accurate and faster
  std::optional<double> params;
  std::optional<double> macs;
  std::optional<double> mhsa_share;  // attention layers over attention and FFN layers
  std::string budget_metric;         // that its widths were solved for; "" if none
  std::optional<double> budget;
  std::optional<Accuracy> accuracy;
  std::optional<Measured> throughput;  // images/s
  std::optional<Measured> ratio;       // of throughputs, to the reference
  std::optional<Measured> memory_bound;
  std::optional<Measured> roofline_bound;
  std::map<std::string, double> time_shares;  // by category
  std::vector<LayerValue> similarity;         // of heads, max-max of maps; by depth
  PruningOutcome pruned;
  PruningOutcome pruned_at_random;                        // the control: random scores
  std::map<Setting, Measured> throughput_elsewhere;       // in all settings but the main one
  std::shared_ptr<const messages::ProfileTimes> profile;  // in the main setting; null if none
  std::vector<std::shared_ptr<const messages::HeadSimilarity>> heads;  // a run a seed
};

/// The models of a table in its order, and the context that they are shown in: the one with the
/// most numbers.
struct ReportModels {
  std::vector<std::string> knobs;
  std::vector<ReportModel> models;
  std::string dataset;
  std::string recipe;
  Setting setting;
  std::vector<std::string> other_contexts;  // data sets and recipes that are only in results.csv
  bool has_small_grids = false;             // similarities are shown less chance

  const ReportModel* reference() const;
};

/// Gathers the table by model. Values that are not finite are left out.
ReportModels report_models(const ReportInput& input);

/// Order of paths by their numbers: "layers.2" before "layers.10".
bool is_earlier_layer(const std::string& a, const std::string& b);

}  // namespace vitlab::facts
