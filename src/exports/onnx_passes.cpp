#include "exports/onnx_passes.h"

#include <algorithm>
#include <map>
#include <variant>

namespace vitlab::exports {

namespace {

class MoveLess {
 public:
  explicit MoveLess(DeployedModel& model) : graph_(model.graph), weights_(model.weights) {}

  void run() {
    graph_.attention.clear();
    graph_.gates.clear();
    cut_projections();
    cut_constants();
    index_producers();
    for (graph::Node& node : graph_.nodes) {
      for (graph::ValueId& x : node.inputs) x = resolve(x);
      if (std::holds_alternative<graph::Reshape>(node.op)) merge_reshape(node);
      if (auto* permute = std::get_if<graph::Permute>(&node.op)) merge_permute(node, *permute);
    }
    for (graph::NamedOutput& output : graph_.outputs) output.value = resolve(output.value);
    drop_unread();
  }

 private:
  void index_producers() {
    producer_.clear();
    for (const graph::NodeId i : graph_.nodes.ids()) producer_[graph_.nodes[i].output] = i;
  }
  graph::ValueId resolve(graph::ValueId x) const {
    const auto found = same_.find(x);
    return found == same_.end() ? x : found->second;
  }
  template <typename Kind>
  const graph::Node* made_by(graph::ValueId x) const {
    const auto found = producer_.find(x);
    if (found == producer_.end()) return nullptr;
    const graph::Node& node = graph_.nodes[found->second];
    return std::holds_alternative<Kind>(node.op) ? &node : nullptr;
  }

  /// A reshape reads whatever the reshapes before it read.
  void merge_reshape(graph::Node& node) {
    while (const graph::Node* before = made_by<graph::Reshape>(node.inputs[0]))
      node.inputs = before->inputs;
    if (graph_.value(node.inputs[0]).shape == graph_.value(node.output).shape)
      same_[node.output] = node.inputs[0];
  }

  void merge_permute(graph::Node& node, graph::Permute& permute) {
    const int rank = graph_.value(node.output).shape.rank();
    if (const graph::Node* before = made_by<graph::Permute>(node.inputs[0])) {
      const auto& first = std::get<graph::Permute>(before->op).order;
      for (int i = 0; i < rank; ++i) {
        auto& from = permute.order[static_cast<std::size_t>(i)];
        from = first[static_cast<std::size_t>(from)];
      }
      node.inputs = before->inputs;
    }
    bool is_identity = true;
    for (int i = 0; i < rank; ++i) is_identity &= permute.order[static_cast<std::size_t>(i)] == i;
    if (is_identity) same_[node.output] = node.inputs[0];
  }

  /// A linear layer that only slices of its output's last dimension read becomes one a slice.
  void cut_projections() {
    std::map<graph::ValueId, graph::NodeId> linears;
    for (const graph::NodeId i : graph_.nodes.ids())
      if (std::holds_alternative<graph::Linear>(graph_.nodes[i].op))
        linears[graph_.nodes[i].output] = i;
    for (const graph::NamedOutput& output : graph_.outputs) linears.erase(output.value);
    for (const graph::Node& node : graph_.nodes)
      for (const graph::ValueId x : node.inputs)
        if (linears.contains(x) && !cuts_last(node)) linears.erase(x);
    for (graph::Node& node : graph_.nodes) {
      const auto* slice = std::get_if<graph::Slice>(&node.op);
      if (slice == nullptr) continue;
      const auto found = linears.find(node.inputs[0]);
      if (found != linears.end()) project_slice(node, *slice, graph_.nodes[found->second]);
    }
  }

  /// A slice of a parameter becomes a parameter.
  void cut_constants() {
    index_producers();
    for (graph::Node& node : graph_.nodes) {
      const auto* slice = std::get_if<graph::Slice>(&node.op);
      if (slice == nullptr) continue;
      const graph::Node* whole = made_by<graph::UseParameter>(node.inputs[0]);
      if (whole == nullptr) continue;
      graph::Parameter part = graph_.parameter(whole->parameters[0]);
      part.name = node.name + ".constant";
      part.shape = graph_.value(node.output).shape;
      part.dims[static_cast<std::size_t>(slice->dim)].clear();
      weights_.tensors.push_back(
          weights_[whole->parameters[0]].narrow(slice->dim, slice->begin, slice->size));
      node.op = graph::UseParameter{};
      node.inputs.clear();
      node.parameters = {graph_.add_parameter(std::move(part))};
    }
  }

  bool cuts_last(const graph::Node& node) const {
    const auto* slice = std::get_if<graph::Slice>(&node.op);
    return slice != nullptr && slice->dim == graph_.value(node.inputs[0]).shape.rank() - 1;
  }

  /// The slice becomes a linear layer of those rows of the weights.
  void project_slice(graph::Node& node, const graph::Slice& cut, const graph::Node& linear) {
    const graph::Slice slice = cut;
    graph::IdList<graph::ParameterId> rows;
    for (const graph::ParameterId p : linear.parameters) {
      graph::Parameter part = graph_.parameter(p);
      part.name = node.name + (part.shape.rank() == 1 ? ".bias" : ".weight");
      part.shape[0] = slice.size;
      part.dims[0].clear();
      rows.push_back(graph_.add_parameter(std::move(part)));
      weights_.tensors.push_back(weights_[p].narrow(0, slice.begin, slice.size));
    }
    node.op = graph::Linear{};
    node.inputs = linear.inputs;
    node.parameters = std::move(rows);
  }

  void drop_unread() {
    core::IdVector<graph::ValueId, bool> is_read(graph_.values.size());
    for (const graph::NamedOutput& output : graph_.outputs) is_read[output.value] = true;
    std::vector<graph::Node>& nodes = graph_.nodes.items();
    std::vector<graph::Node> kept;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      if (!is_read[node->output]) continue;
      for (const graph::ValueId x : node->inputs) is_read[x] = true;
      kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    nodes = std::move(kept);
  }

  graph::Graph& graph_;
  model::Weights& weights_;
  std::map<graph::ValueId, graph::NodeId> producer_;
  std::map<graph::ValueId, graph::ValueId> same_;
};

}  // namespace

void move_less(DeployedModel& model) { MoveLess(model).run(); }

}  // namespace vitlab::exports
