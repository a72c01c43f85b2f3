#include "export/onnx_model.h"

namespace vitlab {

const OnnxAttribute* OnnxNode::find(const std::string& attribute) const {
  for (const OnnxAttribute& candidate : attributes)
    if (candidate.name == attribute) return &candidate;
  return nullptr;
}

Index OnnxNode::integer(const std::string& attribute, Index otherwise) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? otherwise : std::get<Index>(found->value);
}

std::vector<Index> OnnxNode::integers(const std::string& attribute) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? std::vector<Index>{} : std::get<std::vector<Index>>(found->value);
}

double OnnxNode::real(const std::string& attribute, double otherwise) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? otherwise : static_cast<double>(std::get<float>(found->value));
}

}  // namespace vitlab
