#include <cstdint>
#include <cstring>

#include "core/error.h"
#include "exports/onnx_wire.h"

namespace vitlab::exports {

namespace {

// Field numbers and enum values are those of onnx.proto.
constexpr graph::Index kFloatType = 1, kInt64Type = 7;
constexpr std::size_t kProtobufLimit = (std::size_t{1} << 31) - 1;

/// One protobuf message under construction.
class Message {
 public:
  void integer(int field, graph::Index value) {
    tag(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  void real(int field, float value) {
    tag(field, 5);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  void text(int field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    bytes_.append(value);
  }
  void message(int field, const Message& value) { text(field, value.bytes_); }
  std::string take() { return std::move(bytes_); }

 private:
  void tag(int field, unsigned kind) { varint(static_cast<unsigned>(field) << 3U | kind); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_.push_back(static_cast<char>(value | 0x80U));
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

struct AttributeEncoder {
  Message& message;
  void operator()(graph::Index value) const {
    message.integer(3, value);
    message.integer(20, 2);
  }
  void operator()(float value) const {
    message.real(2, value);
    message.integer(20, 1);
  }
  void operator()(const std::string& value) const {
    message.text(4, value);
    message.integer(20, 3);
  }
  void operator()(const std::vector<graph::Index>& values) const {
    for (const graph::Index value : values) message.integer(8, value);
    message.integer(20, 7);
  }
};

Message encoded_node(const OnnxNode& node) {
  Message message;
  for (const std::string& input : node.inputs) message.text(1, input);
  for (const std::string& output : node.outputs) message.text(2, output);
  message.text(3, node.name);
  message.text(4, node.type);
  for (const OnnxAttribute& attribute : node.attributes) {
    Message child;
    child.text(1, attribute.name);
    std::visit(AttributeEncoder{child}, attribute.value);
    message.message(5, child);
  }
  return message;
}

Message encoded_tensor(const OnnxTensor& named) {
  const at::Tensor& tensor = named.tensor;
  core::ensure(tensor.is_contiguous() && tensor.is_cpu(), "ONNX tensors are dense and on the CPU");
  const bool is_float = tensor.scalar_type() == at::kFloat;
  core::ensure(is_float || tensor.scalar_type() == at::kLong, "ONNX tensors are float32 or int64");
  Message message;
  for (const graph::Index size : tensor.sizes()) message.integer(1, size);
  message.integer(2, is_float ? kFloatType : kInt64Type);
  message.text(8, named.name);
  message.text(9, {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()});
  return message;
}

Message encoded_port(const OnnxPort& port) {
  Message shape;
  Message batch;
  batch.text(2, "batch");
  shape.message(1, batch);
  for (const graph::Index size : port.shape) {
    Message dimension;
    dimension.integer(1, size);
    shape.message(1, dimension);
  }
  Message tensor, type, message;
  tensor.integer(1, kFloatType);
  tensor.message(2, shape);
  type.message(1, tensor);
  message.text(1, port.name);
  message.message(2, type);
  return message;
}

Message encoded_graph(const OnnxModel& model) {
  Message message;
  for (const OnnxNode& node : model.nodes) message.message(1, encoded_node(node));
  message.text(2, model.graph_name);
  for (const OnnxTensor& tensor : model.tensors) message.message(5, encoded_tensor(tensor));
  message.message(11, encoded_port(model.input));
  message.message(12, encoded_port(model.output));
  return message;
}

/// The version of the file format that came with the opset.
graph::Index ir_version(graph::Index opset) { return opset <= 18 ? 8 : 9; }

void check_size(const OnnxModel& model) {
  std::size_t bytes = 1 << 20;  // nodes and names
  for (const OnnxTensor& tensor : model.tensors) bytes += tensor.tensor.nbytes();
  if (bytes > kProtobufLimit)
    throw core::UserError("the ONNX file of '" + model.graph_name + "' would hold " +
                          std::to_string(bytes >> 20U) +
                          " MiB, and protobuf ends at 2048; export it in another format");
}

}  // namespace

std::string encode_onnx(const OnnxModel& model) {
  check_size(model);
  Message message;
  message.integer(1, ir_version(model.opset));
  message.text(2, "vitlab");
  message.text(3, model.producer_version);
  message.text(6, model.doc);
  message.message(7, encoded_graph(model));
  Message opset;
  opset.text(1, "");
  opset.integer(2, model.opset);
  message.message(8, opset);
  for (const auto& [key, value] : model.metadata) {
    Message pair;
    pair.text(1, key);
    pair.text(2, value);
    message.message(14, pair);
  }
  return message.take();
}

}  // namespace vitlab::exports
