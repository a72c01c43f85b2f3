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

/// Where model a and model b spend their time; the ratio of their speeds is that of turns, a first.
messages::ProfileComparison comparison(const ProfileResult& a, const ProfileResult& b,
                                       const Measurement& turns);

}  // namespace vitlab::profile
