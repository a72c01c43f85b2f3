#pragma once

#include <unordered_map>

#include "architecture/model_spec.h"
#include "graph/cost.h"

namespace vitlab::architecture {

/// Counts models without writing their whole graphs: a layer's cost depends on its settings and on
/// the shape and memory order of its input alone, so equal layers, within a model and across the
/// models of a sweep, are written and counted once. Gives exactly what
/// graph_cost(build_graph(spec)) gives. Not thread-safe; make one per thread.
class CostCounter {
 public:
  explicit CostCounter(graph::Index batch = 1) : batch_(batch) {}

  /// Throws UserError with the first problem of a spec that cannot be built.
  graph::Cost count(const ModelSpec& spec);

 private:
  /// What a layer reads: everything its cost can depend on besides its settings.
  struct Input {
    graph::Shape shape;
    graph::Shape strides;
    std::int8_t channel_dim = 1;
    graph::Index parts = 1;   // axes that the input's channels consist of
    graph::Index width = 0;   // of the layer's stage; 0 for heads
    graph::Index splits = 1;  // of the layer's stage
    bool is_image = false;
    friend bool operator==(const Input&, const Input&) = default;
  };
  struct Key {
    layers::Layer layer;
    Input input;
  };
  /// A key that is only looked up is not copied.
  struct KeyView {
    const layers::Layer& layer;
    const Input& input;
    KeyView(const layers::Layer& l, const Input& i) : layer(l), input(i) {}
    KeyView(const Key& key) : layer(key.layer), input(key.input) {}  // NOLINT: a view converts
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const;
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(const KeyView& a, const KeyView& b) const {
      return a.input == b.input && a.layer == b.layer;
    }
  };
  struct Entry {
    graph::Cost cost;
    Input output;  // what the layer behind it reads, width and splits to be filled in
  };

  const Entry& entry(const layers::Layer& layer, const Input& input, const char* where);
  Entry count_alone(const layers::Layer& layer, const Input& input, const char* where) const;

  graph::Index batch_;
  std::unordered_map<Key, Entry, KeyHash, KeyEqual> entries_;
};

}  // namespace vitlab::architecture
