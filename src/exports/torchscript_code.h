#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace vitlab::exports {

/// A graph as the TorchScript of a method `forward(self, images)`. Parameters stand as attributes
/// of submodules, one level per dot of their name; the root must hold op_constant of `constants[i]`
/// (indices flat) under `torchscript_constant_name(i)`.
struct TorchScriptCode {
  std::string text;
  std::vector<graph::Op> constants;
};

std::string torchscript_constant_name(std::size_t i);

/// The code of a graph in evaluation mode, good for any number of images.
TorchScriptCode torchscript_code(const graph::Graph& graph);

}  // namespace vitlab::exports
