#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "model/weight_files.h"

namespace vitlab::model {

/// A parameter whose shape follows the size of the images, and what its entries stand for.
struct PositionTable {
  using Kind = graph::PlaceTable::Kind;
  graph::ParameterId parameter;
  Kind kind = Kind::kEmbedding;
  graph::Index height = 0, width = 0;
  graph::Index class_tokens = 0;
};

/// Height and width of the grid that a table was made for.
struct TableGrid {
  graph::Index height = 0, width = 0;
  friend bool operator==(const TableGrid&, const TableGrid&) = default;
};

/// Every such parameter of a graph, in its order.
std::vector<PositionTable> position_tables(const graph::Graph& graph);

/// The grid of a table with as many entries as `values`, if it is square; nothing if none is.
std::optional<TableGrid> square_grid(const PositionTable& table, const at::Tensor& values);

/// Whether `values` is such a table for a grid of that size, with the heads or channels of `like`.
bool is_table_of(const PositionTable& table, const TableGrid& grid, const at::Tensor& values,
                 const graph::Shape& like);

/// The values for the table's own grid, interpolated in float32 from those of `from`: embeddings by
/// antialiased bicubics without the class tokens and signed offsets on timm's geometric grid, both
/// as timm does; absolute offsets by bicubics, as EfficientViT's code for detection does.
at::Tensor resized_table(const PositionTable& table, const TableGrid& from,
                         const at::Tensor& values);

/// Interpolates every position table among `tensors` that was made for another grid of known size:
/// told by the spec that vitlab leaves in `metadata`, or square. `names` holds the file's name of
/// each parameter, in order. Gives back the names of those; what does not fit stays as it is.
std::vector<std::string> resize_position_tables(
    const graph::Graph& graph, const core::IdVector<graph::ParameterId, std::string>& names,
    const interop::Metadata& metadata, std::vector<NamedTensor>& tensors);

}  // namespace vitlab::model
