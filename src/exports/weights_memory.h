#pragma once

#include <string>

#include "graph/graph.h"

namespace vitlab::exports {

/// Elements of all parameters, running statistics included.
graph::Index weight_elements(const graph::Graph& graph);

/// Bytes of memory that the kernel would give a program now (/proc/meminfo); 0 if it does not say.
graph::Index available_memory();

/// Throws CapabilityError with the model's size if exporting its weights, which stand in memory
/// several times over, takes more than `available` bytes (0: unknown, never refused).
void require_memory_to_export(const graph::Graph& graph, const std::string& name,
                              graph::Index available);

}  // namespace vitlab::exports
