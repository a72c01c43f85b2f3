#pragma once

#include "profile/measure.h"
#include "profile/profile.h"

namespace vitlab::profile {

/// Time that two profiles spend on the same thing.
struct TimeDifference {
  std::string name;
  double a_seconds = 0, b_seconds = 0;

  double seconds() const { return a_seconds - b_seconds; }
};

/// The times of rows added up by `name` in both profiles, the largest difference first.
std::vector<TimeDifference> differences(const std::vector<OpRow>& a, const std::vector<OpRow>& b,
                                        const std::function<std::string(const OpRow&)>& name);

/// What model a needs more than model b, and where: `model`, `throughput_ratio` of a over b from
/// turns, and tables of differences, largest first, by category, by kind of layer, by place (a
/// category in a kind of layer of a stage), by node (matched by name and kind of layer), and
/// `unmatched`: nodes that only one has, by kind. Shares are of the difference of all ops. Where
/// memory ran out for one of them, only `model` and `out_of_memory`.
core::Json against_json(const ProfileResult& a, const ProfileResult& b, const Measurement& turns);

}  // namespace vitlab::profile
