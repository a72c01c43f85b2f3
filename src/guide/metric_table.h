#pragma once

#include <span>
#include <string_view>

#include "stats/pareto.h"

namespace vitlab::guide {

/// How differences of a metric are taken and told.
enum class MetricScale {
  kPlain,     // differences in the metric's own unit
  kShare,     // the same, told in points of a hundred
  kRelative,  // differences of logarithms, told in percent
};

/// Whether a guideline may rest on a metric, or only tells what happens to it.
enum class MetricRole { kClaim, kContext };

/// One metric that guidelines know: its words, which way is better, how differences are taken.
struct MetricRow {
  std::string_view name;
  std::string_view label;
  stats::Direction direction;
  MetricScale scale;
  MetricRole role;
  bool answers_to_size = false;  // learned: more parameters alone may explain a difference
};

/// Every metric that guidelines know, in the order in which effects are told.
std::span<const MetricRow> metric_table();

/// The row of a metric; null for one that guidelines leave alone.
const MetricRow* find_metric(std::string_view name);

}  // namespace vitlab::guide
