#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "graph/op.h"
#include "profile/environment.h"
#include "profile/measure.h"
#include "profile/op_timer.h"
#include "profile/roofs.h"
#include "profile/timed_model.h"
#include "stats/intervals.h"
#include "store/record.h"
#include "sweep/protocol.h"

namespace vitlab {

/// One op of a profile, for the whole batch; a copy that LibTorch would hide inside a node has a
/// row of its own under that node's name.
struct OpRow {
  std::string node;
  std::string layer;
  std::string_view op;  // op_name(), or "copy"
  Category category = Category::kOther;
  double seconds = 0;  // mean over profiled forwards
  Index macs = 0;
  Index flops = 0;
  Index bytes = 0;  // read and written, as graph/op_cost.h counts
  Bound bound = Bound::kLaunch;

  double gflops_per_s() const { return per_second(static_cast<double>(flops)); }
  double gbytes_per_s() const { return per_second(static_cast<double>(bytes)); }

 private:
  double per_second(double amount) const { return seconds > 0 ? amount / seconds / 1e9 : 0; }
};

/// The rows of timed ops for a batch in a dtype of `element_bytes`.
std::vector<OpRow> op_rows(const Graph& graph, const std::vector<TimedOp>& ops, Index batch,
                           Index element_bytes, const Roofs& roofs);

/// A share of the time of all ops: of mean times (so that the six sum to 1), with p5 and p95 over
/// the profiled forwards as low and high.
using TimeShare = Estimate;

struct CategoryTime {
  Category category = Category::kOther;
  double seconds = 0;
  TimeShare share;
};

/// Where the time of one model goes.
struct ProfileResult {
  std::string name;
  Protocol protocol;
  Environment environment;                   // before the first forward
  std::optional<std::string> out_of_memory;  // the reason; then nothing below is filled
  Speed speed;                               // of forwards without observer
  Summary profiled_ms;                       // of forwards with it
  /// Median of profiled over median of plain forwards, taken in pairs.
  double overhead = 1;
  /// Mean profiled forward minus the sum of the ops: what runs between them.
  double remainder_ms = 0;
  Roofs roofs;
  std::vector<OpRow> ops;
  std::vector<CategoryTime> categories;  // the six, in the order of Category
  TimeShare memory_bound_share;          // reshape, normalization, copy and addition (Fig 2)
  TimeShare roofline_memory_bound_share;
};

/// Speed first (warmup_seconds, then timed_seconds), then forwards with and without the observer by
/// turns for timed_seconds more. Running out of memory is a result. Throws CapabilityError where
/// the device cannot be opened, Interrupted.
ProfileResult profile_model(const NamedGraph& model, const Protocol& protocol,
                            const TimingNotice& notice = {});

/// What `profile --json` prints, but for `schema` and `command`.
Json profile_json(const ProfileResult& result);
/// `throughput`, `latency`, `memory_bound_share`, `roofline_memory_bound_share` and
/// `time_share.<category>`; none if memory ran out.
std::vector<MetricValue> metrics_of(const ProfileResult& result);

}  // namespace vitlab
