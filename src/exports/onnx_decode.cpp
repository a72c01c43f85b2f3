#include <cstdint>
#include <cstring>
#include <functional>

#include "core/error.h"
#include "exports/onnx_wire.h"

namespace vitlab::exports {

namespace {

/// One field of a protobuf message: a number, or the bytes of text, tensor or child message.
struct WireField {
  int number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;

  std::string text() const { return std::string(bytes); }
  graph::Index integer() const { return static_cast<graph::Index>(value); }
};

std::uint64_t read_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  throw core::Failure("an ONNX file ends inside a number");
}

WireField read_field(std::string_view& bytes) {
  const std::uint64_t tag = read_varint(bytes);
  WireField field{static_cast<int>(tag >> 3U), 0, {}};
  const unsigned kind = tag & 7U;
  if (kind == 0) {
    field.value = read_varint(bytes);
    return field;
  }
  if (kind != 2 && kind != 5) throw core::Failure("an ONNX file holds a field of an unknown kind");
  const std::size_t size = kind == 5 ? 4 : read_varint(bytes);
  if (size > bytes.size()) throw core::Failure("an ONNX file ends inside a field");
  field.bytes = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return field;
}

template <typename Visitor>
void for_each_field(std::string_view bytes, Visitor&& visit) {
  while (!bytes.empty()) visit(read_field(bytes));
}

/// The fields of a message in which each number occurs once.
WireField only_field(std::string_view bytes, int number) {
  WireField found;
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == number) found = field;
  });
  return found;
}

OnnxAttribute decoded_attribute(std::string_view bytes) {
  OnnxAttribute attribute;
  std::vector<graph::Index> list;
  graph::Index type = 0;
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == 1) attribute.name = field.text();
    if (field.number == 2) {
      float value = 0;
      std::memcpy(&value, field.bytes.data(), sizeof value);
      attribute.value = value;
    }
    if (field.number == 3) attribute.value = field.integer();
    if (field.number == 4) attribute.value = field.text();
    if (field.number == 8) list.push_back(field.integer());
    if (field.number == 20) type = field.integer();
  });
  if (type == 7) attribute.value = std::move(list);
  return attribute;
}

OnnxNode decoded_node(std::string_view bytes) {
  OnnxNode node;
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == 1) node.inputs.push_back(field.text());
    if (field.number == 2) node.outputs.push_back(field.text());
    if (field.number == 3) node.name = field.text();
    if (field.number == 4) node.type = field.text();
    if (field.number == 5) node.attributes.push_back(decoded_attribute(field.bytes));
  });
  return node;
}

OnnxTensor decoded_tensor(std::string_view bytes) {
  OnnxTensor named;
  std::vector<graph::Index> shape;
  std::string_view raw;
  graph::Index type = 0;
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == 1) shape.push_back(field.integer());
    if (field.number == 2) type = field.integer();
    if (field.number == 8) named.name = field.text();
    if (field.number == 9) raw = field.bytes;
  });
  named.tensor = at::empty(shape, type == 1 ? at::kFloat : at::kLong);
  if (named.tensor.nbytes() != raw.size())
    throw core::Failure("tensor '" + named.name + "' of an ONNX file has the wrong size");
  std::memcpy(named.tensor.mutable_data_ptr(), raw.data(), raw.size());
  return named;
}

OnnxPort decoded_port(std::string_view bytes) {
  OnnxPort port{only_field(bytes, 1).text(), {}};
  const std::string_view tensor = only_field(only_field(bytes, 2).bytes, 1).bytes;
  for_each_field(only_field(tensor, 2).bytes, [&](const WireField& dimension) {
    const WireField size = only_field(dimension.bytes, 1);
    if (size.number == 1) port.shape.push_back(size.integer());
  });
  return port;
}

void decode_graph(std::string_view bytes, OnnxModel& model) {
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == 1) model.nodes.push_back(decoded_node(field.bytes));
    if (field.number == 2) model.graph_name = field.text();
    if (field.number == 5) model.tensors.push_back(decoded_tensor(field.bytes));
    if (field.number == 11) model.input = decoded_port(field.bytes);
    if (field.number == 12) model.output = decoded_port(field.bytes);
  });
}

}  // namespace

OnnxModel decode_onnx(std::string_view bytes) {
  OnnxModel model;
  for_each_field(bytes, [&](const WireField& field) {
    if (field.number == 3) model.producer_version = field.text();
    if (field.number == 6) model.doc = field.text();
    if (field.number == 7) decode_graph(field.bytes, model);
    if (field.number == 8) model.opset = only_field(field.bytes, 2).integer();
    if (field.number == 14)
      model.metadata.emplace_back(only_field(field.bytes, 1).text(),
                                  only_field(field.bytes, 2).text());
  });
  return model;
}

}  // namespace vitlab::exports
