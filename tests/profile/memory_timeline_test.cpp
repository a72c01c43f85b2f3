#include "profile/memory_timeline.h"

#include "graph/memory_plan.h"
#include "model/small_models.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab::profile {

TEST_CASE("memory is what the plan says after every node, for every kind of layer") {
  sweep::Protocol protocol = short_protocol();
  protocol.batch = 3;
  model::for_every_kind(1, false, [&](const model::SmallModel& model, RandomSpecs&) {
    for (const graph::Node& node : model.graph().nodes)
      if (std::holds_alternative<graph::Route>(node.op)) return;  // slots are 64-bit numbers
    protocol.deploy = !protocol.deploy;
    TimedModel timed({"random", model.graph(), model.weights}, protocol, at::kCPU);
    const MemoryTimeline memory = measured_memory(timed, protocol.batch, 4);
    REQUIRE(memory.measured_bytes.size() == timed.graph().nodes.size());
    for (const graph::NodeId id : timed.graph().nodes.ids()) {
      INFO(timed.graph().node_name(timed.graph().nodes[id]));
      CHECK(memory.measured_bytes[id.index()] == memory.predicted_bytes[id.index()]);
    }
    CHECK(memory.measured_peak_bytes >= memory.predicted_peak_bytes);
  });
}

TEST_CASE("the highest point of the predicted timeline is the plan's peak") {
  const NamedGraph model = small_model("small");
  const MemoryTimeline memory = predicted_memory(model.graph, 5, 2);
  const graph::MemoryPlan plan = graph::plan_memory(model.graph, graph::lay_out(model.graph), 5);
  CHECK(memory.predicted_peak_bytes == 2 * plan.peak_elements);
  CHECK(*std::max_element(memory.predicted_bytes.begin(), memory.predicted_bytes.end()) ==
        memory.predicted_peak_bytes);
  CHECK(memory.predicted_bytes.at(plan.peak_node.index()) == memory.predicted_peak_bytes);
  graph::Index parameters = 0;
  for (const graph::Parameter& parameter : model.graph.parameters)
    parameters += parameter.shape.elements();
  CHECK(memory.parameter_bytes == 2 * parameters);
}

}  // namespace vitlab::profile
