#pragma once

#include <vector>

#include "model/executor.h"
#include "profile/device_clock.h"

namespace vitlab::profile {

/// A node with its seconds in each forward.
struct TimedOp {
  graph::NodeId node;
  std::vector<double> seconds;
};

/// Times every op of forwards that all run the same ops. Pass it as RunOptions::observer, and call
/// finish_forward() after each forward.
class OpTimer : public model::RunObserver {
 public:
  explicit OpTimer(at::Device device) : clock_(device) {}

  void begin(graph::NodeId node) override;
  void end() override;
  void finish_forward();

  const std::vector<TimedOp>& ops() const { return ops_; }

 private:
  DeviceClock clock_;
  std::size_t next_ = 0;  // op of the forward under way
  std::vector<TimedOp> ops_;
};

}  // namespace vitlab::profile
