#include "profile/op_timer.h"

#include "core/error.h"

namespace vitlab {

void OpTimer::begin(std::size_t node, bool is_copy) {
  ensure(!is_copy, "copies come through begin_copy");
  start(node, std::nullopt);
}

void OpTimer::begin_copy(std::size_t node, std::size_t input) { start(node, input); }

void OpTimer::start(std::size_t node, std::optional<std::size_t> copied_input) {
  if (next_ == ops_.size()) {
    ensure(ops_.empty() || ops_.front().seconds.empty(), "all forwards run the same ops");
    ops_.push_back({node, copied_input, {}});
  }
  const TimedOp& op = ops_[next_++];
  ensure(op.node == node && op.copied_input == copied_input, "all forwards run the same ops");
  clock_.mark();
}

void OpTimer::end() { clock_.mark(); }

void OpTimer::finish_forward() {
  clock_.settle();
  ensure(next_ == ops_.size(), "all forwards run the same ops");
  for (std::size_t i = 0; i < ops_.size(); ++i)
    ops_[i].seconds.push_back(clock_.seconds(2 * i, 2 * i + 1));
  clock_.clear();
  next_ = 0;
}

}  // namespace vitlab
