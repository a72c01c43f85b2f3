#include "profile/op_rows.h"

#include <algorithm>
#include <utility>

#include "graph/memory_plan.h"
#include "graph/op_cost.h"
#include "stats/summary.h"

namespace vitlab::profile {

namespace {

OpRow named_row(const graph::Graph& graph, const graph::Node& node) {
  const graph::LayerInfo& layer = graph.layer(node.layer);
  OpRow row;
  row.node = graph.node_name(node);
  row.layer = layer.path;
  row.stage = stage_name(layer);
  row.kind = layer.kind;
  return row;
}

void set_time(OpRow& row, const std::vector<double>& seconds, double share) {
  row.samples = seconds;
  for (double& sample : row.samples) sample *= share;
  row.seconds = stats::mean(row.samples);
}

void set_roof(OpRow& row, const Roofs& roofs) {
  const auto flops = static_cast<double>(row.flops), bytes = static_cast<double>(row.bytes());
  row.bound = bound_of(flops, bytes, roofs);
  row.roof_seconds =
      std::max({flops / roofs.flops_per_s, bytes / roofs.bytes_per_s, roofs.call_seconds});
}

OpRow hidden_row(const graph::Graph& graph, const graph::Node& node, const HiddenMove& move,
                 const std::vector<double>& seconds) {
  OpRow row = named_row(graph, node);
  row.op = graph::category_name(graph::Category::kCopy);
  row.inside = graph::op_name(node.op);
  row.moved_by = move.by;
  const bool rearranges = graph::op_category(node.op) == graph::Category::kReshape;
  row.category = rearranges ? graph::Category::kReshape : graph::Category::kCopy;
  row.bytes_read = move.bytes_read;
  row.bytes_written = move.bytes_written;
  set_time(row, seconds, move.share);
  return row;
}

}  // namespace

std::string stage_name(const graph::LayerInfo& layer) {
  const std::size_t first = layer.path.find('.');
  return layer.path.substr(
      0, layer.path.starts_with("stages.") ? layer.path.find('.', first + 1) : first);
}

std::vector<OpRow> op_rows(const graph::Graph& graph, const std::vector<TimedOp>& ops,
                           const std::vector<std::vector<HiddenMove>>& moves, graph::Index batch,
                           graph::Index element_bytes, const Roofs& roofs) {
  const graph::Layout layout = graph::lay_out(graph);
  std::vector<OpRow> rows;
  for (const TimedOp& timed : ops) {
    const graph::Node& node = graph.nodes[timed.node];
    const bool is_view = layout.is_view[node.output];
    const graph::OpCost cost = graph::op_cost(graph, node, is_view, batch);
    OpRow row = named_row(graph, node);
    row.op = graph::op_name(node.op);
    row.category = graph::op_category(node.op);
    row.macs = cost.macs;
    row.flops = cost.flops;
    row.bytes_read = cost.elements_read * element_bytes;
    row.bytes_written = cost.elements_written * element_bytes;
    double own_share = 1;
    std::vector<OpRow> hidden;
    if (!moves.empty())
      for (const HiddenMove& move : moves[timed.node.index()]) {
        own_share -= move.share;
        hidden.push_back(hidden_row(graph, node, move, timed.seconds));
        if (row.category != graph::Category::kReshape) continue;
        row.bytes_read = std::max<graph::Index>(row.bytes_read - move.bytes_read, 0);
        row.bytes_written = std::max<graph::Index>(row.bytes_written - move.bytes_written, 0);
      }
    set_time(row, timed.seconds, std::max(own_share, 0.0));
    rows.push_back(std::move(row));
    std::move(hidden.begin(), hidden.end(), std::back_inserter(rows));
  }
  for (OpRow& row : rows) set_roof(row, roofs);
  return rows;
}

}  // namespace vitlab::profile
