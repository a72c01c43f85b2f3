#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "graph/shape.h"

namespace vitlab::exports {

/// One setting of an ONNX node: INT, FLOAT, STRING or INTS.
struct OnnxAttribute {
  std::string name;
  std::variant<graph::Index, float, std::string, std::vector<graph::Index>> value;
};

/// One NodeProto; an input that is left out is an empty name.
struct OnnxNode {
  std::string type;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;

  /// The attribute of that name, or null.
  const OnnxAttribute* find(const std::string& attribute) const;
  graph::Index integer(const std::string& attribute, graph::Index otherwise) const;
  std::vector<graph::Index> integers(const std::string& attribute) const;
  double real(const std::string& attribute, double otherwise) const;
};

/// An initialiser: float32 or int64, dense.
struct OnnxTensor {
  std::string name;
  at::Tensor tensor;
};

/// An input or output, float32: its first dimension is the symbolic "batch".
struct OnnxPort {
  std::string name;
  std::vector<graph::Index> shape;  // behind the batch
};

/// What an ONNX file of a model holds: one graph in execution order, one input, one output.
struct OnnxModel {
  graph::Index opset = 18;
  std::string producer_version;
  std::string graph_name;
  std::string doc;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> tensors;
  OnnxPort input;
  OnnxPort output;
};

}  // namespace vitlab::exports
