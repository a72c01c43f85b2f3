#include "exports/weights_memory.h"

#include <fstream>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::exports {

namespace {

/// At the peak: float64 as read (8), float32 (4), a written file and its text (8), the same read
/// back (4).
constexpr graph::Index kBytesPerElement = 24;

}  // namespace

graph::Index weight_elements(const graph::Graph& graph) {
  graph::Index elements = 0;
  for (const graph::Parameter& parameter : graph.parameters) elements += parameter.shape.elements();
  return elements;
}

graph::Index available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (graph::Index kilobytes = 0; file >> name >> kilobytes; std::getline(file, unit))
    if (name == "MemAvailable:") return 1024 * kilobytes;
  return 0;
}

void require_memory_to_export(const graph::Graph& graph, const std::string& name,
                              graph::Index available) {
  const graph::Index elements = weight_elements(graph), needed = kBytesPerElement * elements;
  if (available == 0 || needed <= available) return;
  throw core::CapabilityError(name + " has " + core::with_thousands(elements) + " weights, " +
                              core::si(4.0 * static_cast<double>(elements), "B") +
                              " of float32; exporting them takes about " +
                              core::si(static_cast<double>(needed), "B") + " of memory, and " +
                              core::si(static_cast<double>(available), "B") +
                              " are free here; export on a larger machine, or a smaller model");
}

}  // namespace vitlab::exports
