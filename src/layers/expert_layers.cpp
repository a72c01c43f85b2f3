#include "layers/expert_layers.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "layers/map_layers.h"
#include "layers/token_layers.h"

namespace vitlab::layers {

graph::Index expert_capacity(graph::Index tokens, const ExpertFfn& layer) {
  const double places =
      static_cast<double>(layer.top_k) * static_cast<double>(tokens) * layer.capacity;
  return std::max<graph::Index>(1, std::llround(places / static_cast<double>(layer.experts)));
}

LayerProblems check(const ExpertFfn& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  require_tokens(problems, input);
  require_positive(problems, "hidden", layer.hidden);
  if (layer.experts < 1 || layer.experts > 4096)
    problems.push_back({"experts", "must lie in 1..4096, got " + std::to_string(layer.experts)});
  else if (layer.top_k < 1 || layer.top_k > layer.experts)
    problems.push_back({"top_k", "must lie in 1.." + std::to_string(layer.experts) +
                                     ", the number of experts, got " +
                                     std::to_string(layer.top_k)});
  if (!(layer.capacity > 0 && layer.capacity <= 64))
    problems.push_back({"capacity", "must lie in (0, 64]"});
  return problems;
}

graph::ValueId write(const ExpertFfn& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::AxisId experts = writer.axis(graph::AxisKind::kExpert, "experts", layer.experts);
  // Without an expert the other gates would grow: softmax is over all of them.
  writer.hold(experts, "the router's softmax is over all experts");
  const graph::Extent hidden{writer.axis(graph::AxisKind::kHidden, "hidden", layer.hidden)};
  const graph::Index capacity = expert_capacity(writer[x].shape[1], layer);

  const graph::ValueId normed = writer.layer_norm(x, "norm", kTokenNormEpsilon);
  const graph::ValueId logits = writer.linear(normed, {experts}, "router", false);
  const graph::ValueId gates = writer.softmax(logits, "gates");
  const graph::ValueId routes = writer.route(gates, layer.top_k, capacity, "route");
  graph::ValueId y = writer.dispatch(normed, routes, "dispatch");
  y = writer.expert_linear(y, experts, hidden, layer.top_k, "expand");
  y = writer.activate(y, layer.activation, "activation");
  writer.gate(y);
  y = writer.expert_linear(y, experts, out, layer.top_k, "project");
  y = writer.combine(y, gates, routes, "combine");
  return writer.residual(x, y);
}

}  // namespace vitlab::layers
