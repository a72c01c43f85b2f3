#include "exports/onnx_builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vitlab::exports {

std::string OnnxBuilder::add(const std::string& type, const std::string& name,
                             std::vector<std::string> inputs,
                             std::vector<OnnxAttribute> attributes) {
  model_->nodes.push_back({type, name, std::move(inputs), {name}, std::move(attributes)});
  return name;
}

void OnnxBuilder::add_many(const std::string& type, const std::string& name,
                           std::vector<std::string> inputs, std::vector<std::string> outputs,
                           std::vector<OnnxAttribute> attributes) {
  model_->nodes.push_back(
      {type, name, std::move(inputs), std::move(outputs), std::move(attributes)});
}

std::string OnnxBuilder::tensor(const std::string& name, const at::Tensor& tensor) {
  if (tensors_.insert(name).second) {
    const bool is_real = tensor.is_floating_point();
    model_->tensors.push_back(
        {name, tensor.detach().to(at::kCPU, is_real ? at::kFloat : at::kLong).contiguous()});
  }
  return name;
}

std::string OnnxBuilder::integers(const std::vector<graph::Index>& values) {
  return tensor(fmt::format("int64[{}]", fmt::join(values, ",")), at::tensor(values, at::kLong));
}

std::string OnnxBuilder::scalar(double value) {
  return tensor(fmt::format("float32[{}]", value), at::scalar_tensor(value, at::kFloat));
}

std::string OnnxBuilder::reshape(const std::string& name, const std::string& x,
                                 const std::vector<graph::Index>& shape) {
  return add("Reshape", name, {x, integers(shape)});
}

std::string OnnxBuilder::transpose(const std::string& name, const std::string& x,
                                   const std::vector<graph::Index>& order) {
  return add("Transpose", name, {x}, {{"perm", order}});
}

std::string OnnxBuilder::reduce(const std::string& type, const std::string& name,
                                const std::string& x, const std::vector<graph::Index>& axes,
                                bool keep) {
  const OnnxAttribute keeps{"keepdims", graph::Index{keep}};
  if (model_->opset < 18) return add(type, name, {x}, {{"axes", axes}, keeps});
  return add(type, name, {x, integers(axes)}, {keeps});
}

}  // namespace vitlab::exports
