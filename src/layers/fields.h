#pragma once

#include <string_view>
#include <vector>

#include "core/config_fields.h"
#include "core/json_fields.h"
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

/// A kind lists its settings once, in fields(); reading, canonical writing, hashing and pruning's
/// resizing all walk that list.
using core::optional;
using core::required;

bool read_config(core::ConfigReader& reader, std::string_view key, PerHead& value);

/// A setting that does not fit the value it would work on: field of the layer and what is wrong.
struct LayerProblem {
  std::string field;
  std::string message;
};
using LayerProblems = std::vector<LayerProblem>;

}  // namespace vitlab::layers

template <>
struct vitlab::core::JsonForm<vitlab::layers::PerHead> {
  static Json write(const vitlab::layers::PerHead& value) {
    if (!value.sizes.empty() && value.uniform()) return value.sizes.front();
    return value.sizes;
  }
};
