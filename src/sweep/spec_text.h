#pragma once

#include <string>
#include <unordered_map>

#include "spec/model_spec.h"

namespace vitlab {

/// Writes canonical_json(spec_json(spec)), the text whose identity a model's id is, for the many
/// specs of a sweep: each distinct layer is written once. Not thread-safe.
class SpecText {
 public:
  std::string write(const ModelSpec& spec);

 private:
  struct LayerHash {
    std::size_t operator()(const Layer& layer) const { return layer_hash(layer); }
  };

  const std::string& layer(const Layer& layer);
  void append_list(const std::vector<Layer>& layers, std::string& text);

  std::unordered_map<Layer, std::string, LayerHash> layers_;
};

}  // namespace vitlab
