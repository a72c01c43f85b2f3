#include "graph/fold.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <variant>

#include "graph/fold_parts.h"

namespace vitlab::graph {

namespace {

using Kind = WeightRecipe::Kind;

/// Walks the old nodes once and writes the new ones; values keep their ids.
class Folder {
 public:
  explicit Folder(const Graph& old) : old_(old), readers_(count_readers(old)) {
    for (const NodeId i : old.nodes.ids()) producer_[old.nodes[i].output] = i;
    for (const FoldedScale& folded : find_folded_scales(old)) {
      const Node& scale = old.nodes[folded.scale];
      same_[scale.output] = scale.inputs[0];
      scaled_[&old.nodes[folded.producer]].push_back(folded.rows);
    }
    for (const NamedOutput& output : old.outputs) constants_.insert(output.value);
    for (auto node = old.nodes.rbegin(); node != old.nodes.rend(); ++node) {
      const bool is_slice = std::holds_alternative<Slice>(node->op);
      if (value(node->output).batched || (is_slice && constants_.contains(node->output)))
        for (const ValueId x : node->inputs) constants_.insert(x);
    }
  }

  Rewrite run() {
    Rewrite result{old_, {}};
    result.graph.nodes.clear();
    result.graph.parameters.clear();
    rewrite_ = &result;
    for (const Node& node : old_.nodes) visit(node);
    redirect(result.graph);
    return result;
  }

 private:
  const Value& value(ValueId id) const { return old_.value(id); }

  /// The node that makes `x`, if nothing else reads it.
  const Node* sole_producer(ValueId x) const {
    const auto found = producer_.find(x);
    if (found == producer_.end() || readers_[x] != 1) return nullptr;
    return &old_.nodes[found->second];
  }
  const Node* sole_reader(const Node& node) const {
    if (readers_[node.output] != 1) return nullptr;
    for (const Node& other : old_.nodes)
      for (const ValueId x : other.inputs)
        if (x == node.output) return &other;
    return nullptr;
  }

  void visit(const Node& node) {
    if (!value(node.output).batched) return visit_constant(node);
    if (same_.contains(node.output)) return;  // a scale that weights took over
    if (const auto* norm = std::get_if<BatchNorm>(&node.op); norm && fold_norm(node, *norm)) return;
    if (std::holds_alternative<DropPath>(node.op)) {
      same_[node.output] = node.inputs[0];
      return;
    }
    if (std::holds_alternative<Convolution>(node.op)) {
      const Node* reader = sole_reader(node);
      if (reader && std::holds_alternative<BatchNorm>(reader->op)) return;  // the norm writes it
    }
    copy(node);
  }

  void copy(const Node& node) {
    Node same = node;
    for (ParameterId& p : same.parameters) p = keep(p);
    scale_rows(node, same);
    rewrite_->graph.nodes.push_back(std::move(same));
  }

  /// Gives the factors of the scales behind `old` to the parameters of `node`, which replaces it.
  void scale_rows(const Node& old, const Node& node) {
    const auto found = scaled_.find(&old);
    if (found == scaled_.end()) return;
    for (const ParameterId p : node.parameters) rewrite_->recipes[p].scaled = found->second;
  }

  bool fold_norm(const Node& norm, const BatchNorm& op) {
    const Node* before = sole_producer(norm.inputs[0]);
    if (before && std::holds_alternative<Convolution>(before->op)) {
      fold_into_convolution(*before, norm, op.epsilon);
      return true;
    }
    const Node* behind = sole_reader(norm);
    if (!behind || !std::holds_alternative<Linear>(behind->op)) return false;
    pending_[behind->output] = {&norm, op.epsilon};
    same_[norm.output] = norm.inputs[0];
    return true;
  }

  void fold_into_convolution(const Node& conv, const Node& norm, double epsilon) {
    const auto& n = norm.parameters;
    Node folded = conv;
    folded.output = norm.output;
    folded.parameters = {
        make(conv.parameters[0], "",
             {Kind::kFoldedConvWeight, {conv.parameters[0], n[0], n[3]}, epsilon, {}, {}})};
    std::vector<ParameterId> sources{n[0], n[1], n[2], n[3]};
    if (conv.parameters.size() > 1) sources.push_back(conv.parameters[1]);
    folded.parameters.push_back(
        make(n[1], conv.name + ".bias", {Kind::kFoldedConvBias, sources, epsilon, {}, {}}));
    scale_rows(conv, folded);
    rewrite_->graph.nodes.push_back(std::move(folded));
  }

  /// A value without images: made once and kept as a parameter, if one with images reads it. A
  /// slice of it (one head of a bias) stays a view, so that folding and slicing weights commute.
  void visit_constant(const Node& node) {
    if (!constants_.contains(node.output)) return;
    if (std::holds_alternative<UseParameter>(node.op) || std::holds_alternative<Slice>(node.op))
      return copy(node);
    const Value& made = value(node.output);
    WeightRecipe recipe{Kind::kConstant, {}, 0, {}, {}};
    recipe.constant = constant_graph(old_, node.output, recipe.sources);
    Parameter parameter;
    parameter.layer = node.layer;
    parameter.name = node.name + ".constant";
    parameter.shape = made.shape;
    parameter.dims.resize(static_cast<std::size_t>(made.shape.rank()));
    if (made.channel_dim != kUnset)
      parameter.dims[static_cast<std::size_t>(made.channel_dim)] = made.channels;
    parameter.decays = false;
    const auto is_trained = [&](ParameterId p) { return old_.parameter(p).trained; };
    parameter.trained = std::any_of(recipe.sources.begin(), recipe.sources.end(), is_trained);
    Node constant = node;
    constant.op = UseParameter{};
    constant.inputs.clear();
    constant.parameters = {rewrite_->graph.add_parameter(std::move(parameter))};
    rewrite_->recipes.push_back(std::move(recipe));
    rewrite_->graph.nodes.push_back(std::move(constant));
  }

  ParameterId keep(ParameterId old) {
    const auto found = kept_.find(old);
    if (found != kept_.end()) return found->second;
    return kept_[old] = make(old, "", {Kind::kCopy, {old}, 0, {}, {}});
  }

  ParameterId make(ParameterId like, const std::string& name, WeightRecipe recipe) {
    Parameter parameter = old_.parameter(like);
    if (!name.empty()) parameter.name = name;
    rewrite_->recipes.push_back(std::move(recipe));
    return rewrite_->graph.add_parameter(std::move(parameter));
  }

  /// Reads of a dropped node's output become reads of its input; linear layers take their norms.
  void redirect(Graph& graph) {
    for (Node& node : graph.nodes) {
      for (ValueId& x : node.inputs) x = resolve(x);
      const auto found = pending_.find(node.output);
      if (found != pending_.end())
        fold_into_linear(node, *found->second.norm, found->second.epsilon);
    }
    for (NamedOutput& output : graph.outputs) output.value = resolve(output.value);
    // Gates inside of what is computed once are gone.
    const auto is_inside = [&](ValueId gate) { return !value(gate).batched; };
    graph.gates.erase(std::remove_if(graph.gates.begin(), graph.gates.end(), is_inside),
                      graph.gates.end());
    for (ValueId& gate : graph.gates) gate = resolve(gate);
  }

  void fold_into_linear(Node& linear, const Node& norm, double epsilon) {
    const auto& n = norm.parameters;
    auto& recipes = rewrite_->recipes;
    const ParameterId weight = linear.parameters[0];
    const ParameterId old_weight = recipes[weight].sources[0];
    // A factor behind the layer stays with both parameters.
    const std::vector<ScaledRows> scaled = recipes[weight].scaled;
    recipes[weight] = {Kind::kFoldedLinearWeight, {old_weight, n[0], n[3]}, epsilon, scaled, {}};
    std::vector<ParameterId> sources{old_weight, n[0], n[1], n[2], n[3]};
    if (linear.parameters.size() > 1) {
      const ParameterId bias = linear.parameters[1];
      sources.push_back(recipes[bias].sources[0]);
      recipes[bias] = {Kind::kFoldedLinearBias, sources, epsilon, scaled, {}};
      return;
    }
    Parameter bias = rewrite_->graph.parameter(linear.parameters[0]);
    bias.name = linear.name + ".bias";
    bias.shape = {bias.shape[0]};
    bias.dims.resize(1);
    recipes.push_back({Kind::kFoldedLinearBias, sources, epsilon, scaled, {}});
    linear.parameters.push_back(rewrite_->graph.add_parameter(std::move(bias)));
  }

  ValueId resolve(ValueId x) const {
    for (auto found = same_.find(x); found != same_.end(); found = same_.find(x)) x = found->second;
    return x;
  }

  struct PendingNorm {
    const Node* norm;
    double epsilon;
  };

  const Graph& old_;
  Rewrite* rewrite_ = nullptr;
  core::IdVector<ValueId, int> readers_;
  std::map<ValueId, NodeId> producer_;
  std::map<ValueId, ValueId> same_;
  std::map<const Node*, std::vector<ScaledRows>> scaled_;  // old node -> factors that it takes over
  std::set<ValueId> constants_;  // without images, but needed behind the folding
  std::map<ParameterId, ParameterId> kept_;
  std::map<ValueId, PendingNorm> pending_;  // output of a linear layer -> the norm before it
};

}  // namespace

Rewrite fold(const Graph& graph) { return Folder(graph).run(); }

}  // namespace vitlab::graph
