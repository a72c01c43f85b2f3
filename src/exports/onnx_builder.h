#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "exports/onnx_model.h"

namespace vitlab::exports {

/// Adds nodes and initialisers to an OnnxModel; a node's only output has the node's name.
class OnnxBuilder {
 public:
  explicit OnnxBuilder(OnnxModel& model) : model_(&model) {}

  /// Gives back the name of the node's output.
  std::string add(const std::string& type, const std::string& name, std::vector<std::string> inputs,
                  std::vector<OnnxAttribute> attributes = {});
  /// A node with several outputs, which the caller names.
  void add_many(const std::string& type, const std::string& name, std::vector<std::string> inputs,
                std::vector<std::string> outputs, std::vector<OnnxAttribute> attributes);

  /// An initialiser; a name that is there already is not added again.
  std::string tensor(const std::string& name, const at::Tensor& tensor);
  /// A list of whole numbers (shapes, axes, pads), shared by all nodes that read the same list.
  std::string integers(const std::vector<graph::Index>& values);
  /// A float32 of rank 0, shared likewise.
  std::string scalar(double value);

  std::string reshape(const std::string& name, const std::string& x,
                      const std::vector<graph::Index>& shape);
  std::string transpose(const std::string& name, const std::string& x,
                        const std::vector<graph::Index>& order);
  /// ReduceMean, whose axes moved from an attribute to an input with opset 18.
  std::string reduce(const std::string& type, const std::string& name, const std::string& x,
                     const std::vector<graph::Index>& axes, bool keep);

 private:
  OnnxModel* model_;
  std::set<std::string> tensors_;
};

}  // namespace vitlab::exports
