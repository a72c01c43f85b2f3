#include "similarity/gated_heads.h"

#include <map>
#include <string>
#include <utility>

#include "model/mean_logits.h"

namespace vitlab::similarity {

namespace {

/// Brings a new parameter of 1 x … x 1 into the flow; its tensor may be larger when the graph runs.
std::pair<graph::ParameterId, graph::ValueId> add_gate(graph::Graph& graph, graph::LayerId layer,
                                                       const std::string& name,
                                                       const graph::Shape& shape) {
  graph::Parameter parameter;
  parameter.layer = layer;
  parameter.name = name;
  parameter.shape = shape;
  parameter.dims.resize(static_cast<std::size_t>(shape.rank()));
  parameter.initialiser.kind = graph::Initialiser::Kind::kOnes;
  const graph::ParameterId id = graph.add_parameter(std::move(parameter));
  const graph::ValueId value = graph.add_value({.shape = shape, .batched = false});
  graph::Node node{graph::UseParameter{}};
  node.parameters = {id};
  node.output = value;
  node.layer = layer;
  node.name = name;
  graph.nodes.push_back(std::move(node));
  return {id, value};
}

}  // namespace

GatedHeads::GatedHeads(const model::Executor& executor, const model::Weights& weights)
    : executor_(gated(executor.graph()), executor.device()), weights_(weights) {
  weights_.tensors.resize(executor_.graph().parameters.size());
}

graph::Graph GatedHeads::gated(const graph::Graph& graph) {
  graph::Graph result = graph;
  result.nodes.clear();
  std::map<graph::ValueId, graph::ValueId> gate_of, replaced;
  for (const graph::AttentionTap& tap : graph.attention) {
    Gate gate{.heads = tap.heads, .windows = tap.windows};
    for (std::size_t i = 0; i < tap.outputs.size(); ++i) {
      const bool is_joint = graph.value(tap.outputs[i]).shape.rank() == 4;
      const graph::Shape shape =
          is_joint ? graph::Shape{1, tap.heads, 1, 1} : graph::Shape{1, 1, 1};
      const auto [parameter, value] =
          add_gate(result, tap.layer, tap.part + ".gate" + std::to_string(i), shape);
      gate.parameters.push_back(parameter);
      gate_of[tap.outputs[i]] = value;
    }
    gates_.push_back(std::move(gate));
  }
  for (graph::Node node : graph.nodes) {
    for (graph::ValueId& input : node.inputs)
      if (const auto other = replaced.find(input); other != replaced.end()) input = other->second;
    const graph::ValueId output = node.output;
    const graph::LayerId layer = node.layer;
    const std::string name = node.name;
    result.nodes.push_back(std::move(node));
    if (!gate_of.contains(output)) continue;
    const graph::ValueId behind = result.add_value(graph.value(output));
    graph::Node multiply{graph::Multiply{}};
    multiply.inputs = {output, gate_of[output]};
    multiply.output = behind;
    multiply.layer = layer;
    multiply.name = name + ".gated";
    result.nodes.push_back(std::move(multiply));
    replaced[output] = behind;
  }
  return result;
}

at::Tensor GatedHeads::run(const at::Tensor& images, const std::vector<at::Tensor>& gates) const {
  model::Weights weights = weights_;
  const at::Tensor& like = weights_.tensors.front();
  for (std::size_t layer = 0; layer < gates_.size(); ++layer) {
    const Gate& gate = gates_[layer];
    const at::Tensor own =
        gates[layer].defined()
            ? gates[layer].to(like.device(), like.scalar_type()).repeat_interleave(gate.windows, 0)
            : at::ones({1, gate.heads}, like.options());
    for (std::size_t i = 0; i < gate.parameters.size(); ++i) {
      const graph::ParameterId id = gate.parameters[i];
      const bool is_joint = executor_.graph().parameter(id).shape.rank() == 4;
      weights[id] = is_joint ? own.reshape({own.size(0), gate.heads, 1, 1})
                             : own.narrow(1, static_cast<graph::Index>(i), 1).unsqueeze(2);
    }
  }
  return model::mean_logits(executor_.run(weights, images).outputs);
}

}  // namespace vitlab::similarity
