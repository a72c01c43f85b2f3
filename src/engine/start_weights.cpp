#include "engine/start_weights.h"

#include <array>

#include "core/error.h"
#include "model/layouts.h"

namespace vitlab::engine {

namespace {

using interop::WeightLayout;

/// Whether a file's name is `name`, perhaps behind a prefix ("module.head.bias").
bool is_named(const std::string& found, const std::string& name) {
  return found == name || found.ends_with("." + name);
}

/// How many classes the file's head tells if its names are of that layout.
std::optional<graph::Index> classes_in(const model::TensorFile& file,
                                       const architecture::ModelSpec& spec,
                                       const graph::Graph& graph, WeightLayout layout) {
  std::optional<graph::Index> classes;
  for (const interop::NameMapEntry& entry : interop::name_map(spec, graph, layout)) {
    const auto dim = graph::class_dim(graph, entry.parameter);
    if (!dim) continue;
    for (const model::NamedTensor& tensor : file.tensors)
      if (is_named(tensor.name, entry.foreign_name) &&
          static_cast<std::size_t>(tensor.tensor.dim()) > *dim)
        classes = tensor.tensor.size(static_cast<std::int64_t>(*dim));
  }
  return classes;
}

/// The weights if the file is of that layout, with the number of classes that it has.
train::StartingPoint read_as(const model::TensorFile& file, const architecture::ModelSpec& spec,
                             WeightLayout layout, std::uint64_t seed,
                             std::vector<std::string>& resized) {
  const graph::Graph graph = architecture::build_graph(spec);
  const graph::Index own = layers::class_count(spec.heads.front()).value_or(0);
  const graph::Index found = classes_in(file, spec, graph, layout).value_or(own);
  const architecture::ModelSpec there = architecture::with_classes(spec, found);
  train::StartingPoint start;
  start.weights = model::weights_of(file, there, architecture::build_graph(there), layout,
                                    at::kFloat, &resized);
  if (found != own) {
    start.weights = model::with_new_classes(graph, std::move(start.weights), seed);
    start.notes.push_back("the starting weights tell " + std::to_string(found) +
                          " classes, the model " + std::to_string(own) +
                          ": the head is drawn anew");
  }
  start.trained_on = model::trained_on(file.metadata, file.title);
  if (found != own) start.trained_on.class_names.clear();
  return start;
}

}  // namespace

train::StartingPoint start_weights(const std::filesystem::path& path,
                                   std::optional<WeightLayout> layout,
                                   const architecture::ModelSpec& spec, std::uint64_t seed,
                                   std::vector<std::string>& resized) {
  const model::TensorFile file = model::read_tensors(path);
  if (layout) return read_as(file, spec, *layout, seed, resized);
  std::string first;
  for (const WeightLayout each :
       {WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial}) {
    try {
      train::StartingPoint start = read_as(file, spec, each, seed, resized);
      if (each != WeightLayout::kVitlab)
        start.notes.push_back("the starting weights have names of the layout " +
                              std::string(interop::layout_name(each)));
      return start;
    } catch (const core::UserError& error) {
      if (first.empty()) first = error.what();
      resized.clear();
    }
  }
  throw core::UserError(first);
}

}  // namespace vitlab::engine
