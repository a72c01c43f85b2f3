#include "profile/inside_ops.h"

#include <algorithm>
#include <utility>

#include <c10/core/InferenceMode.h>

#include "profile/stopwatch.h"
#include "stats/summary.h"

namespace vitlab::profile {

namespace {

using NodeMoves = std::vector<std::vector<HiddenMove>>;  // by node

constexpr int kOnednnForwards = 3;  // the first, which makes primitives, is left out

NodeMoves moves_of(const SeenForward& forward, std::size_t nodes, double record_seconds) {
  NodeMoves moves(nodes);
  for (const SeenNode& node : forward)
    moves.at(node.scope.node.index()) = moves_inside(node, record_seconds);
  return moves;
}

/// Seconds of an op that does nothing.
double empty_op_seconds() {
  constexpr int kCalls = 300;
  const c10::InferenceMode guard;
  const at::Tensor some = at::zeros({1});
  const Stopwatch watch;
  for (int i = 0; i < kCalls; ++i) at::alias(some);
  return watch.seconds() / kCalls;
}

NodeMoves onednn_moves(TimedModel& model) {
  const std::size_t nodes = model.graph().nodes.size();
  std::vector<NodeMoves> by_forward;
  {
    OnednnListener listener(nodes);
    model::RunOptions options;
    options.observer = &listener;
    for (int i = 0; i < kOnednnForwards; ++i) {
      model.forward(options);
      const std::vector<OnednnNode> seen = listener.take_forward();
      if (i == 0) continue;
      NodeMoves moves(nodes);
      for (std::size_t n = 0; n < nodes; ++n) moves[n] = moves_inside(seen[n]);
      by_forward.push_back(std::move(moves));
    }
  }
  return merged_moves(by_forward);
}

/// Both kinds were seen in forwards of their own, so that their shares may pass 1 by noise.
void limit_shares(std::vector<HiddenMove>& moves) {
  double sum = 0;
  for (const HiddenMove& move : moves) sum += move.share;
  if (sum > 1)
    for (HiddenMove& move : moves) move.share /= sum;
}

}  // namespace

std::vector<HiddenMove> moves_inside(const OnednnNode& node) {
  HiddenMove reorders{.by = "reorder"};
  bool any = false;
  for (const OnednnCall& call : node.calls) {
    if (call.primitive != "reorder") continue;
    any = true;
    reorders.share += node.seconds > 0 ? call.seconds / node.seconds : 0;
    reorders.bytes_read += call.bytes_read;
    reorders.bytes_written += call.bytes_written;
  }
  return any ? std::vector<HiddenMove>{reorders} : std::vector<HiddenMove>{};
}

std::vector<std::vector<HiddenMove>> merged_moves(const std::vector<NodeMoves>& by_forward) {
  if (by_forward.empty()) return {};
  NodeMoves merged = by_forward.back();
  for (std::size_t n = 0; n < merged.size(); ++n) {
    for (HiddenMove& move : merged[n]) {
      std::vector<double> shares;
      for (const NodeMoves& moves : by_forward) {
        const auto found = std::find_if(moves[n].begin(), moves[n].end(),
                                        [&](const HiddenMove& m) { return m.by == move.by; });
        shares.push_back(found == moves[n].end() ? 0 : found->share);
      }
      move.share = stats::median(shares);
    }
  }
  return merged;
}

InsideOps look_inside(TimedModel& model, at::Device device, int forwards) {
  const std::size_t nodes = model.graph().nodes.size();
  InsideOps inside;
  double record_seconds = -empty_op_seconds();
  const std::vector<SeenEvent> events = recorded(device, [&] {
    NodeScopes scopes;
    model::RunOptions options;
    options.observer = &scopes;
    for (int i = 0; i <= forwards; ++i) inside.seconds.push_back(model.forward(options));
    record_seconds += empty_op_seconds();
  });
  inside.seconds.erase(inside.seconds.begin());
  inside.forwards = by_forward(events);
  if (!inside.forwards.empty()) inside.forwards.erase(inside.forwards.begin());
  std::vector<NodeMoves> seen;
  for (const SeenForward& forward : inside.forwards)
    seen.push_back(moves_of(forward, nodes, std::max(record_seconds, 0.0)));
  inside.moves = merged_moves(seen);
  inside.moves.resize(nodes);
  if (device.is_cpu() && at::globalContext().hasMKLDNN()) {
    const NodeMoves layouts = onednn_moves(model);
    for (std::size_t n = 0; n < nodes; ++n)
      inside.moves[n].insert(inside.moves[n].end(), layouts[n].begin(), layouts[n].end());
  }
  for (std::vector<HiddenMove>& moves : inside.moves) limit_shares(moves);
  return inside;
}

}  // namespace vitlab::profile
