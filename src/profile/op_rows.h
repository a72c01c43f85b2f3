#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/op_timer.h"
#include "profile/roofs.h"
#include "profile/seen_forward.h"

namespace vitlab::profile {

/// One op of a profile, for the whole batch. Movement that was seen inside an op is a row of its
/// own under that node's name, with `inside` the op's name: a copy, but inside ops that rearrange
/// part of the rearranging.
struct OpRow {
  std::string node;
  std::string layer;
  std::string stage;        // "stem", "stages.1", "heads"
  std::string_view kind;    // of the layer
  std::string_view op;      // op_name(), or "copy"
  std::string_view inside;  // of hidden rows
  std::string moved_by;     // of hidden rows: "contiguous", "reorder", …
  graph::Category category = graph::Category::kOther;
  std::vector<double> samples;  // seconds in each profiled forward
  double seconds = 0;           // their mean
  graph::Index macs = 0;
  graph::Index flops = 0;
  graph::Index bytes_read = 0,
               bytes_written = 0;  // as graph/op_cost.h counts; hidden rows: as seen
  Bound bound = Bound::kLaunch;
  double roof_seconds = 0;  // the least that the roofs allow

  bool is_hidden() const { return !inside.empty(); }
  graph::Index bytes() const { return bytes_read + bytes_written; }
  double gflops_per_s() const { return per_second(static_cast<double>(flops)); }
  double gbytes_per_s() const { return per_second(static_cast<double>(bytes())); }
  /// FLOPs a byte; 0 where nothing moves.
  double intensity() const {
    return bytes() > 0 ? static_cast<double>(flops) / static_cast<double>(bytes()) : 0;
  }

 private:
  double per_second(double amount) const { return seconds > 0 ? amount / seconds / 1e9 : 0; }
};

/// The rows of timed ops for a batch in a dtype of `element_bytes`. `moves`, by node or empty, are
/// what was seen inside: the op's own row keeps the rest of its time, and an op of the category
/// reshape the rest of its bytes, for there the movement is what the op counted.
std::vector<OpRow> op_rows(const graph::Graph& graph, const std::vector<TimedOp>& ops,
                           const std::vector<std::vector<HiddenMove>>& moves, graph::Index batch,
                           graph::Index element_bytes, const Roofs& roofs);

/// "stem", "stages.1", "heads": the first part of a layer's path, with the number of a stage.
std::string stage_name(const graph::LayerInfo& layer);

}  // namespace vitlab::profile
