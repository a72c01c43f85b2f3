#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace vitlab::report {

/// The six categories of time in the paper's order; charts number their colours by it.
const std::vector<std::string>& time_categories();
/// The place of a category in that order; that of "other" for an unknown one.
std::size_t time_category_index(const std::string& category);

/// One op of a profile, for the whole batch.
struct OpFacts {
  std::string node;
  std::string layer;
  std::string stage;
  std::string kind;  // of its layer; "" where not recorded
  std::string op;
  std::string category;
  std::string inside;  // the op that hides this work; "" for an op of its own
  std::string bound;   // "memory", "compute" or "launch"
  double time_ms = 0;
  std::optional<double> time_p5_ms;
  std::optional<double> time_p95_ms;
  double share = 0;  // of the time of all ops
  double macs = 0;
  double flops = 0;
  double bytes = 0;
  std::optional<double> roof_ms;  // the least time that the roofs allow

  double gflops_per_s() const { return time_ms > 0 ? flops / time_ms / 1e6 : 0; }
  double gbytes_per_s() const { return time_ms > 0 ? bytes / time_ms / 1e6 : 0; }
  /// None for an op that moves nothing.
  std::optional<double> flops_per_byte() const;
};

/// Bandwidth of one level of the memory hierarchy: the largest of its read, copy and triad.
struct LevelRoof {
  std::string level;
  std::optional<double> size_bytes;
  double gbytes_per_s = 0;
};

struct RoofFacts {
  std::optional<double> gflops_per_s;      // of a large multiplication
  std::optional<double> fma_gflops_per_s;  // of registers alone
  std::optional<double> gbytes_per_s;      // of main memory
  std::optional<double> call_us;           // what a call of an op costs
  std::vector<LevelRoof> levels;
};

/// Time of a layer, stage or kind of layer.
struct GroupFacts {
  std::string name;
  double time_ms = 0;
  double share = 0;
  double macs = 0;
  double bytes = 0;
  std::optional<double> memory_bound_share;
  std::map<std::string, double> category_ms;
};

/// A category of time, or an op of "other".
struct NamedTime {
  std::string name;
  double time_ms = 0;
  double share = 0;
};

struct MemoryStep {
  std::string node;
  std::optional<double> predicted_bytes;
  std::optional<double> measured_bytes;
};

struct MemoryFacts {
  std::optional<double> predicted_peak_bytes;
  std::optional<double> measured_peak_bytes;
  std::optional<double> parameter_bytes;
  std::vector<MemoryStep> timeline;
  std::string remark;
};

/// What a profile says, as far as it says it.
struct ProfileFacts {
  std::vector<OpFacts> ops;
  std::vector<NamedTime> categories;
  std::vector<NamedTime> others;  // what "other" consists of, the longest first
  std::vector<GroupFacts> layers;
  std::vector<GroupFacts> stages;
  std::vector<GroupFacts> kinds;
  RoofFacts roofs;
  MemoryFacts memory;

  double total_ms() const;
};

/// Reads the JSON of `profile --json`, also of older versions: what is missing there and follows
/// from the rest is computed, what is broken is left out. Never throws.
ProfileFacts profile_facts(const core::Json& profile);

}  // namespace vitlab::report
