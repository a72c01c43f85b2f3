#include "model/expert_ops.h"

#include <ATen/core/grad_mode.h>

namespace vitlab::model {

namespace {

/// The row of each slot's token in N images of `tokens` rows and an empty one each, laid end to
/// end.
at::Tensor token_rows(const at::Tensor& routes, graph::Index tokens) {
  const at::Tensor first =
      at::arange(routes.size(0), routes.options()).mul(tokens + 1).view({-1, 1, 1});
  return (routes + first).flatten();
}

/// (N, T, C) with a row of zeros behind each image's tokens, as N · (T + 1) rows.
at::Tensor with_empty_row(const at::Tensor& tokens) {
  return at::constant_pad_nd(tokens, {0, 0, 0, 1}).flatten(0, 1);
}

}  // namespace

at::Tensor routed(const graph::Route& op, const at::Tensor& gates) {
  const at::NoGradGuard no_gradients;
  const graph::Index images = gates.size(0), tokens = gates.size(1), experts = gates.size(2);
  // Stable: of equal gates, the first expert's is the larger.
  const at::Tensor order = std::get<1>(at::sort(gates, true, -1, true));
  const at::Tensor chosen =
      order.narrow(2, 0, op.top_k).transpose(1, 2).reshape({images, op.top_k * tokens});
  const at::Tensor asked = at::one_hot(chosen, experts).cumsum(1);
  const at::Tensor place = asked.gather(2, chosen.unsqueeze(2)).squeeze(2) - 1;
  const graph::Index slots = experts * op.capacity;
  const at::Tensor slot =
      at::where(place.lt(op.capacity), chosen * op.capacity + place, at::full_like(place, slots));
  const at::Tensor token = at::arange(tokens, chosen.options()).repeat({images, op.top_k});
  return at::full({images, slots + 1}, tokens, chosen.options())
      .scatter(1, slot, token)
      .narrow(1, 0, slots)
      .reshape({images, experts, op.capacity});
}

at::Tensor dispatched(const at::Tensor& tokens, const at::Tensor& routes) {
  return with_empty_row(tokens)
      .index_select(0, token_rows(routes, tokens.size(1)))
      .view({routes.size(0), routes.size(1), routes.size(2), tokens.size(2)});
}

at::Tensor by_expert(const at::Tensor& slots, const at::Tensor& weight, const at::Tensor& bias) {
  const graph::Index images = slots.size(0), experts = slots.size(1), places = slots.size(2);
  const at::Tensor rows = slots.transpose(0, 1).reshape({experts, images * places, slots.size(3)});
  return at::baddbmm(bias.unsqueeze(1), rows, weight.transpose(1, 2))
      .view({experts, images, places, weight.size(1)})
      .transpose(0, 1)
      .contiguous();
}

at::Tensor combined(const at::Tensor& slots, const at::Tensor& gates, const at::Tensor& routes) {
  const graph::Index images = gates.size(0), tokens = gates.size(1), experts = gates.size(2);
  const at::Tensor rows = token_rows(routes, tokens);
  const at::Tensor expert =
      at::arange(experts, routes.options()).view({1, -1, 1}).expand(routes.sizes()).flatten();
  const at::Tensor gate = with_empty_row(gates).flatten().index_select(0, rows * experts + expert);
  const at::Tensor weighted = slots.flatten(0, 2) * gate.unsqueeze(1);
  return at::zeros({images * (tokens + 1), slots.size(3)}, slots.options())
      .index_add(0, rows, weighted)
      .view({images, tokens + 1, slots.size(3)})
      .narrow(1, 0, tokens)
      .contiguous();
}

}  // namespace vitlab::model
