#pragma once

#include <optional>
#include <string>
#include <vector>

#include "messages/profile_answer.h"
#include "profile/environment.h"
#include "profile/measure.h"
#include "profile/memory_timeline.h"
#include "profile/op_rows.h"
#include "profile/roofs.h"
#include "profile/timed_model.h"
#include "stats/intervals.h"
#include "store/record.h"
#include "sweep/protocol.h"

namespace vitlab::profile {

/// A share of the time of all ops: of mean times (so that the six sum to 1), with p5 and p95 over
/// the profiled forwards as low and high.
using TimeShare = stats::Estimate;

struct CategoryTime {
  graph::Category category = graph::Category::kOther;
  double seconds = 0;
  TimeShare share;
};

/// Where the time of one model goes.
struct ProfileResult {
  std::string name;
  sweep::Protocol protocol;
  messages::Environment environment;         // before the first forward
  std::optional<std::string> out_of_memory;  // the reason; then nothing below is filled
  Speed speed;                               // of forwards without observer
  stats::Summary profiled_ms;                // of forwards with it
  /// Median over pairs of a profiled and a plain forward, one after the other, of their ratio;
  /// on CUDA of forwards under LibTorch's profiler over the median of plain ones.
  double overhead = 1;
  /// Mean profiled forward minus the sum of the ops: what runs between them.
  double remainder_ms = 0;
  /// On CUDA: of that, the device's idle time between kernels, in the mean forward.
  std::optional<double> launch_ms;
  Roofs roofs;
  std::vector<OpRow> ops;
  std::vector<CategoryTime> categories;  // the six, in the order of Category
  TimeShare memory_bound_share;          // reshape, normalization, copy and addition (Fig 2)
  TimeShare roofline_memory_bound_share;
  MemoryTimeline memory;
  SeenForward seen;  // one forward under LibTorch's profiler
};

/// Speed first (warmup_seconds, then timed_seconds), then forwards with and without the observer by
/// turns for timed_seconds more; then a few forwards apart in which LibTorch and oneDNN tell what
/// they do inside ops, which splits the times of ops but does not make them. On CUDA the times of
/// ops are those of their kernels, by the device's own time stamps. Running out of memory is a
/// result. Throws CapabilityError where
/// the device cannot be opened, Interrupted.
ProfileResult profile_model(const NamedGraph& model, const sweep::Protocol& protocol,
                            const TimingNotice& notice = {});

/// What `profile` answers, but for the model's id and the comparison.
messages::ProfileAnswer message_of(const ProfileResult& result);
/// `throughput`, `latency`, `memory_bound_share`, `roofline_memory_bound_share` and
/// `time_share.<category>`; none if memory ran out.
std::vector<store::MetricValue> metrics_of(const ProfileResult& result);

}  // namespace vitlab::profile
