#include "exports/onnx_census.h"

#include <algorithm>
#include <map>

#include "core/text.h"
#include "exports/onnx_evaluate.h"

namespace vitlab::exports {

namespace {

/// Runtimes do these without touching an element.
bool only_looks(const std::string& type) {
  return type == "Reshape" || type == "Flatten" || type == "Identity" || type == "Shape";
}

graph::Index bytes_of(const std::vector<at::Tensor>& tensors) {
  graph::Index bytes = 0;
  for (const at::Tensor& tensor : tensors)
    if (tensor.defined()) bytes += static_cast<graph::Index>(tensor.nbytes());
  return bytes;
}

/// Reshape, then Transpose, then the rest.
int rank_in_census(const OnnxOpCount& count) {
  return count.type == "Reshape" ? 0 : count.type == "Transpose" ? 1 : 2;
}

}  // namespace

std::vector<OnnxOpCount> onnx_census(const OnnxModel& model) {
  std::map<std::string, OnnxOpCount> by_type{{"Reshape", {"Reshape"}},
                                             {"Transpose", {"Transpose"}}};
  std::vector<graph::Index> shape{1};
  shape.insert(shape.end(), model.input.shape.begin(), model.input.shape.end());
  evaluate_onnx(model, at::zeros(shape, at::kFloat), [&](const OnnxStep& step) {
    OnnxOpCount& count = by_type[step.node.type];
    count.type = step.node.type;
    ++count.nodes;
    if (!only_looks(count.type)) count.bytes += bytes_of(step.inputs) + bytes_of(step.outputs);
  });
  std::vector<OnnxOpCount> census;
  for (auto& [type, count] : by_type) census.push_back(std::move(count));
  std::stable_sort(census.begin(), census.end(), [](const OnnxOpCount& a, const OnnxOpCount& b) {
    return std::pair(rank_in_census(a), -a.bytes) < std::pair(rank_in_census(b), -b.bytes);
  });
  return census;
}

}  // namespace vitlab::exports
