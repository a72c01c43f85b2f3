#include <utility>

#include "graph/layer_writer.h"

namespace vitlab::graph {

ValueId LayerWriter::route(ValueId gates, Index top_k, Index capacity, const std::string& name) {
  const Value& in = (*this)[gates];
  core::ensure(in.shape.rank() == 3 && in.channel_dim == 2, "a route reads gates (N, T, experts)");
  core::ensure(top_k >= 1 && top_k <= in.shape[2] && capacity >= 1,
               "a route chooses among its experts");
  return node(Route{top_k, capacity}, {gates}, {},
              {{in.shape[0], in.shape[2], capacity}, in.batched, kUnset, {}}, {name});
}

ValueId LayerWriter::dispatch(ValueId tokens, ValueId routes, const std::string& name) {
  const Value& in = (*this)[tokens];
  const Shape slots = (*this)[routes].shape;
  core::ensure(
      in.shape.rank() == 3 && in.channel_dim == 2 && slots.rank() == 3 && slots[0] == in.shape[0],
      "tokens (N, T, C) go to slots (N, experts, capacity)");
  return node(DispatchTokens{}, {tokens, routes}, {},
              {{slots[0], slots[1], slots[2], in.shape[2]}, in.batched, 3, in.channels}, {name});
}

ValueId LayerWriter::expert_linear(ValueId x, AxisId experts, const Extent& out, Index chosen,
                                   const std::string& name) {
  const Value in = (*this)[x];
  const Index count = graph_->axis(experts).size, channels = graph_->size(out);
  core::ensure(in.shape.rank() == 4 && in.channel_dim == 3 && in.shape[1] == count,
               "experts read slots (N, experts, capacity, C)");
  const Initialiser normal{Initialiser::Kind::kTruncatedNormal, 0.02, 0};
  IdList<ParameterId> used{
      parameter({name}, ".weight", {count, channels, in.shape[3]}, {{experts}, out, in.channels},
                normal, true),
      parameter({name}, ".bias", {count, channels}, {{experts}, out}, Initialiser{}, false)};
  return node(ExpertLinear{chosen}, {x}, std::move(used),
              {{in.shape[0], count, in.shape[2], channels}, in.batched, 3, out}, {name});
}

ValueId LayerWriter::combine(ValueId slots, ValueId gates, ValueId routes,
                             const std::string& name) {
  const Value in = (*this)[slots];
  const Shape tokens = (*this)[gates].shape;
  core::ensure(in.shape.rank() == 4 && in.channel_dim == 3 && tokens.rank() == 3 &&
                   tokens[2] == in.shape[1] && (*this)[routes].shape[2] == in.shape[2],
               "slots (N, experts, capacity, C) come back to tokens by gates (N, T, experts)");
  return node(CombineTokens{}, {slots, gates, routes}, {},
              {{tokens[0], tokens[1], in.shape[3]}, in.batched, 2, in.channels}, {name});
}

}  // namespace vitlab::graph
