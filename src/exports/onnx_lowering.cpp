#include "exports/onnx_lowering.h"

#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"
#include "exports/onnx_builder.h"
#include "exports/onnx_experts.h"
#include "model/op_constants.h"

namespace vitlab::exports {

namespace {

std::vector<graph::Index> sizes_of(const graph::Shape& shape) {
  return {shape.begin(), shape.end()};
}

/// The dimensions 0 … rank-1 with the last two exchanged.
std::vector<graph::Index> swapped_last(int rank) {
  std::vector<graph::Index> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), graph::Index{0});
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return order;
}

/// By node the slices that together cut the value they read, in order: they become one Split, which
/// stands where the first of them stood.
std::map<graph::NodeId, std::vector<graph::NodeId>> find_splits(const graph::Graph& graph) {
  std::map<std::pair<graph::ValueId, int>, std::map<graph::Index, graph::NodeId>> slices;
  for (const graph::NodeId i : graph.nodes.ids())
    if (const auto* slice = std::get_if<graph::Slice>(&graph.nodes[i].op))
      slices[{graph.nodes[i].inputs[0], slice->dim}].emplace(slice->begin, i);
  std::map<graph::NodeId, std::vector<graph::NodeId>> splits;
  for (const auto& [source, parts] : slices) {
    graph::Index end = 0;
    std::vector<graph::NodeId> nodes;
    for (const auto& [begin, node] : parts) {
      if (begin != end) break;
      end += std::get<graph::Slice>(graph.nodes[node].op).size;
      nodes.push_back(node);
    }
    const bool covers = end == graph.value(source.first).shape[source.second];
    if (covers && nodes.size() == parts.size() && nodes.size() > 1)
      splits[*std::min_element(nodes.begin(), nodes.end())] = nodes;
  }
  return splits;
}

class Lowering {
 public:
  Lowering(const graph::Graph& graph, const model::Weights& weights, OnnxModel& model)
      : graph_(graph),
        weights_(weights),
        opset_(model.opset),
        onnx_(model),
        names_(graph.values.size()),
        splits_(find_splits(graph)) {
    for (const auto& [first, nodes] : splits_)
      for (const graph::NodeId node : nodes) is_split_[node] = first;
  }

  void run(OnnxModel& model) {
    const graph::Shape& image = graph_.value(graph_.input).shape;
    model.input = {"input", {image[1], image[2], image[3]}};
    name(graph_.input) = "input";
    for (const graph::NodeId i : graph_.nodes.ids()) {
      node_ = &graph_.nodes[i];
      if (const auto found = is_split_.find(i); found != is_split_.end()) {
        if (found->second == i) lower_split(splits_.at(i));
        continue;
      }
      name(node_->output) = std::visit(*this, node_->op);
    }
    const graph::Shape& classes = graph_.value(graph_.outputs.front().value).shape;
    std::vector<std::string> heads;
    for (const graph::NamedOutput& output : graph_.outputs) {
      if (!(graph_.value(output.value).shape == classes))
        throw core::UserError(
            "head '" + output.name + "' has other classes than '" + graph_.outputs.front().name +
            "': ONNX gives their mean as \"logits\"; export a model of equal heads");
      heads.push_back(name(output.value));
    }
    // One head may be a value that others read too: Identity costs nothing.
    onnx_.add(heads.size() == 1 ? "Identity" : "Mean", "logits", heads);
    model.output = {"logits", {classes.back()}};
  }

  std::string operator()(const graph::Convolution& op) {
    const graph::Index kernel = parameter_shape(0)[2];
    std::vector<std::string> inputs{in(), parameter(0)};
    if (node_->parameters.size() > 1) inputs.push_back(parameter(1));
    return add("Conv", inputs,
               {{"kernel_shape", std::vector<graph::Index>{kernel, kernel}},
                {"strides", std::vector<graph::Index>{op.stride, op.stride}},
                {"pads", std::vector<graph::Index>(4, op.padding)},
                {"group", op.groups}});
  }
  std::string operator()(const graph::Linear&) {
    const bool has_bias = node_->parameters.size() > 1;
    if (value_in().shape.rank() == 2) {
      std::vector<std::string> inputs{in(), parameter(0)};
      if (has_bias) inputs.push_back(parameter(1));
      return add("Gemm", inputs, {{"transB", graph::Index{1}}});
    }
    const std::string weight =
        onnx_.tensor(parameter_name(0) + ".transposed", weights_[node_->parameters[0]].t());
    if (!has_bias) return add("MatMul", {in(), weight});
    return add("Add", {onnx_.add("MatMul", own("product"), {in(), weight}), parameter(1)});
  }
  std::string operator()(const graph::MatrixMultiply& op) {
    const auto turned = [&](std::size_t i, bool is_turned) {
      if (!is_turned) return in(i);
      const std::string part = i == 0 ? "left" : "right";
      return onnx_.transpose(own(part), in(i), swapped_last(value_in(i).shape.rank()));
    };
    return paired("MatMul", turned(0, op.transpose_left), turned(1, op.transpose_right));
  }
  std::string operator()(const graph::BatchNorm& op) {
    return add("BatchNormalization", {in(), parameter(0), parameter(1), parameter(2), parameter(3)},
               {{"epsilon", static_cast<float>(op.epsilon)}});
  }
  std::string operator()(const graph::LayerNorm& op) {
    const int rank = value_in().shape.rank(), dim = value_in().channel_dim;
    const std::vector<OnnxAttribute> how{{"axis", graph::Index{-1}},
                                         {"epsilon", static_cast<float>(op.epsilon)}};
    const auto norm = [&](const std::string& name, const std::string& x) {
      return onnx_.add("LayerNormalization", name, {x, parameter(0), parameter(1)}, how);
    };
    if (dim == rank - 1) return norm(own(), in());
    std::vector<graph::Index> to_last, back;
    for (int i = 0; i < rank; ++i)
      if (i != dim) to_last.push_back(i);
    to_last.push_back(dim);
    for (int i = 0; i < rank; ++i) back.push_back(i < dim ? i : i == dim ? rank - 1 : i - 1);
    const std::string last = norm(own("norm"), onnx_.transpose(own("to_last"), in(), to_last));
    return onnx_.transpose(own(), last, back);
  }
  std::string operator()(const graph::Softmax&) {
    return add("Softmax", {in()}, {{"axis", graph::Index{-1}}});
  }
  std::string operator()(const graph::Activate& op) {
    switch (op.activation) {
      case graph::Activation::kRelu:
        return add("Relu", {in()});
      case graph::Activation::kHardswish:
        return add("HardSwish", {in()});
      case graph::Activation::kGelu:
        return gelu();
      case graph::Activation::kSilu:
        return add("Mul", {in(), onnx_.add("Sigmoid", own("sigmoid"), {in()})});
      case graph::Activation::kSigmoid:
        return add("Sigmoid", {in()});
      case graph::Activation::kHardsigmoid:
        return add("HardSigmoid", {in()}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
      case graph::Activation::kRelu6:
        return add("Clip", {in(), onnx_.scalar(0), onnx_.scalar(6)});
    }
    return {};
  }
  std::string operator()(const graph::Add&) { return add("Add", {in(0), in(1)}); }
  std::string operator()(const graph::AddBroadcast&) { return paired("Add", in(0), in(1)); }
  std::string operator()(const graph::AddLeading&) {
    const graph::Index width = value_in(0).shape[1], given = value_in(1).shape[1];
    std::string other = in(1);
    if (given > width) other = slice(own("leading"), other, 1, 0, width);
    if (given < width)
      other = pad(own("filled"), other, {0, width - given, 0, 0}, value_in(1).shape.rank());
    return add("Add", {in(0), other});
  }
  std::string operator()(const graph::Multiply&) { return paired("Mul", in(0), in(1)); }
  std::string operator()(const graph::Scale& op) {
    return add("Mul", {in(), onnx_.scalar(op.factor)});
  }
  std::string operator()(const graph::Reshape&) {
    return onnx_.reshape(own(), in(), open_shape(graph_.value(node_->output)));
  }
  std::string operator()(const graph::Permute& op) {
    return onnx_.transpose(own(), in(),
                           {op.order.begin(), op.order.begin() + value_in().shape.rank()});
  }
  std::string operator()(const graph::Concat& op) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < node_->inputs.size(); ++i) parts.push_back(in(i));
    return add("Concat", parts, {{"axis", graph::Index{op.dim}}});
  }
  std::string operator()(const graph::Slice& op) {
    return slice(own(), in(), op.dim, op.begin, op.begin + op.size);
  }
  std::string operator()(const graph::Pad& op) {
    std::vector<graph::Index> behind(static_cast<std::size_t>(value_in().shape.rank()), 0);
    behind[static_cast<std::size_t>(op.height_dim)] = op.rows;
    behind[static_cast<std::size_t>(op.height_dim) + 1] = op.columns;
    return pad(own(), in(), behind, value_in().shape.rank());
  }
  std::string operator()(const graph::Roll& op) {
    const std::string rows = rolled(own("rows"), in(), op.height_dim, op.rows);
    return rolled(own(), rows, op.height_dim + 1, op.columns);
  }
  std::string operator()(const graph::GatherBias& op) {
    const std::string index = onnx_.tensor(own("index"), model::bias_index(op));
    if (op.rule == graph::BiasRule::kAbsoluteOffset)
      return add("Gather", {parameter(0), index}, {{"axis", graph::Index{1}}});
    return heads_first(parameter(0), index);
  }
  std::string operator()(const graph::GatherTable& op) {
    return heads_first(in(), onnx_.tensor(own("index"), model::op_constant(op)));
  }
  std::string operator()(const graph::ShiftMask& op) { return constant(model::op_constant(op)); }
  std::string operator()(const graph::OffsetTable& op) { return constant(model::op_constant(op)); }
  std::string operator()(const graph::L2Normalize& op) {
    const std::string length =
        onnx_.reduce("ReduceL2", own("length"), in(), {value_in().shape.rank() - 1}, true);
    const std::string positive =
        onnx_.add("Max", own("positive"), {length, onnx_.scalar(op.epsilon)});
    return add("Div", {in(), positive});
  }
  std::string operator()(const graph::LimitedExp& op) {
    return add("Exp", {onnx_.add("Min", own("limited"), {in(), onnx_.scalar(op.maximum)})});
  }
  std::string operator()(const graph::Mean& op) {
    const graph::Value& x = value_in();
    if (x.shape.rank() != 4 || op.first != 2 || op.last != 3) {
      std::vector<graph::Index> axes;
      for (int dim = op.first; dim <= op.last; ++dim) axes.push_back(dim);
      return onnx_.reduce("ReduceMean", own(), in(), axes, op.keep);
    }
    if (op.keep) return add("GlobalAveragePool", {in()});
    const std::string pooled = onnx_.add("GlobalAveragePool", own("pool"), {in()});
    return add("Flatten", {pooled});
  }
  std::string operator()(const graph::Route& op) {
    return onnx_route(onnx_, own(), in(), value_in().shape, op);
  }
  std::string operator()(const graph::DispatchTokens&) {
    return onnx_dispatch(onnx_, own(), in(0), value_in().shape, in(1));
  }
  std::string operator()(const graph::ExpertLinear&) {
    const at::Tensor& bias = weights_[node_->parameters[1]];
    return onnx_expert_linear(onnx_, own(), in(),
                              onnx_.tensor(parameter_name(0) + ".transposed",
                                           weights_[node_->parameters[0]].transpose(1, 2)),
                              onnx_.tensor(parameter_name(1) + ".rows", bias.unsqueeze(1)));
  }
  std::string operator()(const graph::CombineTokens&) {
    return onnx_combine(onnx_, own(), in(0), in(1), value_in(1).shape, in(2));
  }
  std::string operator()(const graph::Broadcast&) {
    const std::vector<graph::Index> shape = sizes_of(value_in().shape);
    const std::string images = onnx_.add("Shape", own("images"), {name(graph_.input)},
                                         {{"start", graph::Index{0}}, {"end", graph::Index{1}}});
    const std::string rest = onnx_.integers({shape.begin() + 1, shape.end()});
    const std::string wanted =
        onnx_.add("Concat", own("shape"), {images, rest}, {{"axis", graph::Index{0}}});
    return add("Expand", {in(), wanted});
  }
  std::string operator()(const graph::UseParameter&) { return parameter(0); }
  std::string operator()(const graph::DropPath&) { return in(); }

 private:
  /// The rows of a table (entries, heads) as (heads, T, T).
  std::string heads_first(const std::string& table, const std::string& index) {
    return onnx_.transpose(own(), onnx_.add("Gather", own("rows"), {table, index}), {2, 0, 1});
  }
  std::string constant(const at::Tensor& value) {
    return onnx_.tensor(own(), value.to(weights_.tensors.front().scalar_type()));
  }

  const graph::Value& value_in(std::size_t i = 0) const { return graph_.value(node_->inputs[i]); }
  std::string& name(graph::ValueId id) { return names_[id]; }
  const std::string& in(std::size_t i = 0) { return name(node_->inputs[i]); }
  /// The node's name, or that of one of the ONNX nodes that it becomes.
  std::string own(const std::string& part = "") const {
    return graph_.node_name(*node_) + (part.empty() ? "" : "/" + part);
  }
  std::string add(const std::string& type, std::vector<std::string> inputs,
                  std::vector<OnnxAttribute> attributes = {}) {
    return onnx_.add(type, own(), std::move(inputs), std::move(attributes));
  }

  std::string parameter_name(std::size_t i) const {
    return graph_.parameter_name(node_->parameters[i]);
  }
  const graph::Shape& parameter_shape(std::size_t i) const {
    return graph_.parameter(node_->parameters[i]).shape;
  }
  std::string parameter(std::size_t i) {
    return onnx_.tensor(parameter_name(i), weights_[node_->parameters[i]]);
  }

  /// A value's shape with the leading dimension, which counts images, left open.
  static std::vector<graph::Index> open_shape(const graph::Value& value) {
    std::vector<graph::Index> shape = sizes_of(value.shape);
    if (value.batched) shape[0] = -1;
    return shape;
  }

  /// A node of two values, of which one may have no images but a leading dimension that counts
  /// windows: then images and windows are set apart for the node.
  std::string paired(const std::string& type, const std::string& a, const std::string& b) {
    const graph::Value& out = graph_.value(node_->output);
    const auto repeats = [&](const graph::Value& x) {
      return !x.batched && out.batched && x.shape.rank() == out.shape.rank() && x.shape[0] > 1;
    };
    if (!repeats(value_in(0)) && !repeats(value_in(1))) return add(type, {a, b});
    const auto apart = [&](std::size_t i, const std::string& x, bool is_turned) {
      const graph::Value& value = value_in(i);
      if (!value.batched) return x;
      std::vector<graph::Index> shape = sizes_of(value.shape);
      if (is_turned) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
      shape.insert(shape.begin(), -1);
      return onnx_.reshape(own(i == 0 ? "left.windows" : "right.windows"), x, shape);
    };
    const auto* product = std::get_if<graph::MatrixMultiply>(&node_->op);
    const std::string both =
        onnx_.add(type, own("windows"),
                  {apart(0, a, product != nullptr && product->transpose_left),
                   apart(1, b, product != nullptr && product->transpose_right)});
    return onnx_.reshape(own(), both, open_shape(out));
  }

  /// x · (1 + erf(x / √2)) / 2 in the form that ONNX Runtime fuses; one op since opset 20.
  std::string gelu() {
    if (opset_ >= 20) return add("Gelu", {in()});
    const std::string scaled =
        onnx_.add("Div", own("scaled"), {in(), onnx_.scalar(std::sqrt(2.0))});
    const std::string erf = onnx_.add("Erf", own("erf"), {scaled});
    const std::string above = onnx_.add("Add", own("above"), {erf, onnx_.scalar(1)});
    const std::string twice = onnx_.add("Mul", own("twice"), {in(), above});
    return add("Mul", {twice, onnx_.scalar(0.5)});
  }

  std::string slice(const std::string& as, const std::string& x, graph::Index dim,
                    graph::Index begin, graph::Index end) {
    return onnx_.add("Slice", as,
                     {x, onnx_.integers({begin}), onnx_.integers({end}), onnx_.integers({dim})});
  }
  std::string pad(const std::string& as, const std::string& x,
                  const std::vector<graph::Index>& behind, int rank) {
    std::vector<graph::Index> pads(static_cast<std::size_t>(rank), 0);
    pads.insert(pads.end(), behind.begin(), behind.end());
    return onnx_.add("Pad", as, {x, onnx_.integers(pads)});
  }
  /// Row i is row (i - shift) mod size of x.
  std::string rolled(const std::string& as, const std::string& x, graph::Index dim,
                     graph::Index shift) {
    const graph::Index size = value_in().shape[static_cast<int>(dim)];
    std::vector<graph::Index> rows;
    for (graph::Index i = 0; i < size; ++i) rows.push_back(((i - shift) % size + size) % size);
    return onnx_.add("Gather", as, {x, onnx_.integers(rows)}, {{"axis", dim}});
  }

  void lower_split(const std::vector<graph::NodeId>& nodes) {
    std::vector<std::string> outputs;
    std::vector<graph::Index> sizes;
    for (const graph::NodeId i : nodes) {
      const graph::Node& part = graph_.nodes[i];
      outputs.push_back(graph_.node_name(part));
      name(part.output) = outputs.back();
      sizes.push_back(std::get<graph::Slice>(part.op).size);
    }
    onnx_.add_many("Split", own("split"), {in(), onnx_.integers(sizes)}, outputs,
                   {{"axis", graph::Index{std::get<graph::Slice>(node_->op).dim}}});
  }

  const graph::Graph& graph_;
  const model::Weights& weights_;
  graph::Index opset_;
  OnnxBuilder onnx_;
  const graph::Node* node_ = nullptr;
  core::IdVector<graph::ValueId, std::string> names_;
  std::map<graph::NodeId, std::vector<graph::NodeId>> splits_;
  std::map<graph::NodeId, graph::NodeId> is_split_;  // slice -> the first of its split
};

}  // namespace

void lower_to_onnx(const graph::Graph& graph, const model::Weights& weights, OnnxModel& model) {
  Lowering(graph, weights, model).run(model);
}

}  // namespace vitlab::exports
