#pragma once

#include <optional>
#include <vector>

#include "graph/op.h"
#include "model/executor.h"
#include "profile/device_clock.h"

namespace vitlab {

/// A node, or the copy of one of its inputs that LibTorch would make inside it, with its seconds in
/// each forward.
struct TimedOp {
  std::size_t node = 0;
  std::optional<std::size_t> copied_input;
  std::vector<double> seconds;
};

/// Times every op of forwards that all run the same ops. Pass it as RunOptions::observer with
/// explicit_copies, and call finish_forward() after each forward.
class OpTimer : public RunObserver {
 public:
  explicit OpTimer(at::Device device) : clock_(device) {}

  void begin(std::size_t node, bool is_copy) override;
  void begin_copy(std::size_t node, std::size_t input) override;
  void end() override;
  void finish_forward();

  const std::vector<TimedOp>& ops() const { return ops_; }

 private:
  void start(std::size_t node, std::optional<std::size_t> copied_input);

  DeviceClock clock_;
  std::size_t next_ = 0;  // op of the forward under way
  std::vector<TimedOp> ops_;
};

}  // namespace vitlab
