#include "engine/start_weights.h"

#include "core/error.h"
#include "model/understand.h"

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
  for (const interop::NameMapEntry& entry :
       interop::name_map(spec, graph, layout, interop::NameUse::kRead)) {
    const auto dim = graph::class_dim(graph, entry.parameter);
    if (!dim) continue;
    for (const model::NamedTensor& tensor : file.tensors)
      if (is_named(tensor.name, entry.foreign_name) &&
          static_cast<std::size_t>(tensor.tensor.dim()) > *dim)
        classes = tensor.tensor.size(static_cast<std::int64_t>(*dim));
  }
  return classes;
}

/// The same of whatever layout the names are.
std::optional<graph::Index> classes_in(const model::TensorFile& file,
                                       const architecture::ModelSpec& spec,
                                       std::optional<WeightLayout> layout) {
  const graph::Graph graph = architecture::build_graph(spec);
  for (const WeightLayout each :
       {WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial}) {
    if (layout && *layout != each) continue;
    try {
      if (const auto classes = classes_in(file, spec, graph, each)) return classes;
    } catch (const interop::LayoutRefusal&) {
      continue;
    }
  }
  return std::nullopt;
}

}  // namespace

train::StartingPoint start_weights(const std::filesystem::path& path,
                                   std::optional<WeightLayout> layout,
                                   const architecture::ModelSpec& spec, std::uint64_t seed,
                                   std::vector<std::string>& resized) {
  model::TensorFile file = model::read_tensors(path);
  const graph::Index own = layers::class_count(spec.heads.front()).value_or(0);
  const graph::Index found = classes_in(file, spec, layout).value_or(own);
  const architecture::ModelSpec there = architecture::with_classes(spec, found);
  std::vector<std::string> notes;
  if (file.title != path.string()) notes.push_back("starting weights: " + file.title);
  model::UnderstoodWeights understood =
      model::understand(std::move(file), there, architecture::build_graph(there), layout);
  for (const std::string& note : understood.notes) notes.push_back("starting weights: " + note);
  train::StartingPoint start{std::move(understood.weights), std::move(understood.trained_on),
                             std::move(notes)};
  resized = std::move(understood.resized);
  if (found != own) {
    start.weights =
        model::with_new_classes(architecture::build_graph(spec), std::move(start.weights), seed);
    start.trained_on.class_names.clear();
    start.notes.push_back("the starting weights tell " + std::to_string(found) +
                          " classes, the model " + std::to_string(own) +
                          ": the head is drawn anew");
  }
  return start;
}

}  // namespace vitlab::engine
