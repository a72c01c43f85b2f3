#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config_node.h"
#include "core/json_fields.h"
#include "graph/graph.h"
#include "layers/layer.h"

namespace vitlab::architecture {

/// The images a model reads.
struct ImageShape {
  graph::Index channels = 3;
  graph::Index height = 224;
  graph::Index width = 224;
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
  static constexpr auto fields() {
    return std::tuple{core::optional("channels", &ImageShape::channels),
                      core::optional("height", &ImageShape::height),
                      core::optional("width", &ImageShape::width)};
  }
};

/// Layers of one width; `downsample` leads from the stage before (absent in the first).
struct Stage {
  graph::Index width = 0;
  std::optional<layers::Layer> downsample;
  std::vector<layers::Layer> layers;
  friend bool operator==(const Stage&, const Stage&) = default;
};

/// A model written out: every layer with its own sizes. A value with equality and an id; what a
/// template makes, what pruning gives back, what every file of a model holds.
struct ModelSpec {
  ImageShape image;
  layers::Layer stem;
  std::vector<Stage> stages;
  std::vector<layers::Layer> heads;

  friend bool operator==(const ModelSpec&, const ModelSpec&) = default;
};

/// What is wrong with one layer of a spec: its YAML path ("stages[1].layers[0]"), field, message.
struct SpecProblem {
  std::string path;
  std::string field;
  std::string message;

  std::string text() const;
};

/// The part of spec_problems that needs no graph: sizes out of range, layers in the wrong place.
std::vector<SpecProblem> size_problems(const ModelSpec& spec);

/// Everything that stops a spec from being a model, found without LibTorch.
std::vector<SpecProblem> spec_problems(const ModelSpec& spec);

/// The graph of a spec; layers' paths are "stem", "stages.1.downsample", "stages.1.layers.0",
/// "heads.0"; the first output is "logits". Throws UserError with every problem if there is one.
graph::Graph build_graph(const ModelSpec& spec);

/// One axis of width/lcm repeated lcm times, lcm over the splits that the stage's layers need.
graph::Index stage_splits(const Stage& stage);

/// Whether a token chooses among experts somewhere, so that it does not use every parameter.
bool has_experts(const ModelSpec& spec);

/// Attention layers over attention and FFN layers (a mobilevit holds one of each per transformer
/// block); 0 for a model with neither.
double mhsa_share(const ModelSpec& spec);

/// `model: 1` and all below; settings that equal their defaults are left out.
core::Json spec_json(const ModelSpec& spec);
/// YAML with every setting written out, which reads back to the same id.
std::string spec_yaml(const ModelSpec& spec);
/// 32 hexadecimal characters: H(canonical JSON of the spec).
std::string model_id(const ModelSpec& spec);

/// Reads an explicit spec (a map with `model: 1`); problems, those of shapes included, go to
/// `problems` with their places.
ModelSpec read_spec(const core::ConfigNode& root, core::Problems& problems);
ModelSpec spec_from_json_text(const std::string& text, const std::string& source);

/// A copy whose heads tell so many classes.
ModelSpec with_classes(ModelSpec spec, graph::Index classes);

/// A copy in which axis sizes of `graph` (built from `spec`) are replaced: what a pruned model is.
/// `kept[a]` lists the kept units of axis a in ascending order; axes without an entry keep all.
ModelSpec resize_spec(const ModelSpec& spec, const graph::Graph& graph,
                      const graph::KeptUnits& kept);

}  // namespace vitlab::architecture
