#include "export/torchscript_code.h"

#include <cctype>
#include <numeric>
#include <variant>

#include "core/error.h"
#include "core/text.h"

namespace vitlab {

namespace {

std::string number(Index value) { return std::to_string(value); }

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

std::string activation_code(const std::string& x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return call("relu", {x});
    case Activation::kHardswish:
      return call("hardswish", {x});
    case Activation::kGelu:
      return call("gelu", {x});
    case Activation::kSilu:
      return call("silu", {x});
    case Activation::kSigmoid:
      return call("sigmoid", {x});
    case Activation::kHardsigmoid:
      return call("hardsigmoid", {x});
    case Activation::kRelu6:
      return call("hardtanh", {x, "0", "6"});
  }
  return x;
}

/// The expression of one node; as in run_op.cpp one overload an op and no catch-all.
class OpWriter {
 public:
  OpWriter(const Graph& graph, const Node& node, std::vector<Op>& constants)
      : graph_(graph), node_(node), constants_(constants) {}

  std::string operator()(const Convolution& op) const {
    return call("conv2d", {x(), weight(0), optional_weight(1), pair(op.stride), pair(op.padding),
                           pair(1), number(op.groups)});
  }
  std::string operator()(const Linear&) const {
    return call("linear", {x(), weight(0), optional_weight(1)});
  }
  std::string operator()(const MatrixMultiply& op) const {
    return call("matmul", {transposed(beside_batch(0), op.transpose_left),
                           transposed(beside_batch(1), op.transpose_right)});
  }
  std::string operator()(const BatchNorm& op) const {
    return call("batch_norm", {x(), weight(0), weight(1), weight(2), weight(3), "False", "0.1",
                               shortest(op.epsilon), "True"});
  }
  std::string operator()(const LayerNorm& op) const {
    const int rank = in().shape.rank(), dim = in().channel_dim;
    const auto normed = [&](const std::string& value) {
      return call("layer_norm", {value, "[" + number(in().shape[dim]) + "]", weight(0), weight(1),
                                 shortest(op.epsilon)});
    };
    if (dim == rank - 1) return normed(x());
    std::vector<Index> there, back;
    for (int i = 0; i < rank; ++i)
      if (i != dim) there.push_back(i);
    there.push_back(dim);
    for (int i = 0; i < rank; ++i) back.push_back(i < dim ? i : i == dim ? rank - 1 : i - 1);
    return call("permute", {normed(call("permute", {x(), list_of(there)})), list_of(back)}) +
           ".contiguous()";
  }
  std::string operator()(const Softmax&) const { return call("softmax", {x(), "-1"}); }
  std::string operator()(const Activate& op) const { return activation_code(x(), op.activation); }
  std::string operator()(const Add&) const { return call("add", {x(0), x(1)}); }
  std::string operator()(const AddBroadcast&) const { return call("add", {x(0), beside_batch(1)}); }
  std::string operator()(const AddLeading&) const {
    const Index own = in(0).shape[1], shared = std::min(own, in(1).shape[1]);
    const std::string sum =
        call("add", {narrowed(x(0), 1, 0, shared), narrowed(x(1), 1, 0, shared)});
    if (shared == own) return sum;
    return call("cat", {"[" + sum + ", " + narrowed(x(0), 1, shared, own - shared) + "]", "1"});
  }
  std::string operator()(const Multiply&) const { return call("mul", {x(0), beside_batch(1)}); }
  std::string operator()(const Scale& op) const { return call("mul", {x(), shortest(op.factor)}); }
  std::string operator()(const Reshape&) const {
    std::vector<Index> shape(out().shape.begin(), out().shape.end());
    if (out().batched) shape[0] = -1;
    return call("reshape", {x(), list_of(shape)});
  }
  std::string operator()(const Permute& op) const {
    const std::vector<Index> order(op.order.begin(), op.order.begin() + in().shape.rank());
    return call("permute", {x(), list_of(order)});
  }
  std::string operator()(const Concat& op) const {
    std::string values;
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) values += (i > 0 ? ", " : "") + x(i);
    return call("cat", {"[" + values + "]", number(op.dim)});
  }
  std::string operator()(const Slice& op) const { return narrowed(x(), op.dim, op.begin, op.size); }
  std::string operator()(const Pad& op) const {
    // (left, right) pairs from the last dimension on.
    std::vector<Index> sides(static_cast<std::size_t>(2 * (in().shape.rank() - op.height_dim)), 0);
    sides.back() = op.rows;
    sides[sides.size() - 3] = op.columns;
    return call("constant_pad_nd", {x(), list_of(sides), "0"});
  }
  std::string operator()(const Roll& op) const {
    return call("roll", {x(), list_of(std::vector<Index>{op.rows, op.columns}),
                         list_of(std::vector<Index>{op.height_dim, op.height_dim + 1})});
  }
  std::string operator()(const GatherBias& op) const {
    if (op.rule == BiasRule::kSignedOffset) return heads_first(weight(0), op.height * op.width);
    const std::string tokens = number(op.height * op.width);
    return call("reshape", {call("index_select", {weight(0), "1", constant()}),
                            "[-1, " + tokens + ", " + tokens + "]"});
  }
  std::string operator()(const GatherTable& op) const {
    return heads_first(x(), op.height * op.width);
  }
  std::string operator()(const ShiftMask&) const { return constant(); }
  std::string operator()(const OffsetTable&) const { return constant(); }
  std::string operator()(const L2Normalize& op) const {
    const std::string length = call("linalg_vector_norm", {x(), "2", "[-1]", "True"});
    return call("div", {x(), call("clamp_min", {length, shortest(op.epsilon)})});
  }
  std::string operator()(const LimitedExp& op) const {
    return call("exp", {call("clamp_max", {x(), shortest(op.maximum)})});
  }
  std::string operator()(const Mean& op) const {
    std::vector<Index> dims;
    for (int dim = op.first; dim <= op.last; ++dim) dims.push_back(dim);
    return call("mean", {x(), list_of(dims), op.keep ? "True" : "False"});
  }
  /// 1 where a token of (N, 1, 1, T) has a place of (N, experts, capacity, 1), else 0: in
  /// TorchScript routes say so for every pair, so that the experts' ops are products.
  std::string operator()(const Route& op) const {
    const Shape& gates = in().shape;
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
    std::vector<Index> from_one(static_cast<std::size_t>(op.capacity));
    std::iota(from_one.begin(), from_one.end(), Index{1});
    const std::string places =
        call("reshape", {call("tensor", {list_of(from_one)}), "[1, 1, -1, 1]"});
    return call("eq", {row, places}) + ".to(" + x() + ")";
  }
  std::string operator()(const DispatchTokens&) const {
    return call("matmul", {x(1), call("unsqueeze", {x(0), "1"})});
  }
  std::string operator()(const ExpertLinear&) const {
    return call("add", {call("matmul", {x(), transposed(weight(0), true)}),
                        call("unsqueeze", {weight(1), "1"})});
  }
  std::string operator()(const CombineTokens&) const {
    const std::string row = call("unsqueeze", {call("transpose", {x(1), "1", "2"}), "2"});
    const std::string weights = transposed(call("mul", {x(2), row}), true);
    return call("sum", {call("matmul", {weights, x(0)}), "[1]"});
  }
  std::string operator()(const Broadcast&) const {
    const Shape& shape = out().shape;
    std::string sizes = kImages;
    for (int i = 1; i < shape.rank(); ++i) sizes += ", " + number(shape[i]);
    return call("expand", {x(), "[" + sizes + "]"});
  }
  std::string operator()(const UseParameter&) const { return weight(0); }
  std::string operator()(const Dropout&) const { return x(); }
  std::string operator()(const DropPath&) const { return x(); }

  static std::string name(ValueId value) { return "v" + number(value); }

 private:
  static constexpr const char* kImages = "torch.size(images, 0)";

  std::string x(std::size_t i = 0) const {
    const ValueId value = node_.inputs[i];
    return value == graph_.input ? "images" : name(value);
  }
  const Value& in(std::size_t i = 0) const { return graph_.value(node_.inputs[i]); }
  const Value& out() const { return graph_.value(node_.output); }
  std::string weight(std::size_t i) const {
    return attribute(graph_.parameter_name(node_.parameters[i]));
  }
  std::string optional_weight(std::size_t i) const {
    return i < node_.parameters.size() ? weight(i) : "None";
  }

  static std::string pair(Index value) { return list_of(std::vector<Index>{value, value}); }
  static std::string transposed(const std::string& value, bool yes) {
    return yes ? call("transpose", {value, "-2", "-1"}) : value;
  }
  static std::string narrowed(const std::string& value, Index dim, Index begin, Index size) {
    return call("narrow", {value, number(dim), number(begin), number(size)});
  }

  /// Operand `i` beside a batched one, repeated for every image as in run_op.cpp.
  std::string beside_batch(std::size_t i) const {
    const Value& value = in(i);
    const bool repeats = !value.batched && out().batched &&
                         value.shape.rank() == out().shape.rank() && value.shape[0] > 1;
    if (!repeats) return x(i);
    std::string times = kImages;
    for (int dim = 1; dim < value.shape.rank(); ++dim) times += ", 1";
    return x(i) + ".repeat([" + times + "])";
  }

  /// The (heads, T, T) map of a table (entries, heads).
  std::string heads_first(const std::string& table, Index count) const {
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

  const Graph& graph_;
  const Node& node_;
  std::vector<Op>& constants_;
};

/// The mean of the heads.
std::string logits_of(const Graph& graph) {
  const Shape& classes = graph.value(graph.outputs.front().value).shape;
  std::string sum;
  for (const NamedOutput& output : graph.outputs) {
    if (!(graph.value(output.value).shape == classes))
      throw UserError("head '" + output.name + "' has other classes than '" +
                      graph.outputs.front().name +
                      "': torchscript gives their mean; export a model of equal heads");
    const std::string value = OpWriter::name(output.value);
    sum = sum.empty() ? value : call("add", {sum, value});
  }
  if (graph.outputs.size() == 1) return sum;
  return call("div", {sum, number(static_cast<Index>(graph.outputs.size()))});
}

}  // namespace

std::string torchscript_constant_name(std::size_t i) { return "constant_" + std::to_string(i); }

TorchScriptCode torchscript_code(const Graph& graph) {
  TorchScriptCode code;
  code.text = "def forward(self, images: Tensor):\n";
  for (const Node& node : graph.nodes)
    code.text += "    " + OpWriter::name(node.output) + " = " +
                 std::visit(OpWriter(graph, node, code.constants), node.op) + "\n";
  code.text += "    return " + logits_of(graph) + "\n";
  return code;
}

}  // namespace vitlab
