#include "exports/torchscript_code.h"

#include <cctype>
#include <numeric>
#include <variant>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::exports {

namespace {

std::string number(graph::Index value) { return std::to_string(value); }

template <typename Numbers>
std::string list_of(const Numbers& numbers) {
  std::string text;
  for (const auto value : numbers) text += (text.empty() ? "" : ", ") + number(value);
  return "[" + text + "]";
}

/// "conv2d", {"x", "w"} -> "torch.conv2d(x, w)".
std::string call(const std::string& function, const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += (text.empty() ? "" : ", ") + argument;
  return "torch." + function + "(" + text + ")";
}

/// The attribute of `self` that a dotted name means; a part that is a number is no Python name.
std::string attribute(const std::string& dotted) {
  std::string text = "self";
  for (std::size_t begin = 0; begin <= dotted.size();) {
    const std::size_t end = std::min(dotted.find('.', begin), dotted.size());
    const std::string part = dotted.substr(begin, end - begin);
    const bool is_number = std::isdigit(static_cast<unsigned char>(part[0])) != 0;
    text = is_number ? "getattr(" + text + ", \"" + part + "\")" : text + "." + part;
    begin = end + 1;
  }
  return text;
}

std::string activation_code(const std::string& x, graph::Activation activation) {
  switch (activation) {
    case graph::Activation::kRelu:
      return call("relu", {x});
    case graph::Activation::kHardswish:
      return call("hardswish", {x});
    case graph::Activation::kGelu:
      return call("gelu", {x});
    case graph::Activation::kSilu:
      return call("silu", {x});
    case graph::Activation::kSigmoid:
      return call("sigmoid", {x});
    case graph::Activation::kHardsigmoid:
      return call("hardsigmoid", {x});
    case graph::Activation::kRelu6:
      return call("hardtanh", {x, "0", "6"});
  }
  return x;
}

/// The expression of one node; as in run_op.cpp one overload an op and no catch-all.
class OpWriter {
 public:
  OpWriter(const graph::Graph& graph, const graph::Node& node, std::vector<graph::Op>& constants)
      : graph_(graph), node_(node), constants_(constants) {}

  std::string operator()(const graph::Convolution& op) const {
    return call("conv2d", {x(), weight(0), optional_weight(1), pair(op.stride), pair(op.padding),
                           pair(1), number(op.groups)});
  }
  std::string operator()(const graph::Linear&) const {
    return call("linear", {x(), weight(0), optional_weight(1)});
  }
  std::string operator()(const graph::MatrixMultiply& op) const {
    return call("matmul", {transposed(beside_batch(0), op.transpose_left),
                           transposed(beside_batch(1), op.transpose_right)});
  }
  std::string operator()(const graph::BatchNorm& op) const {
    return call("batch_norm", {x(), weight(0), weight(1), weight(2), weight(3), "False", "0.1",
                               core::shortest(op.epsilon), "True"});
  }
  std::string operator()(const graph::LayerNorm& op) const {
    const int rank = in().shape.rank(), dim = in().channel_dim;
    const auto normed = [&](const std::string& value) {
      return call("layer_norm", {value, "[" + number(in().shape[dim]) + "]", weight(0), weight(1),
                                 core::shortest(op.epsilon)});
    };
    if (dim == rank - 1) return normed(x());
    std::vector<graph::Index> there, back;
    for (int i = 0; i < rank; ++i)
      if (i != dim) there.push_back(i);
    there.push_back(dim);
    for (int i = 0; i < rank; ++i) back.push_back(i < dim ? i : i == dim ? rank - 1 : i - 1);
    return call("permute", {normed(call("permute", {x(), list_of(there)})), list_of(back)}) +
           ".contiguous()";
  }
  std::string operator()(const graph::Softmax&) const { return call("softmax", {x(), "-1"}); }
  std::string operator()(const graph::Activate& op) const {
    return activation_code(x(), op.activation);
  }
  std::string operator()(const graph::Add&) const { return call("add", {x(0), x(1)}); }
  std::string operator()(const graph::AddBroadcast&) const {
    return call("add", {x(0), beside_batch(1)});
  }
  std::string operator()(const graph::AddLeading&) const {
    const graph::Index own = in(0).shape[1], shared = std::min(own, in(1).shape[1]);
    const std::string sum =
        call("add", {narrowed(x(0), 1, 0, shared), narrowed(x(1), 1, 0, shared)});
    if (shared == own) return sum;
    return call("cat", {"[" + sum + ", " + narrowed(x(0), 1, shared, own - shared) + "]", "1"});
  }
  std::string operator()(const graph::Multiply&) const {
    return call("mul", {x(0), beside_batch(1)});
  }
  std::string operator()(const graph::Scale& op) const {
    return call("mul", {x(), core::shortest(op.factor)});
  }
  std::string operator()(const graph::Reshape&) const {
    std::vector<graph::Index> shape(out().shape.begin(), out().shape.end());
    if (out().batched) shape[0] = -1;
    return call("reshape", {x(), list_of(shape)});
  }
  std::string operator()(const graph::Permute& op) const {
    const std::vector<graph::Index> order(op.order.begin(), op.order.begin() + in().shape.rank());
    return call("permute", {x(), list_of(order)});
  }
  std::string operator()(const graph::Concat& op) const {
    std::string values;
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) values += (i > 0 ? ", " : "") + x(i);
    return call("cat", {"[" + values + "]", number(op.dim)});
  }
  std::string operator()(const graph::Slice& op) const {
    return narrowed(x(), op.dim, op.begin, op.size);
  }
  std::string operator()(const graph::Pad& op) const {
    // (left, right) pairs from the last dimension on.
    std::vector<graph::Index> sides(
        static_cast<std::size_t>(2 * (in().shape.rank() - op.height_dim)), 0);
    sides.back() = op.rows;
    sides[sides.size() - 3] = op.columns;
    return call("constant_pad_nd", {x(), list_of(sides), "0"});
  }
  std::string operator()(const graph::Roll& op) const {
    return call("roll", {x(), list_of(std::vector<graph::Index>{op.rows, op.columns}),
                         list_of(std::vector<graph::Index>{op.height_dim, op.height_dim + 1})});
  }
  std::string operator()(const graph::GatherBias& op) const {
    if (op.rule == graph::BiasRule::kSignedOffset)
      return heads_first(weight(0), op.height * op.width);
    const std::string tokens = number(op.height * op.width);
    return call("reshape", {call("index_select", {weight(0), "1", constant()}),
                            "[-1, " + tokens + ", " + tokens + "]"});
  }
  std::string operator()(const graph::GatherTable& op) const {
    return heads_first(x(), op.height * op.width);
  }
  std::string operator()(const graph::ShiftMask&) const { return constant(); }
  std::string operator()(const graph::OffsetTable&) const { return constant(); }
  std::string operator()(const graph::L2Normalize& op) const {
    const std::string length = call("linalg_vector_norm", {x(), "2", "[-1]", "True"});
    return call("div", {x(), call("clamp_min", {length, core::shortest(op.epsilon)})});
  }
  std::string operator()(const graph::LimitedExp& op) const {
    return call("exp", {call("clamp_max", {x(), core::shortest(op.maximum)})});
  }
  std::string operator()(const graph::Mean& op) const {
    std::vector<graph::Index> dims;
    for (int dim = op.first; dim <= op.last; ++dim) dims.push_back(dim);
    return call("mean", {x(), list_of(dims), op.keep ? "True" : "False"});
  }
  /// 1 where a token of (N, 1, 1, T) has a place of (N, experts, capacity, 1), else 0: in
  /// TorchScript routes say so for every pair, so that the experts' ops are products.
  std::string operator()(const graph::Route& op) const {
    const graph::Shape& gates = in().shape;
    const std::string tokens = number(gates[1]), experts = number(gates[2]);
    const std::string top = call("topk", {x(), number(op.top_k), "-1", "True", "True"}) + "[1]";
    const std::string choices = "[-1, " + number(op.top_k * gates[1]) + "]";
    const std::string chosen = call("reshape", {call("transpose", {top, "1", "2"}), choices});
    const std::string asked = call("one_hot", {chosen, experts});
    // A token's place with an expert, from 1 on; 0 where it does not ask, which it does once at
    // most.
    const std::string place = call("mul", {call("cumsum", {asked, "1"}), asked});
    const std::string apart = "[-1, " + number(op.top_k) + ", " + tokens + ", " + experts + "]";
    const std::string by_token = call("sum", {call("reshape", {place, apart}), "[1]"});
    const std::string row = call("unsqueeze", {call("transpose", {by_token, "1", "2"}), "2"});
    std::vector<graph::Index> from_one(static_cast<std::size_t>(op.capacity));
    std::iota(from_one.begin(), from_one.end(), graph::Index{1});
    const std::string places =
        call("reshape", {call("tensor", {list_of(from_one)}), "[1, 1, -1, 1]"});
    return call("eq", {row, places}) + ".to(" + x() + ")";
  }
  std::string operator()(const graph::DispatchTokens&) const {
    return call("matmul", {x(1), call("unsqueeze", {x(0), "1"})});
  }
  std::string operator()(const graph::ExpertLinear&) const {
    return call("add", {call("matmul", {x(), transposed(weight(0), true)}),
                        call("unsqueeze", {weight(1), "1"})});
  }
  std::string operator()(const graph::CombineTokens&) const {
    const std::string row = call("unsqueeze", {call("transpose", {x(1), "1", "2"}), "2"});
    const std::string weights = transposed(call("mul", {x(2), row}), true);
    return call("sum", {call("matmul", {weights, x(0)}), "[1]"});
  }
  std::string operator()(const graph::Broadcast&) const {
    const graph::Shape& shape = out().shape;
    std::string sizes = kImages;
    for (int i = 1; i < shape.rank(); ++i) sizes += ", " + number(shape[i]);
    return call("expand", {x(), "[" + sizes + "]"});
  }
  std::string operator()(const graph::UseParameter&) const { return weight(0); }
  std::string operator()(const graph::DropPath&) const { return x(); }

  static std::string name(graph::ValueId value) { return "v" + number(value.number()); }

 private:
  static constexpr const char* kImages = "torch.size(images, 0)";

  std::string x(std::size_t i = 0) const {
    const graph::ValueId value = node_.inputs[i];
    return value == graph_.input ? "images" : name(value);
  }
  const graph::Value& in(std::size_t i = 0) const { return graph_.value(node_.inputs[i]); }
  const graph::Value& out() const { return graph_.value(node_.output); }
  std::string weight(std::size_t i) const {
    return attribute(graph_.parameter_name(node_.parameters[i]));
  }
  std::string optional_weight(std::size_t i) const {
    return i < node_.parameters.size() ? weight(i) : "None";
  }

  static std::string pair(graph::Index value) {
    return list_of(std::vector<graph::Index>{value, value});
  }
  static std::string transposed(const std::string& value, bool yes) {
    return yes ? call("transpose", {value, "-2", "-1"}) : value;
  }
  static std::string narrowed(const std::string& value, graph::Index dim, graph::Index begin,
                              graph::Index size) {
    return call("narrow", {value, number(dim), number(begin), number(size)});
  }

  /// Operand `i` beside a batched one, repeated for every image as in run_op.cpp.
  std::string beside_batch(std::size_t i) const {
    const graph::Value& value = in(i);
    const bool repeats = !value.batched && out().batched &&
                         value.shape.rank() == out().shape.rank() && value.shape[0] > 1;
    if (!repeats) return x(i);
    std::string times = kImages;
    for (int dim = 1; dim < value.shape.rank(); ++dim) times += ", 1";
    return x(i) + ".repeat([" + times + "])";
  }

  /// The (heads, T, T) map of a table (entries, heads).
  std::string heads_first(const std::string& table, graph::Index count) const {
    const std::string tokens = number(count);
    const std::string entries = call("reshape", {call("index_select", {table, "0", constant()}),
                                                 "[" + tokens + ", " + tokens + ", -1]"});
    return call("permute", {entries, "[2, 0, 1]"}) + ".contiguous()";
  }

  /// The buffer that holds op_constant of this node's op.
  std::string constant() const {
    constants_.push_back(node_.op);
    return "self." + torchscript_constant_name(constants_.size() - 1);
  }

  const graph::Graph& graph_;
  const graph::Node& node_;
  std::vector<graph::Op>& constants_;
};

/// The mean of the heads.
std::string logits_of(const graph::Graph& graph) {
  const graph::Shape& classes = graph.value(graph.outputs.front().value).shape;
  std::string sum;
  for (const graph::NamedOutput& output : graph.outputs) {
    if (!(graph.value(output.value).shape == classes))
      throw core::UserError("head '" + output.name + "' has other classes than '" +
                            graph.outputs.front().name +
                            "': torchscript gives their mean; export a model of equal heads");
    const std::string value = OpWriter::name(output.value);
    sum = sum.empty() ? value : call("add", {sum, value});
  }
  if (graph.outputs.size() == 1) return sum;
  return call("div", {sum, number(static_cast<graph::Index>(graph.outputs.size()))});
}

}  // namespace

std::string torchscript_constant_name(std::size_t i) { return "constant_" + std::to_string(i); }

TorchScriptCode torchscript_code(const graph::Graph& graph) {
  TorchScriptCode code;
  code.text = "def forward(self, images: Tensor):\n";
  for (const graph::Node& node : graph.nodes)
    code.text += "    " + OpWriter::name(node.output) + " = " +
                 std::visit(OpWriter(graph, node, code.constants), node.op) + "\n";
  code.text += "    return " + logits_of(graph) + "\n";
  return code;
}

}  // namespace vitlab::exports
