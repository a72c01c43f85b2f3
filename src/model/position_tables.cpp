#include "model/position_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "architecture/model_spec.h"
#include "core/error.h"
#include "model/weight_files.h"

namespace vitlab::model {

namespace {

using TableKind = graph::PlaceTable::Kind;

graph::Index entry_count(const PositionTable& table, const TableGrid& grid) {
  switch (table.kind) {
    case TableKind::kEmbedding:
      return table.class_tokens + grid.height * grid.width;
    case TableKind::kAbsolute:
      return grid.height * grid.width;
    case TableKind::kSigned:
      return (2 * grid.height - 1) * (2 * grid.width - 1);
  }
  return 0;
}

/// The dimension that the entries lie along.
int entry_dim(const PositionTable& table) { return table.kind == TableKind::kSigned ? 0 : 1; }

/// `values` as a map (1, maps, height, width) in float32, and back.
at::Tensor bicubic(const at::Tensor& maps, const PositionTable& table, bool antialias) {
  const std::array<graph::Index, 2> size{table.height, table.width};
  return antialias ? at::_upsample_bicubic2d_aa(maps, size, false)
                   : at::upsample_bicubic2d(maps, size, false);
}

at::Tensor resized_embedding(const PositionTable& table, const TableGrid& from,
                             const at::Tensor& values) {
  const graph::Index channels = values.size(2), tokens = from.height * from.width;
  const at::Tensor maps = values.narrow(1, table.class_tokens, tokens)
                              .reshape({1, from.height, from.width, channels})
                              .permute({0, 3, 1, 2});
  const at::Tensor grown = bicubic(maps, table, true).permute({0, 2, 3, 1});
  return at::cat({values.narrow(1, 0, table.class_tokens), grown.reshape({1, -1, channels})}, 1);
}

/// Where the entries of `from` offsets lie among `to` ones: close together around 0, and the
/// outermost of both at the same place (BEiT's way, which timm keeps).
at::Tensor geometric_places(graph::Index from, graph::Index to) {
  const graph::Index half = from / 2;
  double low = 1.01, high = 1.5, ratio = high;
  while (high - low > 1e-6) {
    ratio = (low + high) / 2;
    const double reach = (1.0 - std::pow(ratio, static_cast<double>(half))) / (1.0 - ratio);
    (reach > static_cast<double>(to / 2) ? high : low) = ratio;
  }
  std::vector<double> places(static_cast<std::size_t>(2 * half + 1), 0);
  double place = 1;
  for (graph::Index i = 0; i < half; ++i) {
    places[static_cast<std::size_t>(half + 1 + i)] = place;
    places[static_cast<std::size_t>(half - 1 - i)] = -place;
    place += std::pow(ratio, static_cast<double>(i + 1));
  }
  return at::tensor(places, at::kDouble).to(at::kFloat);
}

/// Between which places each offset of the new table lies, and how near.
struct Neighbours {
  std::array<at::Tensor, 2> index;     // left, right
  std::array<at::Tensor, 2> distance;  // to left, to right

  Neighbours(graph::Index from, graph::Index to) {
    const at::Tensor places = geometric_places(from, to);
    const at::Tensor wanted = at::arange(to, at::kFloat) - static_cast<double>(to / 2);
    index[1] = at::bucketize(wanted, places).clamp_max(from - 1);
    index[0] = (index[1] - 1).clamp_min(0);
    distance[0] = (wanted - places.index_select(0, index[0])).clamp_min(0);
    distance[1] = (places.index_select(0, index[1]) - wanted).clamp_min(0);
    const at::Tensor on_both = distance[0].eq(0).logical_and(distance[1].eq(0));
    for (at::Tensor& each : distance) each = each.masked_fill(on_both, 1);
  }
};

/// Linear between the four neighbours of each offset, summed in the order of timm's code.
at::Tensor resized_offsets(const PositionTable& table, const TableGrid& from,
                           const at::Tensor& values) {
  const graph::Index rows = 2 * from.height - 1, columns = 2 * from.width - 1;
  const Neighbours y(rows, 2 * table.height - 1), x(columns, 2 * table.width - 1);
  const at::Tensor maps = values.t().reshape({-1, rows, columns});
  at::Tensor sum;
  for (std::size_t down = 0; down < 2; ++down) {
    for (std::size_t right = 0; right < 2; ++right) {
      const at::Tensor corner = maps.index_select(1, y.index[down]).index_select(2, x.index[right]);
      const at::Tensor share =
          y.distance[1 - down].unsqueeze(1) * x.distance[1 - right].unsqueeze(0);
      sum = sum.defined() ? sum + corner * share : corner * share;
    }
  }
  const at::Tensor whole =
      (y.distance[0] + y.distance[1]).unsqueeze(1) * (x.distance[0] + x.distance[1]).unsqueeze(0);
  return (sum / whole).flatten(1).t().contiguous();
}

/// The grids that a file's own spec tells, by vitlab's names of the parameters.
std::map<std::string, TableGrid> told_grids(const interop::Metadata& metadata) {
  std::map<std::string, TableGrid> grids;
  const auto spec = metadata.find(kSpecKey);
  if (spec == metadata.end()) return grids;
  try {
    const graph::Graph graph =
        architecture::build_graph(architecture::spec_from_json_text(spec->second, kSpecKey));
    for (const PositionTable& table : position_tables(graph))
      grids[graph.parameter_name(table.parameter)] = {table.height, table.width};
  } catch (const core::UserError&) {
    grids.clear();  // a spec of another version tells nothing
  }
  return grids;
}

/// The grid that `values` was made for, if it is known.
std::optional<TableGrid> grid_of(const PositionTable& table, const graph::Parameter& parameter,
                                 const std::optional<TableGrid>& told, const at::Tensor& values) {
  const TableGrid own{table.height, table.width};
  for (const auto& grid : {told, std::optional(own), square_grid(table, values)})
    if (grid && is_table_of(table, *grid, values, parameter.shape)) return grid;
  return std::nullopt;
}

}  // namespace

std::vector<PositionTable> position_tables(const graph::Graph& graph) {
  std::vector<PositionTable> tables;
  for (const graph::ParameterId id : graph.parameters.ids())
    if (const std::optional<graph::PlaceTable>& table = graph.parameter(id).table)
      tables.push_back({id, table->kind, table->height, table->width, table->class_tokens});
  return tables;
}

std::optional<TableGrid> square_grid(const PositionTable& table, const at::Tensor& values) {
  if (values.dim() <= entry_dim(table)) return std::nullopt;
  const graph::Index entries = values.size(entry_dim(table)) - table.class_tokens;
  if (entries < 1) return std::nullopt;
  const auto side =
      static_cast<graph::Index>(std::llround(std::sqrt(static_cast<double>(entries))));
  const graph::Index tokens = table.kind == TableKind::kSigned ? (side + 1) / 2 : side;
  const TableGrid grid{tokens, tokens};
  return entry_count(table, grid) == values.size(entry_dim(table)) ? std::optional(grid)
                                                                   : std::nullopt;
}

bool is_table_of(const PositionTable& table, const TableGrid& grid, const at::Tensor& values,
                 const graph::Shape& like) {
  if (values.dim() != like.rank() || !values.is_floating_point()) return false;
  for (int dim = 0; dim < like.rank(); ++dim) {
    const graph::Index wanted = dim == entry_dim(table) ? entry_count(table, grid) : like[dim];
    if (values.size(dim) != wanted) return false;
  }
  return true;
}

at::Tensor resized_table(const PositionTable& table, const TableGrid& from,
                         const at::Tensor& values) {
  const at::Tensor old = values.to(at::kFloat);
  switch (table.kind) {
    case TableKind::kEmbedding:
      return resized_embedding(table, from, old);
    case TableKind::kAbsolute: {
      const at::Tensor maps = old.reshape({1, -1, from.height, from.width});
      return bicubic(maps, table, false).reshape({old.size(0), -1});
    }
    case TableKind::kSigned:
      return resized_offsets(table, from, old);
  }
  core::ensure(false, "every kind of table is resized");
  return {};
}

std::vector<std::string> resize_position_tables(
    const graph::Graph& graph, const core::IdVector<graph::ParameterId, std::string>& names,
    const interop::Metadata& metadata, std::vector<NamedTensor>& tensors) {
  const std::map<std::string, TableGrid> told = told_grids(metadata);
  std::vector<std::string> resized;
  for (const PositionTable& table : position_tables(graph)) {
    const std::string& name = names.at(table.parameter);
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const NamedTensor& each) { return each.name == name; });
    if (found == tensors.end()) continue;
    const auto known = told.find(graph.parameter_name(table.parameter));
    const auto from =
        grid_of(table, graph.parameter(table.parameter),
                known == told.end() ? std::nullopt : std::optional(known->second), found->tensor);
    if (!from || *from == TableGrid{table.height, table.width}) continue;
    found->tensor = resized_table(table, *from, found->tensor);
    resized.push_back(name);
  }
  return resized;
}

}  // namespace vitlab::model
