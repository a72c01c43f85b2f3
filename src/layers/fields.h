#pragma once

#include <string_view>
#include <vector>

#include "graph/layer_writer.h"
#include "graph/shape.h"

namespace vitlab::layers {

/// A size per head of an attention layer: written as one number when all heads agree.
struct PerHead {
  std::vector<graph::Index> sizes;

  graph::Index count() const { return static_cast<graph::Index>(sizes.size()); }
  graph::Index operator[](graph::Index head) const { return sizes[static_cast<std::size_t>(head)]; }
  bool uniform() const {
    for (const graph::Index size : sizes)
      if (size != sizes.front()) return false;
    return true;
  }
  friend bool operator==(const PerHead&, const PerHead&) = default;
};

/// One setting of a layer kind. A kind lists its settings once, in fields(); reading, canonical
/// writing, hashing and pruning's resizing all walk that list. An optional setting that equals the
/// initialiser of its struct is left out of the canonical form, so an initialiser, once published,
/// never changes.
template <typename Kind, typename T>
struct Field {
  std::string_view name;
  T Kind::*member;
  bool is_required;
};

template <typename Kind, typename T>
constexpr Field<Kind, T> required(std::string_view name, T Kind::*member) {
  return {name, member, true};
}
template <typename Kind, typename T>
constexpr Field<Kind, T> optional(std::string_view name, T Kind::*member) {
  return {name, member, false};
}

/// A setting that does not fit the value it would work on: field of the layer and what is wrong.
struct LayerProblem {
  std::string field;
  std::string message;
};
using LayerProblems = std::vector<LayerProblem>;

}  // namespace vitlab::layers
