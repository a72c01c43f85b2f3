#include "exports/onnx_model.h"

namespace vitlab::exports {

const OnnxAttribute* OnnxNode::find(const std::string& attribute) const {
  for (const OnnxAttribute& candidate : attributes)
    if (candidate.name == attribute) return &candidate;
  return nullptr;
}

graph::Index OnnxNode::integer(const std::string& attribute, graph::Index otherwise) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? otherwise : std::get<graph::Index>(found->value);
}

std::vector<graph::Index> OnnxNode::integers(const std::string& attribute) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? std::vector<graph::Index>{}
                          : std::get<std::vector<graph::Index>>(found->value);
}

double OnnxNode::real(const std::string& attribute, double otherwise) const {
  const OnnxAttribute* found = find(attribute);
  return found == nullptr ? otherwise : static_cast<double>(std::get<float>(found->value));
}

}  // namespace vitlab::exports
