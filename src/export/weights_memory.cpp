#include "export/weights_memory.h"

#include <fstream>

#include "core/error.h"
#include "core/text.h"

namespace vitlab {

namespace {

/// At the peak: float64 as read (8), float32 (4), a written file and its text (8), the same read
/// back (4).
constexpr Index kBytesPerElement = 24;

}  // namespace

Index weight_elements(const Graph& graph) {
  Index elements = 0;
  for (const Parameter& parameter : graph.parameters) elements += parameter.shape.elements();
  return elements;
}

Index available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (Index kilobytes = 0; file >> name >> kilobytes; std::getline(file, unit))
    if (name == "MemAvailable:") return 1024 * kilobytes;
  return 0;
}

void require_memory_to_export(const Graph& graph, const std::string& name, Index available) {
  const Index elements = weight_elements(graph), needed = kBytesPerElement * elements;
  if (available == 0 || needed <= available) return;
  throw CapabilityError(name + " has " + with_thousands(elements) + " weights, " +
                        si(4.0 * static_cast<double>(elements), "B") +
                        " of float32; exporting them takes about " +
                        si(static_cast<double>(needed), "B") + " of memory, and " +
                        si(static_cast<double>(available), "B") +
                        " are free here; export on a larger machine, or a smaller model");
}

}  // namespace vitlab
