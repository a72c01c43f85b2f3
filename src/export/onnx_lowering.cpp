#include "export/onnx_lowering.h"

#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"
#include "export/onnx_builder.h"
#include "export/onnx_experts.h"
#include "model/op_constants.h"

namespace vitlab {

namespace {

std::vector<Index> sizes_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// The dimensions 0 … rank-1 with the last two exchanged.
std::vector<Index> swapped_last(int rank) {
  std::vector<Index> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), Index{0});
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return order;
}

/// By node the slices that together cut the value they read, in order: they become one Split, which
/// stands where the first of them stood.
std::map<std::size_t, std::vector<std::size_t>> find_splits(const Graph& graph) {
  std::map<std::pair<ValueId, int>, std::map<Index, std::size_t>> slices;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (const auto* slice = std::get_if<Slice>(&graph.nodes[i].op))
      slices[{graph.nodes[i].inputs[0], slice->dim}].emplace(slice->begin, i);
  std::map<std::size_t, std::vector<std::size_t>> splits;
  for (const auto& [source, parts] : slices) {
    Index end = 0;
    std::vector<std::size_t> nodes;
    for (const auto& [begin, node] : parts) {
      if (begin != end) break;
      end += std::get<Slice>(graph.nodes[node].op).size;
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
  Lowering(const Graph& graph, const Weights& weights, OnnxModel& model)
      : graph_(graph),
        weights_(weights),
        opset_(model.opset),
        onnx_(model),
        names_(graph.values.size()),
        splits_(find_splits(graph)) {
    for (const auto& [first, nodes] : splits_)
      for (const std::size_t node : nodes) is_split_[node] = first;
  }

  void run(OnnxModel& model) {
    const Shape& image = graph_.value(graph_.input).shape;
    model.input = {"input", {image[1], image[2], image[3]}};
    name(graph_.input) = "input";
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      node_ = &graph_.nodes[i];
      if (const auto found = is_split_.find(i); found != is_split_.end()) {
        if (found->second == i) lower_split(splits_.at(i));
        continue;
      }
      name(node_->output) = std::visit(*this, node_->op);
    }
    const Shape& classes = graph_.value(graph_.outputs.front().value).shape;
    std::vector<std::string> heads;
    for (const NamedOutput& output : graph_.outputs) {
      if (!(graph_.value(output.value).shape == classes))
        throw UserError("head '" + output.name + "' has other classes than '" +
                        graph_.outputs.front().name +
                        "': ONNX gives their mean as \"logits\"; export a model of equal heads");
      heads.push_back(name(output.value));
    }
    // One head may be a value that others read too: Identity costs nothing.
    onnx_.add(heads.size() == 1 ? "Identity" : "Mean", "logits", heads);
    model.output = {"logits", {classes.back()}};
  }

  std::string operator()(const Convolution& op) {
    const Index kernel = parameter_shape(0)[2];
    std::vector<std::string> inputs{in(), parameter(0)};
    if (node_->parameters.size() > 1) inputs.push_back(parameter(1));
    return add("Conv", inputs,
               {{"kernel_shape", std::vector<Index>{kernel, kernel}},
                {"strides", std::vector<Index>{op.stride, op.stride}},
                {"pads", std::vector<Index>(4, op.padding)},
                {"group", op.groups}});
  }
  std::string operator()(const Linear&) {
    const bool has_bias = node_->parameters.size() > 1;
    if (value_in().shape.rank() == 2) {
      std::vector<std::string> inputs{in(), parameter(0)};
      if (has_bias) inputs.push_back(parameter(1));
      return add("Gemm", inputs, {{"transB", Index{1}}});
    }
    const std::string weight =
        onnx_.tensor(parameter_name(0) + ".transposed", weights_[node_->parameters[0]].t());
    if (!has_bias) return add("MatMul", {in(), weight});
    return add("Add", {onnx_.add("MatMul", own("product"), {in(), weight}), parameter(1)});
  }
  std::string operator()(const MatrixMultiply& op) {
    const auto turned = [&](std::size_t i, bool is_turned) {
      if (!is_turned) return in(i);
      const std::string part = i == 0 ? "left" : "right";
      return onnx_.transpose(own(part), in(i), swapped_last(value_in(i).shape.rank()));
    };
    return paired("MatMul", turned(0, op.transpose_left), turned(1, op.transpose_right));
  }
  std::string operator()(const BatchNorm& op) {
    return add("BatchNormalization", {in(), parameter(0), parameter(1), parameter(2), parameter(3)},
               {{"epsilon", static_cast<float>(op.epsilon)}});
  }
  std::string operator()(const LayerNorm& op) {
    const int rank = value_in().shape.rank(), dim = value_in().channel_dim;
    const std::vector<OnnxAttribute> how{{"axis", Index{-1}},
                                         {"epsilon", static_cast<float>(op.epsilon)}};
    const auto norm = [&](const std::string& name, const std::string& x) {
      return onnx_.add("LayerNormalization", name, {x, parameter(0), parameter(1)}, how);
    };
    if (dim == rank - 1) return norm(own(), in());
    std::vector<Index> to_last, back;
    for (int i = 0; i < rank; ++i)
      if (i != dim) to_last.push_back(i);
    to_last.push_back(dim);
    for (int i = 0; i < rank; ++i) back.push_back(i < dim ? i : i == dim ? rank - 1 : i - 1);
    const std::string last = norm(own("norm"), onnx_.transpose(own("to_last"), in(), to_last));
    return onnx_.transpose(own(), last, back);
  }
  std::string operator()(const Softmax&) { return add("Softmax", {in()}, {{"axis", Index{-1}}}); }
  std::string operator()(const Activate& op) {
    switch (op.activation) {
      case Activation::kRelu:
        return add("Relu", {in()});
      case Activation::kHardswish:
        return add("HardSwish", {in()});
      case Activation::kGelu:
        return gelu();
      case Activation::kSilu:
        return add("Mul", {in(), onnx_.add("Sigmoid", own("sigmoid"), {in()})});
      case Activation::kSigmoid:
        return add("Sigmoid", {in()});
      case Activation::kHardsigmoid:
        return add("HardSigmoid", {in()}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
      case Activation::kRelu6:
        return add("Clip", {in(), onnx_.scalar(0), onnx_.scalar(6)});
    }
    return {};
  }
  std::string operator()(const Add&) { return add("Add", {in(0), in(1)}); }
  std::string operator()(const AddBroadcast&) { return paired("Add", in(0), in(1)); }
  std::string operator()(const AddLeading&) {
    const Index width = value_in(0).shape[1], given = value_in(1).shape[1];
    std::string other = in(1);
    if (given > width) other = slice(own("leading"), other, 1, 0, width);
    if (given < width)
      other = pad(own("filled"), other, {0, width - given, 0, 0}, value_in(1).shape.rank());
    return add("Add", {in(0), other});
  }
  std::string operator()(const Multiply&) { return paired("Mul", in(0), in(1)); }
  std::string operator()(const Scale& op) { return add("Mul", {in(), onnx_.scalar(op.factor)}); }
  std::string operator()(const Reshape&) {
    return onnx_.reshape(own(), in(), open_shape(graph_.value(node_->output)));
  }
  std::string operator()(const Permute& op) {
    return onnx_.transpose(own(), in(),
                           {op.order.begin(), op.order.begin() + value_in().shape.rank()});
  }
  std::string operator()(const Concat& op) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < node_->inputs.size(); ++i) parts.push_back(in(i));
    return add("Concat", parts, {{"axis", Index{op.dim}}});
  }
  std::string operator()(const Slice& op) {
    return slice(own(), in(), op.dim, op.begin, op.begin + op.size);
  }
  std::string operator()(const Pad& op) {
    std::vector<Index> behind(static_cast<std::size_t>(value_in().shape.rank()), 0);
    behind[static_cast<std::size_t>(op.height_dim)] = op.rows;
    behind[static_cast<std::size_t>(op.height_dim) + 1] = op.columns;
    return pad(own(), in(), behind, value_in().shape.rank());
  }
  std::string operator()(const Roll& op) {
    const std::string rows = rolled(own("rows"), in(), op.height_dim, op.rows);
    return rolled(own(), rows, op.height_dim + 1, op.columns);
  }
  std::string operator()(const GatherBias& op) {
    const std::string index = onnx_.tensor(own("index"), bias_index(op));
    if (op.rule == BiasRule::kAbsoluteOffset)
      return add("Gather", {parameter(0), index}, {{"axis", Index{1}}});
    return heads_first(parameter(0), index);
  }
  std::string operator()(const GatherTable& op) {
    return heads_first(in(), onnx_.tensor(own("index"), op_constant(op)));
  }
  std::string operator()(const ShiftMask& op) { return constant(op_constant(op)); }
  std::string operator()(const OffsetTable& op) { return constant(op_constant(op)); }
  std::string operator()(const L2Normalize& op) {
    const std::string length =
        onnx_.reduce("ReduceL2", own("length"), in(), {value_in().shape.rank() - 1}, true);
    const std::string positive =
        onnx_.add("Max", own("positive"), {length, onnx_.scalar(op.epsilon)});
    return add("Div", {in(), positive});
  }
  std::string operator()(const LimitedExp& op) {
    return add("Exp", {onnx_.add("Min", own("limited"), {in(), onnx_.scalar(op.maximum)})});
  }
  std::string operator()(const Mean& op) {
    const Value& x = value_in();
    if (x.shape.rank() != 4 || op.first != 2 || op.last != 3) {
      std::vector<Index> axes;
      for (int dim = op.first; dim <= op.last; ++dim) axes.push_back(dim);
      return onnx_.reduce("ReduceMean", own(), in(), axes, op.keep);
    }
    if (op.keep) return add("GlobalAveragePool", {in()});
    const std::string pooled = onnx_.add("GlobalAveragePool", own("pool"), {in()});
    return add("Flatten", {pooled});
  }
  std::string operator()(const Route& op) {
    return onnx_route(onnx_, own(), in(), value_in().shape, op);
  }
  std::string operator()(const DispatchTokens&) {
    return onnx_dispatch(onnx_, own(), in(0), value_in().shape, in(1));
  }
  std::string operator()(const ExpertLinear&) {
    const at::Tensor& bias = weights_[node_->parameters[1]];
    return onnx_expert_linear(onnx_, own(), in(),
                              onnx_.tensor(parameter_name(0) + ".transposed",
                                           weights_[node_->parameters[0]].transpose(1, 2)),
                              onnx_.tensor(parameter_name(1) + ".rows", bias.unsqueeze(1)));
  }
  std::string operator()(const CombineTokens&) {
    return onnx_combine(onnx_, own(), in(0), in(1), value_in(1).shape, in(2));
  }
  std::string operator()(const Broadcast&) {
    const std::vector<Index> shape = sizes_of(value_in().shape);
    const std::string images = onnx_.add("Shape", own("images"), {name(graph_.input)},
                                         {{"start", Index{0}}, {"end", Index{1}}});
    const std::string rest = onnx_.integers({shape.begin() + 1, shape.end()});
    const std::string wanted =
        onnx_.add("Concat", own("shape"), {images, rest}, {{"axis", Index{0}}});
    return add("Expand", {in(), wanted});
  }
  std::string operator()(const UseParameter&) { return parameter(0); }
  std::string operator()(const Dropout&) { return in(); }
  std::string operator()(const DropPath&) { return in(); }

 private:
  /// The rows of a table (entries, heads) as (heads, T, T).
  std::string heads_first(const std::string& table, const std::string& index) {
    return onnx_.transpose(own(), onnx_.add("Gather", own("rows"), {table, index}), {2, 0, 1});
  }
  std::string constant(const at::Tensor& value) {
    return onnx_.tensor(own(), value.to(weights_.tensors.front().scalar_type()));
  }

  const Value& value_in(std::size_t i = 0) const { return graph_.value(node_->inputs[i]); }
  std::string& name(ValueId id) { return names_[static_cast<std::size_t>(id)]; }
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
  const Shape& parameter_shape(std::size_t i) const {
    return graph_.parameter(node_->parameters[i]).shape;
  }
  std::string parameter(std::size_t i) {
    return onnx_.tensor(parameter_name(i), weights_[node_->parameters[i]]);
  }

  /// A value's shape with the leading dimension, which counts images, left open.
  static std::vector<Index> open_shape(const Value& value) {
    std::vector<Index> shape = sizes_of(value.shape);
    if (value.batched) shape[0] = -1;
    return shape;
  }

  /// A node of two values, of which one may have no images but a leading dimension that counts
  /// windows: then images and windows are set apart for the node.
  std::string paired(const std::string& type, const std::string& a, const std::string& b) {
    const Value& out = graph_.value(node_->output);
    const auto repeats = [&](const Value& x) {
      return !x.batched && out.batched && x.shape.rank() == out.shape.rank() && x.shape[0] > 1;
    };
    if (!repeats(value_in(0)) && !repeats(value_in(1))) return add(type, {a, b});
    const auto apart = [&](std::size_t i, const std::string& x, bool is_turned) {
      const Value& value = value_in(i);
      if (!value.batched) return x;
      std::vector<Index> shape = sizes_of(value.shape);
      if (is_turned) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
      shape.insert(shape.begin(), -1);
      return onnx_.reshape(own(i == 0 ? "left.windows" : "right.windows"), x, shape);
    };
    const auto* product = std::get_if<MatrixMultiply>(&node_->op);
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

  std::string slice(const std::string& as, const std::string& x, Index dim, Index begin,
                    Index end) {
    return onnx_.add("Slice", as,
                     {x, onnx_.integers({begin}), onnx_.integers({end}), onnx_.integers({dim})});
  }
  std::string pad(const std::string& as, const std::string& x, const std::vector<Index>& behind,
                  int rank) {
    std::vector<Index> pads(static_cast<std::size_t>(rank), 0);
    pads.insert(pads.end(), behind.begin(), behind.end());
    return onnx_.add("Pad", as, {x, onnx_.integers(pads)});
  }
  /// Row i is row (i - shift) mod size of x.
  std::string rolled(const std::string& as, const std::string& x, Index dim, Index shift) {
    const Index size = value_in().shape[static_cast<int>(dim)];
    std::vector<Index> rows;
    for (Index i = 0; i < size; ++i) rows.push_back(((i - shift) % size + size) % size);
    return onnx_.add("Gather", as, {x, onnx_.integers(rows)}, {{"axis", dim}});
  }

  void lower_split(const std::vector<std::size_t>& nodes) {
    std::vector<std::string> outputs;
    std::vector<Index> sizes;
    for (const std::size_t i : nodes) {
      const Node& part = graph_.nodes[i];
      outputs.push_back(graph_.node_name(part));
      name(part.output) = outputs.back();
      sizes.push_back(std::get<Slice>(part.op).size);
    }
    onnx_.add_many("Split", own("split"), {in(), onnx_.integers(sizes)}, outputs,
                   {{"axis", Index{std::get<Slice>(node_->op).dim}}});
  }

  const Graph& graph_;
  const Weights& weights_;
  Index opset_;
  OnnxBuilder onnx_;
  const Node* node_ = nullptr;
  std::vector<std::string> names_;  // of values
  std::map<std::size_t, std::vector<std::size_t>> splits_;
  std::map<std::size_t, std::size_t> is_split_;  // slice -> the first of its split
};

}  // namespace

void lower_to_onnx(const Graph& graph, const Weights& weights, OnnxModel& model) {
  Lowering(graph, weights, model).run(model);
}

}  // namespace vitlab
