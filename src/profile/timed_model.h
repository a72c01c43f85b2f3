#pragma once

#include <functional>
#include <optional>
#include <string>

#include "architecture/model_spec.h"
#include "model/executor.h"
#include "profile/device_clock.h"
#include "profile/timed_run.h"
#include "sweep/protocol.h"

namespace vitlab::profile {

/// A model with its weights, as it is handed over to be timed.
struct NamedGraph {
  std::string name;
  graph::Graph graph;
  model::Weights weights;
};

/// A spec with the starting weights of seed 0: speed does not ask what was learned.
NamedGraph untrained_model(std::string name, const architecture::ModelSpec& spec);

/// The protocol's number of threads inside ops, until the end of the scope.
class ThreadsInUse {
 public:
  explicit ThreadsInUse(graph::Index threads);
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

/// A model in the form, in the dtype and on the device of a protocol.
struct PreparedModel {
  graph::Graph graph;
  model::Weights weights;
};
/// Throws UserError for a protocol whose runtime is not libtorch.
PreparedModel prepare_model(const NamedGraph& model, const sweep::Protocol& protocol,
                            at::Device device);

/// One model in vitlab's own executor. Opening and running throw what LibTorch throws when memory
/// runs out; see out_of_memory().
class TimedModel : public TimedRun {
 public:
  TimedModel(const NamedGraph& model, const sweep::Protocol& protocol, at::Device device);
  TimedModel(const PreparedModel& model, const sweep::Protocol& protocol, at::Device device);

  /// One forward of the batch in evaluation mode without autograd: its seconds on the device.
  double forward() override { return forward({}); }
  double forward(const model::RunOptions& options);

  const graph::Graph& graph() const { return executor_.graph(); }

 private:
  model::Executor executor_;
  model::Weights weights_;
  at::Tensor images_;
  DeviceClock clock_;
  bool flush_subnormals_ = false;
};

/// Throws what out_of_memory() understands if the feature maps of a forward cannot fit into the
/// memory of this machine (CPU only: elsewhere the device tells).
void check_forward_fits(const graph::Graph& graph, const sweep::Protocol& protocol);
/// Whether LibTorch ran out of memory, going by type and words.
bool means_out_of_memory(const c10::Error& error);

/// Runs `work`. If memory runs out inside, frees what the device's allocator keeps and tells why
/// ("batch 2048: …"); nothing if all went well; other errors pass.
std::optional<std::string> out_of_memory(graph::Index batch, const std::function<void()>& work);

}  // namespace vitlab::profile
