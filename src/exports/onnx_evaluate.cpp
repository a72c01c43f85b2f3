#include "exports/onnx_evaluate.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>

#include "core/error.h"
#include "exports/onnx_wire.h"

namespace vitlab::exports {

namespace {

using Tensors = std::vector<at::Tensor>;

std::vector<graph::Index> whole_numbers(const at::Tensor& list) {
  const graph::Index* first = list.const_data_ptr<graph::Index>();
  return {first, first + list.numel()};
}

at::Tensor optional_input(const Tensors& x, std::size_t i) {
  return i < x.size() ? x[i] : at::Tensor();
}

Tensors run_conv(const OnnxNode& node, const Tensors& x) {
  const std::vector<graph::Index> pads = node.integers("pads");
  const at::Tensor padded = at::constant_pad_nd(x[0], {pads[1], pads[3], pads[0], pads[2]});
  const std::vector<graph::Index> strides = node.integers("strides");
  return {at::convolution(padded, x[1], optional_input(x, 2), strides, {0, 0}, {1, 1}, false,
                          {0, 0}, node.integer("group", 1))};
}

Tensors run_gemm(const OnnxNode& node, const Tensors& x) {
  const at::Tensor right = node.integer("transB", 0) != 0 ? x[1].t() : x[1];
  const at::Tensor product = at::matmul(x[0], right);
  return {x.size() > 2 ? product + x[2] : product};
}

Tensors run_batch_norm(const OnnxNode& node, const Tensors& x) {
  return {
      at::batch_norm(x[0], x[1], x[2], x[3], x[4], false, 0, node.real("epsilon", 1e-5), false)};
}

Tensors run_layer_norm(const OnnxNode& node, const Tensors& x) {
  return {at::layer_norm(x[0], x[1].sizes(), x[1], x[2], node.real("epsilon", 1e-5))};
}

Tensors run_hard_sigmoid(const OnnxNode& node, const Tensors& x) {
  return {at::clamp(x[0] * node.real("alpha", 0.2) + node.real("beta", 0.5), 0, 1)};
}

Tensors run_reshape(const OnnxNode& /*node*/, const Tensors& x) {
  return {x[0].reshape(whole_numbers(x[1]))};
}

Tensors run_transpose(const OnnxNode& node, const Tensors& x) {
  return {x[0].permute(node.integers("perm")).contiguous()};
}

Tensors run_concat(const OnnxNode& node, const Tensors& x) {
  return {at::cat(x, node.integer("axis", 0))};
}

Tensors run_slice(const OnnxNode& /*node*/, const Tensors& x) {
  const graph::Index begin = x[1].item<graph::Index>(), end = x[2].item<graph::Index>();
  return {x[0].slice(x[3].item<graph::Index>(), begin, end).contiguous()};
}

Tensors run_split(const OnnxNode& node, const Tensors& x) {
  Tensors parts;
  for (const at::Tensor& part : x[0].split_with_sizes(whole_numbers(x[1]), node.integer("axis", 0)))
    parts.push_back(part.contiguous());
  return parts;
}

Tensors run_pad(const OnnxNode& /*node*/, const Tensors& x) {
  const std::vector<graph::Index> pads = whole_numbers(x[1]);
  const std::size_t rank = pads.size() / 2;
  std::vector<graph::Index> sides;  // pairs from the last dimension on
  for (std::size_t dim = rank; dim-- > 0;) {
    sides.push_back(pads[dim]);
    sides.push_back(pads[dim + rank]);
  }
  return {at::constant_pad_nd(x[0], sides)};
}

Tensors run_gather(const OnnxNode& node, const Tensors& x) {
  const graph::Index axis = node.integer("axis", 0);
  std::vector<graph::Index> shape = x[0].sizes().vec();
  const auto at_axis = shape.begin() + axis;
  const std::vector<graph::Index> index_shape = x[1].sizes().vec();
  shape.insert(shape.erase(at_axis), index_shape.begin(), index_shape.end());
  return {x[0].index_select(axis, x[1].flatten()).view(shape)};
}

std::vector<graph::Index> reduced_axes(const OnnxNode& node, const Tensors& x) {
  return x.size() > 1 ? whole_numbers(x[1]) : node.integers("axes");
}

Tensors run_reduce_l2(const OnnxNode& node, const Tensors& x) {
  const bool keep = node.integer("keepdims", 1) != 0;
  return {at::linalg_vector_norm(x[0], 2, reduced_axes(node, x), keep)};
}

Tensors run_reduce_mean(const OnnxNode& node, const Tensors& x) {
  return {x[0].mean(reduced_axes(node, x), node.integer("keepdims", 1) != 0)};
}

Tensors run_shape(const OnnxNode& node, const Tensors& x) {
  const std::vector<graph::Index> shape = x[0].sizes().vec();
  const graph::Index end = node.integer("end", x[0].dim());
  return {at::tensor(shape, at::kLong).slice(0, node.integer("start", 0), end)};
}

Tensors run_mean(const OnnxNode& /*node*/, const Tensors& x) { return {at::stack(x).mean(0)}; }

Tensors run_reduce_sum(const OnnxNode& node, const Tensors& x) {
  return {x[0].sum(whole_numbers(x[1]), node.integer("keepdims", 1) != 0)};
}

Tensors run_top_k(const OnnxNode& node, const Tensors& x) {
  const graph::Index axis = node.integer("axis", -1);
  const auto [values, indices] = at::sort(x[0], true, axis, true);
  const graph::Index count = x[1].item<graph::Index>();
  return {values.narrow(axis, 0, count).contiguous(), indices.narrow(axis, 0, count).contiguous()};
}

struct OnnxOpRow {
  std::string_view type;
  Tensors (*run)(const OnnxNode&, const Tensors&);
};

// Sorted by type.
constexpr std::array kOnnxOps{
    OnnxOpRow{"Add", [](const OnnxNode&, const Tensors& x) { return Tensors{x[0] + x[1]}; }},
    OnnxOpRow{"BatchNormalization", run_batch_norm},
    OnnxOpRow{"Cast",  // to float, the only one written
              [](const OnnxNode&, const Tensors& x) { return Tensors{x[0].to(at::kFloat)}; }},
    OnnxOpRow{"Clip", [](const OnnxNode&,
                         const Tensors& x) { return Tensors{at::clamp(x[0], x[1], x[2])}; }},
    OnnxOpRow{"Concat", run_concat},
    OnnxOpRow{"Conv", run_conv},
    OnnxOpRow{"CumSum",
              [](const OnnxNode&, const Tensors& x) {
                return Tensors{x[0].cumsum(x[1].item<graph::Index>())};
              }},
    OnnxOpRow{"Div", [](const OnnxNode&, const Tensors& x) { return Tensors{x[0] / x[1]}; }},
    OnnxOpRow{"Equal", [](const OnnxNode&, const Tensors& x) { return Tensors{x[0].eq(x[1])}; }},
    OnnxOpRow{"Erf", [](const OnnxNode&, const Tensors& x) { return Tensors{at::erf(x[0])}; }},
    OnnxOpRow{"Exp", [](const OnnxNode&, const Tensors& x) { return Tensors{at::exp(x[0])}; }},
    OnnxOpRow{"Expand",
              [](const OnnxNode&, const Tensors& x) {
                return Tensors{x[0].expand(whole_numbers(x[1])).contiguous()};
              }},
    OnnxOpRow{"Flatten",
              [](const OnnxNode&, const Tensors& x) { return Tensors{x[0].flatten(1)}; }},
    OnnxOpRow{"Gather", run_gather},
    OnnxOpRow{"Gelu", [](const OnnxNode&, const Tensors& x) { return Tensors{at::gelu(x[0])}; }},
    OnnxOpRow{"Gemm", run_gemm},
    OnnxOpRow{"GlobalAveragePool",
              [](const OnnxNode&, const Tensors& x) {
                return Tensors{x[0].mean({2, 3}, true)};
              }},
    OnnxOpRow{"HardSigmoid", run_hard_sigmoid},
    OnnxOpRow{"HardSwish",
              [](const OnnxNode&, const Tensors& x) { return Tensors{at::hardswish(x[0])}; }},
    OnnxOpRow{"Identity", [](const OnnxNode&, const Tensors& x) { return x; }},
    OnnxOpRow{"LayerNormalization", run_layer_norm},
    OnnxOpRow{"MatMul",
              [](const OnnxNode&, const Tensors& x) { return Tensors{at::matmul(x[0], x[1])}; }},
    OnnxOpRow{"Max",
              [](const OnnxNode&, const Tensors& x) { return Tensors{at::maximum(x[0], x[1])}; }},
    OnnxOpRow{"Mean", run_mean},
    OnnxOpRow{"Min",
              [](const OnnxNode&, const Tensors& x) { return Tensors{at::minimum(x[0], x[1])}; }},
    OnnxOpRow{"Mul", [](const OnnxNode&, const Tensors& x) { return Tensors{x[0] * x[1]}; }},
    OnnxOpRow{"Pad", run_pad},
    OnnxOpRow{"ReduceL2", run_reduce_l2},
    OnnxOpRow{"ReduceMean", run_reduce_mean},
    OnnxOpRow{"ReduceSum", run_reduce_sum},
    OnnxOpRow{"Relu", [](const OnnxNode&, const Tensors& x) { return Tensors{at::relu(x[0])}; }},
    OnnxOpRow{"Reshape", run_reshape},
    OnnxOpRow{"Shape", run_shape},
    OnnxOpRow{"Sigmoid",
              [](const OnnxNode&, const Tensors& x) { return Tensors{at::sigmoid(x[0])}; }},
    OnnxOpRow{"Slice", run_slice},
    OnnxOpRow{"Softmax",
              [](const OnnxNode& node, const Tensors& x) {
                return Tensors{at::softmax(x[0], node.integer("axis", -1))};
              }},
    OnnxOpRow{"Split", run_split},
    OnnxOpRow{"TopK", run_top_k},
    OnnxOpRow{"Transpose", run_transpose},
};

const OnnxOpRow& onnx_op(const std::string& type) {
  const auto found = std::lower_bound(
      kOnnxOps.begin(), kOnnxOps.end(), type,
      [](const OnnxOpRow& row, const std::string& wanted) { return row.type < wanted; });
  if (found == kOnnxOps.end() || found->type != type)
    throw core::Failure("the ONNX file holds '" + type + "', which vitlab does not write");
  return *found;
}

}  // namespace

at::Tensor evaluate_onnx(const OnnxModel& model, const at::Tensor& images,
                         const OnnxObserver& observe) {
  std::map<std::string, int> readers{{model.output.name, 1}};
  for (const OnnxNode& node : model.nodes)
    for (const std::string& input : node.inputs) ++readers[input];
  std::map<std::string, at::Tensor> values{{model.input.name, images}};
  for (const OnnxTensor& named : model.tensors) values[named.name] = named.tensor;
  for (const OnnxNode& node : model.nodes) {
    Tensors inputs;
    for (const std::string& input : node.inputs)
      inputs.push_back(input.empty() ? at::Tensor() : values.at(input));
    const Tensors outputs = onnx_op(node.type).run(node, inputs);
    if (outputs.size() != node.outputs.size())
      throw core::Failure("node '" + node.name +
                          "' of the ONNX file has a wrong number of outputs");
    if (observe) observe({node, inputs, outputs});
    for (std::size_t i = 0; i < outputs.size(); ++i) values[node.outputs[i]] = outputs[i];
    for (const std::string& input : node.inputs)
      if (--readers[input] == 0) values.erase(input);
  }
  return values.at(model.output.name);
}

OnnxModel read_onnx(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  if (!stream) throw core::Failure(file.string() + ": cannot be read back");
  return decode_onnx(bytes.view());
}

at::Tensor evaluate_onnx(const std::filesystem::path& file, const at::Tensor& images) {
  return evaluate_onnx(read_onnx(file), images);
}

}  // namespace vitlab::exports
