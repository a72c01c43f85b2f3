#include "guide/metric_table.h"

#include <array>

namespace vitlab::guide {
namespace {

constexpr auto kUp = stats::Direction::kMaximise;
constexpr auto kDown = stats::Direction::kMinimise;
constexpr auto kPlain = MetricScale::kPlain;
constexpr auto kShare = MetricScale::kShare;
constexpr auto kRelative = MetricScale::kRelative;
constexpr auto kClaim = MetricRole::kClaim;
constexpr auto kContext = MetricRole::kContext;

constexpr std::array<MetricRow, 19> kRows{{
    {"accuracy.top1", "top-1 accuracy", kUp, kShare, kClaim, true},
    {"throughput", "throughput", kUp, kRelative, kClaim},
    {"throughput_ratio", "throughput over the reference's", kUp, kRelative, kClaim},
    {"latency", "latency", kDown, kRelative, kClaim},
    {"memory_bound_share", "memory-bound time", kDown, kShare, kClaim},
    {"head_cosine.max_max.map", "similarity of heads", kDown, kPlain, kClaim, true},
    {"prune.accuracy.top1", "top-1 accuracy after pruning", kUp, kShare, kClaim, true},
    {"accuracy.top1.best", "top-1 accuracy of the best epoch", kUp, kShare, kContext},
    {"loss.test", "test loss", kDown, kPlain, kContext},
    {"roofline_memory_bound_share", "memory-bound time by the roofline", kDown, kShare, kContext},
    {"head_cosine.mean_max.map", "similarity of heads (mean of maxima)", kDown, kPlain, kContext},
    {"head_cosine.mean_mean.map", "similarity of heads (mean)", kDown, kPlain, kContext},
    {"head_cosine.max_max.map.null", "similarity of heads by chance", kDown, kPlain, kContext},
    {"params", "parameters", kDown, kRelative, kContext},
    {"macs", "MACs", kDown, kRelative, kContext},
    {"flops", "FLOPs", kDown, kRelative, kContext},
    {"bytes_moved", "bytes moved", kDown, kRelative, kContext},
    {"activations", "activations", kDown, kRelative, kContext},
    {"peak_activation_bytes", "peak activation memory", kDown, kRelative, kContext},
}};

}  // namespace

std::span<const MetricRow> metric_table() { return kRows; }

const MetricRow* find_metric(std::string_view name) {
  for (const MetricRow& row : kRows)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace vitlab::guide
