#include "graph/fold_parts.h"

#include <algorithm>
#include <variant>

namespace vitlab::graph {

namespace {

/// Walks from scales back to the weights in front of them.
class ScaleFinder {
 public:
  explicit ScaleFinder(const Graph& graph) : graph_(graph), readers_(count_readers(graph)) {
    for (const NodeId i : graph.nodes.ids()) {
      producer_[graph.nodes[i].output] = i;
      for (const ParameterId p : graph.nodes[i].parameters) ++uses_[p];
    }
  }

  std::vector<FoldedScale> run() const {
    std::vector<FoldedScale> found;
    for (const NodeId i : graph_.nodes.ids()) {
      const auto* scale = std::get_if<Scale>(&graph_.nodes[i].op);
      FoldedScale folded{i, {}, {}};
      if (scale == nullptr || !graph_.value(graph_.nodes[i].output).batched) continue;
      if (!find(graph_.nodes[i].inputs[0], folded)) continue;
      folded.rows.factor = scale->factor;
      found.push_back(folded);
    }
    return found;
  }

 private:
  bool is_read_once(ValueId x) const { return readers_[x] == 1; }

  /// Follows `x` back to its weights; false where something else reads it on the way.
  bool find(ValueId x, FoldedScale& folded) const {
    bool is_cut = false;
    for (;;) {
      const auto made = producer_.find(x);
      if (made == producer_.end()) return false;
      const Node& node = graph_.nodes[made->second];
      const Value& value = graph_.value(x);
      if (!is_cut && !is_read_once(x)) return false;
      if (has_weights(node.op)) return ends_at(made->second, value, is_cut, folded);
      const auto* slice = std::get_if<Slice>(&node.op);
      if (slice != nullptr) {
        if (is_cut || !cuts_alone(node, *slice)) return false;
        folded.rows.begin = slice->begin;
        folded.rows.size = slice->size;
        is_cut = true;
      } else if (is_cut && !std::holds_alternative<BatchNorm>(node.op)) {
        return false;
      } else if (!passes(node)) {
        return false;
      }
      x = node.inputs[0];
    }
  }

  static bool has_weights(const Op& op) {
    return std::holds_alternative<Convolution>(op) || std::holds_alternative<Linear>(op) ||
           std::holds_alternative<LayerNorm>(op);
  }

  /// Nodes through which a factor passes unchanged. A batch norm does when it is folded itself.
  bool passes(const Node& node) const {
    if (std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Permute>(node.op))
      return true;
    if (!std::holds_alternative<BatchNorm>(node.op) || !is_read_once(node.inputs[0])) return false;
    const auto made = producer_.find(node.inputs[0]);
    return made != producer_.end() &&
           std::holds_alternative<Convolution>(graph_.nodes[made->second].op);
  }

  /// Whether a slice of channels shares no channel with another reader of the same value.
  bool cuts_alone(const Node& cut, const Slice& slice) const {
    const ValueId source = cut.inputs[0];
    if (graph_.value(source).channel_dim != slice.dim) return false;
    int slices = 0;
    for (const Node& node : graph_.nodes) {
      if (std::find(node.inputs.begin(), node.inputs.end(), source) == node.inputs.end()) continue;
      const auto* other = std::get_if<Slice>(&node.op);
      if (other == nullptr || other->dim != slice.dim) return false;
      const bool apart =
          other->begin + other->size <= slice.begin || slice.begin + slice.size <= other->begin;
      if (&node != &cut && !apart) return false;
      ++slices;
    }
    return slices == readers_[source];
  }

  bool ends_at(NodeId index, const Value& value, bool is_cut, FoldedScale& folded) const {
    const Node& node = graph_.nodes[index];
    for (const ParameterId p : node.parameters)
      if (uses_.at(p) != 1) return false;
    folded.producer = index;
    if (!is_cut) folded.rows.size = value.shape[value.channel_dim];
    return true;
  }

  const Graph& graph_;
  core::IdVector<ValueId, int> readers_;
  std::map<ValueId, NodeId> producer_;
  std::map<ParameterId, int> uses_;
};

}  // namespace

core::IdVector<ValueId, int> count_readers(const Graph& graph) {
  core::IdVector<ValueId, int> readers(graph.values.size(), 0);
  for (const Node& node : graph.nodes)
    for (const ValueId x : node.inputs) ++readers[x];
  for (const NamedOutput& output : graph.outputs) ++readers[output.value];
  return readers;
}

std::vector<FoldedScale> find_folded_scales(const Graph& graph) { return ScaleFinder(graph).run(); }

Graph constant_graph(const Graph& graph, ValueId value, std::vector<ParameterId>& sources) {
  Graph part;
  std::map<ValueId, ValueId> kept;
  const auto keep = [&](ValueId x) {
    const auto [found, is_new] = kept.emplace(x, ValueId(part.values.size()));
    if (!is_new) return found->second;
    Value copy = graph.value(x);
    copy.channels.clear();  // no axes here: nothing is sliced or masked
    return part.add_value(std::move(copy));
  };
  part.outputs.push_back({"constant", keep(value)});
  for (auto old = graph.nodes.rbegin(); old != graph.nodes.rend(); ++old) {
    Node node = *old;
    if (!kept.contains(node.output)) continue;
    if (part.layers.empty()) part.layers.push_back(graph.layer(node.layer));
    node.layer = LayerId(0);
    node.output = keep(node.output);
    for (ValueId& x : node.inputs) x = keep(x);
    for (ParameterId& p : node.parameters) {
      const auto known = std::find(sources.begin(), sources.end(), p);
      const auto place = ParameterId(known - sources.begin());
      if (known == sources.end()) sources.push_back(p);
      p = place;
    }
    part.nodes.push_back(std::move(node));
  }
  std::reverse(part.nodes.begin(), part.nodes.end());
  for (const ParameterId p : sources) {
    Parameter copy = graph.parameter(p);
    copy.layer = LayerId(0);
    copy.dims.assign(copy.dims.size(), {});
    part.parameters.push_back(std::move(copy));
  }
  return part;
}

}  // namespace vitlab::graph
