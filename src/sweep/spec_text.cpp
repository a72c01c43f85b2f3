#include "sweep/spec_text.h"

namespace vitlab::sweep {

namespace {

// A sweep over very many sizes must not grow without bound.
constexpr std::size_t kMostLayers = 100'000;

}  // namespace

const std::string& SpecText::layer(const layers::Layer& layer) {
  const auto found = layers_.find(layer);
  if (found != layers_.end()) return found->second;
  if (layers_.size() >= kMostLayers) layers_.clear();
  return layers_.emplace(layer, core::canonical_json(layers::layer_json(layer))).first->second;
}

void SpecText::append_list(const std::vector<layers::Layer>& layers, std::string& text) {
  text += '[';
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) text += ',';
    text += layer(layers[i]);
  }
  text += ']';
}

std::string SpecText::write(const architecture::ModelSpec& spec) {
  // Keys in alphabetical order, as the canonical form has them; what equals its default is absent.
  std::string text = "{\"heads\":";
  append_list(spec.heads, text);
  const architecture::ImageShape defaults;
  std::string image;
  const auto add_size = [&](const char* key, graph::Index size, graph::Index usual) {
    if (size == usual) return;
    image += (image.empty() ? "\"" : ",\"") + std::string(key) + "\":" + std::to_string(size);
  };
  add_size("channels", spec.image.channels, defaults.channels);
  add_size("height", spec.image.height, defaults.height);
  add_size("width", spec.image.width, defaults.width);
  if (!image.empty()) text += ",\"image\":{" + image + "}";
  text += ",\"model\":1,\"stages\":[";
  for (const architecture::Stage& stage : spec.stages) {
    text += text.back() == '[' ? "{" : ",{";
    if (stage.downsample) text += "\"downsample\":" + layer(*stage.downsample) + ",";
    text += "\"layers\":";
    append_list(stage.layers, text);
    text += ",\"width\":" + std::to_string(stage.width) + "}";
  }
  text += "],\"stem\":" + layer(spec.stem) + "}";
  return text;
}

}  // namespace vitlab::sweep
