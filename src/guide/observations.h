#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guide/metric_table.h"
#include "store/results_csv.h"

namespace vitlab::guide {

/// What must be equal inside a block besides budget and knobs.
inline constexpr std::array<std::string_view, 7> kContextNames{
    "dataset", "recipe", "device", "runtime", "dtype", "threads", "batch"};

/// One metric of one model and seed: the row without a subject, or the mean over subjects.
struct Observation {
  std::string model;
  std::string trial;
  std::int64_t seed = 0;
  std::array<std::string, kContextNames.size()> context;
  std::string budget;       // what the model was matched on; "" if on nothing
  bool has_budget = false;  // a budget of the sweep, not a stratum of parameters
  std::vector<std::string> knobs;
  double value = 0;  // on the scale that differences are taken on

  friend auto operator<=>(const Observation&, const Observation&) = default;
};

/// All that a table holds of one metric, sorted.
struct MetricObservations {
  const MetricRow* metric = nullptr;
  std::string unit;          // of differences: "%" if relative
  bool is_relative = false;  // values are logarithms
  std::vector<Observation> rows;
};

/// What is known of a model besides what is compared.
struct ModelFacts {
  std::optional<double> params;
  std::optional<double> macs;
  std::optional<double> mhsa_share;
};

/// A table of results as guidelines read it; the order of its rows does not matter.
struct Observations {
  std::vector<std::string> knobs;
  std::vector<MetricObservations> metrics;  // in the order of metric_table()
  std::map<std::string, ModelFacts> models;
};

/// Repeated rows count once; values that are not finite and unknown metrics are left out. Models
/// without a budget are matched on strata of parameters, whose largest is at most 1.1 / 0.9 times
/// its smallest.
Observations observe(const store::ResultsTable& table);

}  // namespace vitlab::guide
