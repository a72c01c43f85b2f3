#include "profile/op_timer.h"

#include "core/error.h"

namespace vitlab::profile {

void OpTimer::begin(graph::NodeId node) {
  if (next_ == ops_.size()) {
    core::ensure(ops_.empty() || ops_.front().seconds.empty(), "all forwards run the same ops");
    ops_.push_back({node, {}});
  }
  core::ensure(ops_[next_++].node == node, "all forwards run the same ops");
  clock_.mark();
}

void OpTimer::end() { clock_.mark(); }

void OpTimer::finish_forward() {
  clock_.settle();
  core::ensure(next_ == ops_.size(), "all forwards run the same ops");
  for (std::size_t i = 0; i < ops_.size(); ++i)
    ops_[i].seconds.push_back(clock_.seconds(2 * i, 2 * i + 1));
  clock_.clear();
  next_ = 0;
}

}  // namespace vitlab::profile
