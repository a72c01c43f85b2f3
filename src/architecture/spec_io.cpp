#include <set>

#include "architecture/model_spec.h"
#include "core/config_fields.h"
#include "core/hash.h"

namespace vitlab::architecture {

namespace {

/// JSON on one line with the spaces that YAML readers like: {a: 1, b: [2, 3]}.
std::string flow(const core::Json& value) {
  if (value.is_object()) {
    std::string text = "{";
    for (const auto& [key, item] : value.items())
      text += (text.size() > 1 ? ", " : "") + key + ": " + flow(item);
    return text + "}";
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const core::Json& item : value) text += (text.size() > 1 ? ", " : "") + flow(item);
    return text + "]";
  }
  if (value.is_string()) return value.get<std::string>();
  return core::canonical_json(value);
}

/// Places of a spec's layers, so that problems of shape point at the line that caused them.
struct LayerPlaces {
  std::vector<std::pair<std::string, const core::ConfigNode*>> entries;

  const core::ConfigNode* find(const std::string& path) const {
    for (const auto& [known, node] : entries)
      if (known == path) return node;
    return nullptr;
  }
};

void read_image(core::ConfigReader& reader, ImageShape& image) {
  auto child = reader.child("image");
  if (!child) return;
  core::read_fields(*child, image);
  child->finish();
}

std::optional<layers::Layer> read_placed(const core::ConfigReader& reader,
                                         const core::ConfigNode& node, const std::string& path,
                                         LayerPlaces& places) {
  places.entries.emplace_back(path, &node);
  return layers::read_layer(reader, node, path);
}

std::vector<layers::Layer> read_layers(core::ConfigReader& reader, std::string_view key,
                                       LayerPlaces& places) {
  std::vector<layers::Layer> layers;
  const core::ConfigNode* list = reader.node(key);
  if (!list) return layers;
  if (!list->is_sequence()) {
    reader.fail(key, "must be a list of layers");
    return layers;
  }
  places.entries.emplace_back(reader.path_of(key), list);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = reader.path_of(key) + "[" + std::to_string(i) + "]";
    if (auto layer = read_placed(reader, list->items[i], path, places))
      layers.push_back(std::move(*layer));
  }
  return layers;
}

Stage read_stage(const core::ConfigReader& parent, const core::ConfigNode& node,
                 const std::string& path, LayerPlaces& places) {
  places.entries.emplace_back(path, &node);
  Stage stage;
  core::ConfigReader reader = parent.child_of(node, path);
  reader.required("width", stage.width);
  if (const core::ConfigNode* down = reader.node("downsample"))
    stage.downsample = read_placed(reader, *down, path + ".downsample", places);
  stage.layers = read_layers(reader, "layers", places);
  reader.finish();
  return stage;
}

void read_stages(core::ConfigReader& reader, ModelSpec& spec, LayerPlaces& places) {
  const core::ConfigNode* list = reader.node("stages");
  if (!list) return reader.fail("stages", "is missing");
  if (!list->is_sequence()) return reader.fail("stages", "must be a list of stages");
  places.entries.emplace_back("stages", list);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = "stages[" + std::to_string(i) + "]";
    const core::ConfigNode& node = list->items[i];
    if (node.is_map())
      spec.stages.push_back(read_stage(reader, node, path, places));
    else
      reader.problems().add(node.place, path + " must be a map with width and layers");
  }
}

}  // namespace

core::Json spec_json(const ModelSpec& spec) {
  core::Json json = core::Json::object();
  json["model"] = 1;
  core::Json image = core::to_json(spec.image);
  if (!image.empty()) json["image"] = std::move(image);
  json["stem"] = layers::layer_json(spec.stem);
  json["stages"] = core::Json::array();
  for (const Stage& stage : spec.stages) {
    core::Json entry = core::Json::object();
    entry["width"] = stage.width;
    if (stage.downsample) entry["downsample"] = layers::layer_json(*stage.downsample);
    entry["layers"] = core::Json::array();
    for (const layers::Layer& layer : stage.layers)
      entry["layers"].push_back(layers::layer_json(layer));
    json["stages"].push_back(std::move(entry));
  }
  json["heads"] = core::Json::array();
  for (const layers::Layer& head : spec.heads) json["heads"].push_back(layers::layer_json(head));
  return json;
}

std::string spec_yaml(const ModelSpec& spec) {
  std::string text = "model: 1\nimage: " + flow(core::to_json_with_defaults(spec.image)) +
                     "\nstem: " + flow(layers::layer_json(spec.stem, true)) + "\nstages:\n";
  for (const Stage& stage : spec.stages) {
    text += "  - width: " + std::to_string(stage.width) + "\n";
    if (stage.downsample)
      text += "    downsample: " + flow(layers::layer_json(*stage.downsample, true)) + "\n";
    text += stage.layers.empty() ? "    layers: []\n" : "    layers:\n";
    for (const layers::Layer& layer : stage.layers) {
      const std::string line = flow(layers::layer_json(layer, true));
      text += "      - " + line.substr(1, line.size() - 2) + "\n";
    }
  }
  text += "heads:\n";
  for (const layers::Layer& head : spec.heads) {
    const std::string line = flow(layers::layer_json(head, true));
    text += "  - " + line.substr(1, line.size() - 2) + "\n";
  }
  return text;
}

std::string model_id(const ModelSpec& spec) {
  return core::identity(core::canonical_json(spec_json(spec)));
}

ModelSpec read_spec(const core::ConfigNode& root, core::Problems& problems) {
  ModelSpec spec;
  LayerPlaces places;
  const std::size_t before = problems.count();
  core::ConfigReader reader(root, problems);
  graph::Index version = 0;
  if (reader.required("model", version) && version != 1)
    reader.fail("model", "must be 1, the only version of explicit models so far");
  read_image(reader, spec.image);
  if (const core::ConfigNode* stem = reader.node("stem")) {
    if (auto layer = read_placed(reader, *stem, "stem", places)) spec.stem = std::move(*layer);
  } else {
    reader.fail("stem", "is missing");
  }
  read_stages(reader, spec, places);
  spec.heads = read_layers(reader, "heads", places);
  if (!reader.has("heads")) reader.fail("heads", "is missing");
  reader.finish();
  if (problems.count() > before) return spec;
  for (const SpecProblem& problem : spec_problems(spec)) {
    const core::ConfigNode* node = places.find(problem.path);
    problems.add(node ? node->place : root.place, problem.text());
  }
  return spec;
}

ModelSpec spec_from_json_text(const std::string& text, const std::string& source) {
  core::ConfigDocument document = core::parse_document(source, text);
  ModelSpec spec = read_spec(document.root, document.problems);
  document.problems.throw_if_any();
  return spec;
}

}  // namespace vitlab::architecture
