#include "profile/memory_timeline.h"

#include <algorithm>
#include <memory>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include "graph/memory_plan.h"

namespace vitlab::profile {

namespace {

/// Sums up what the allocators tell while it is the thread's profiler.
class AllocatorWatch : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t change, size_t, size_t, c10::Device) override {
    live += change;
    peak = std::max(peak, live);
  }
  bool memoryProfilingEnabled() const override { return true; }
  graph::Index live = 0, peak = 0;
};

class LiveBytes : public model::RunObserver {
 public:
  LiveBytes(const AllocatorWatch& watch, std::size_t nodes) : bytes(nodes), watch_(watch) {}
  void begin(graph::NodeId node) override { node_ = node; }
  void end() override { bytes[node_] = watch_.live; }

  core::IdVector<graph::NodeId, graph::Index> bytes;

 private:
  const AllocatorWatch& watch_;
  graph::NodeId node_;
};

graph::Index input_bytes(const graph::Graph& graph, graph::Index batch,
                         graph::Index element_bytes) {
  return graph.value(graph.input).shape.elements() * batch * element_bytes;
}

}  // namespace

MemoryTimeline predicted_memory(const graph::Graph& graph, graph::Index batch,
                                graph::Index element_bytes) {
  const graph::MemoryPlan plan = graph::plan_memory(graph, graph::lay_out(graph), batch);
  MemoryTimeline memory;
  memory.predicted_peak_bytes = plan.peak_elements * element_bytes;
  for (const graph::Parameter& parameter : graph.parameters)
    memory.parameter_bytes += parameter.shape.elements() * element_bytes;
  std::vector<graph::Index> change(graph.nodes.size() + 1, 0);
  for (const graph::Buffer& buffer : plan.buffers) {
    change[buffer.first.valid() ? buffer.first.index() : 0] += buffer.elements;
    change[buffer.last.index() + 1] -= buffer.elements;
  }
  graph::Index live = 0;
  for (const graph::NodeId i : graph.nodes.ids())
    memory.predicted_bytes.push_back((live += change[i.index()]) * element_bytes);
  return memory;
}

MemoryTimeline measured_memory(TimedModel& model, graph::Index batch, graph::Index element_bytes) {
  MemoryTimeline memory = predicted_memory(model.graph(), batch, element_bytes);
  const auto watch = std::make_shared<AllocatorWatch>();
  LiveBytes observer(*watch, model.graph().nodes.size());
  model::RunOptions options;
  options.observer = &observer;
  {
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, watch);
    model.forward(options);
  }
  // The images were there before.
  const graph::Index images = input_bytes(model.graph(), batch, element_bytes);
  memory.measured_peak_bytes = watch->peak + images;
  for (const graph::Index bytes : observer.bytes) memory.measured_bytes.push_back(bytes + images);
  return memory;
}

}  // namespace vitlab::profile
