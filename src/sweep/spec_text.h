#pragma once

#include <string>
#include <unordered_map>

#include "architecture/model_spec.h"

namespace vitlab::sweep {

/// Writes canonical_json(spec_json(spec)), the text whose identity a model's id is, for the many
/// specs of a sweep: each distinct layer is written once. Not thread-safe.
class SpecText {
 public:
  std::string write(const architecture::ModelSpec& spec);

 private:
  struct LayerHash {
    std::size_t operator()(const layers::Layer& layer) const { return layers::layer_hash(layer); }
  };

  const std::string& layer(const layers::Layer& layer);
  void append_list(const std::vector<layers::Layer>& layers, std::string& text);

  std::unordered_map<layers::Layer, std::string, LayerHash> layers_;
};

}  // namespace vitlab::sweep
