#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "profile/op_rows.h"

namespace vitlab::profile {

/// Rows that share a name (a layer, a stage, a kind of layer), added up.
struct RollUp {
  std::string name;
  double seconds = 0;
  double share = 0;  // of the time of all rows
  graph::Index macs = 0, flops = 0, bytes = 0;
  std::array<double, graph::kCategoryCount> category_seconds{};  // in the order of Category

  /// The share of its own time in the categories that the paper counts as memory-bound.
  double memory_bound_share() const;
};

/// Adds rows up by `name`; in the order in which the names come first.
std::vector<RollUp> roll_up(const std::vector<OpRow>& rows,
                            const std::function<std::string(const OpRow&)>& name);

/// What the category "other" consists of: its rows by op, slowest first.
std::vector<RollUp> others(const std::vector<OpRow>& rows);

}  // namespace vitlab::profile
