#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/executor.h"

namespace vitlab::profile {

/// Something that LibTorch's profiler (Kineto) saw: one of our nodes, an op of LibTorch
/// ("aten::clone"), or work of the device itself (a kernel, a memory copy).
struct SeenEvent {
  enum class Kind : std::uint8_t { kNode, kOp, kDevice };
  Kind kind = Kind::kOp;
  std::string name;
  graph::NodeId node;        // of kNode
  std::uint64_t thread = 0;  // of kDevice: the stream
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::uint64_t correlation = 0;  // of kDevice: the op that asked for the work; 0 if not told
  graph::Index bytes_read = 0;    // of aten::copy_: what it moved
  graph::Index bytes_written = 0;

  double seconds() const { return static_cast<double>(end_ns - start_ns) * 1e-9; }
  bool holds(const SeenEvent& other) const {
    return thread == other.thread && start_ns <= other.start_ns && other.end_ns <= end_ns;
  }
};

/// Puts a scope around every node, by which the events of `recorded` find their node.
class NodeScopes : public model::RunObserver {
 public:
  NodeScopes();
  ~NodeScopes() override;
  NodeScopes(const NodeScopes&) = delete;
  NodeScopes& operator=(const NodeScopes&) = delete;
  void begin(graph::NodeId node) override;
  void end() override;

 private:
  struct Scope;
  std::unique_ptr<Scope> scope_;
};

/// What LibTorch does on this thread while `work` runs, and on a CUDA device what the device does
/// for it, in the order of start; an op that holds others stands before them. `work` must leave the
/// device idle.
std::vector<SeenEvent> recorded(at::Device device, const std::function<void()>& work);

}  // namespace vitlab::profile
