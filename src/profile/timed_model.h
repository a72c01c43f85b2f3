#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/executor.h"
#include "profile/device_clock.h"
#include "spec/model_spec.h"
#include "sweep/protocol.h"

namespace vitlab {

/// A model with its weights, as it is handed over to be timed.
struct NamedGraph {
  std::string name;
  Graph graph;
  Weights weights;
};

/// A spec with the starting weights of seed 0: speed does not ask what was learned.
NamedGraph untrained_model(std::string name, const ModelSpec& spec);

/// Told after each turn what is done of how much, and with which model.
using TimingNotice =
    std::function<void(std::int64_t done, std::int64_t total, const std::string& name)>;

/// The protocol's number of threads inside ops, until the end of the scope.
class ThreadsInUse {
 public:
  explicit ThreadsInUse(Index threads);
  ~ThreadsInUse();
  ThreadsInUse(const ThreadsInUse&) = delete;
  ThreadsInUse& operator=(const ThreadsInUse&) = delete;

 private:
  int before_;
};

/// If wanted, numbers below the normal range count as 0 on this thread, and on the threads that it
/// starts, until the end of the scope.
class SubnormalsFlushed {
 public:
  explicit SubnormalsFlushed(bool wanted);
  ~SubnormalsFlushed();
  SubnormalsFlushed(const SubnormalsFlushed&) = delete;
  SubnormalsFlushed& operator=(const SubnormalsFlushed&) = delete;

 private:
  bool wanted_;
};

/// One model on the protocol's device, in its dtype and form, with a batch of fixed random images.
/// Opening and running throw what LibTorch throws when memory runs out; see out_of_memory().
class TimedModel {
 public:
  TimedModel(const NamedGraph& model, const Protocol& protocol, at::Device device);

  /// One forward of the batch in evaluation mode without autograd: its seconds on the device.
  double forward(const RunOptions& options = {});
  /// Forwards until `seconds` have passed, two at least.
  void warm_up(double seconds);

  const Graph& graph() const { return executor_.graph(); }

 private:
  TimedModel(NamedGraph model, const Protocol& protocol, at::ScalarType dtype, at::Device device);

  Executor executor_;
  Weights weights_;
  at::Tensor images_;
  DeviceClock clock_;
  bool flush_subnormals_ = false;
};

/// Runs `work`. If memory runs out inside, frees what the device's allocator keeps and tells why
/// ("batch 2048: …"); nothing if all went well; other errors pass.
std::optional<std::string> out_of_memory(Index batch, const std::function<void()>& work);

}  // namespace vitlab
