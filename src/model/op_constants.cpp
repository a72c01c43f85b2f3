#include "model/op_constants.h"

#include <variant>
#include <vector>

#include "model/weights.h"

namespace vitlab::model {

namespace {

/// In which run of neighbours a position of the rolled map lies: the roll brings the first `shift`
/// rows behind the last, so the last window holds up to two runs.
std::vector<graph::Index> zones(graph::Index size, graph::Index window, graph::Index shift) {
  std::vector<graph::Index> zone(static_cast<std::size_t>(size), 0);
  if (shift == 0) return zone;
  for (graph::Index i = size - window; i < size; ++i)
    zone[static_cast<std::size_t>(i)] = i < size - shift ? 1 : 2;
  return zone;
}

/// -(size - 1) … size - 1 brought to log-spaced coordinates: sign(x)·log2(1 + |x|)/log2(8), x from
/// -8 to 8.
at::Tensor log_spaced(graph::Index size) {
  // In float32 whatever the model runs in, as the official code does.
  at::Tensor x = at::arange(1 - size, size, at::kFloat);
  x = x / static_cast<double>(std::max<graph::Index>(size - 1, 1)) * 8;
  return x.sign() * (x.abs() + 1.0).log2() / 3.0;
}

}  // namespace

at::Tensor shift_mask(const graph::ShiftMask& mask) {
  const graph::Index height = mask.rows * mask.height, width = mask.columns * mask.width;
  const std::vector<graph::Index> down = zones(height, mask.height, mask.shift_rows);
  const std::vector<graph::Index> across = zones(width, mask.width, mask.shift_columns);
  const at::Tensor zone =
      at::tensor(down, at::kLong).view({-1, 1}) * 3 + at::tensor(across, at::kLong).view({1, -1});
  const at::Tensor windows = zone.view({mask.rows, mask.height, mask.columns, mask.width})
                                 .permute({0, 2, 1, 3})
                                 .reshape({mask.rows * mask.columns, mask.height * mask.width});
  const at::Tensor apart = windows.unsqueeze(1).ne(windows.unsqueeze(2));
  return apart.to(at::kFloat) * -100;
}

at::Tensor offset_table(const graph::OffsetTable& table) {
  const at::Tensor y = log_spaced(table.height), x = log_spaced(table.width);
  const graph::Index rows = y.size(0), columns = x.size(0);
  return at::stack(
             {y.view({-1, 1}).expand({rows, columns}), x.view({1, -1}).expand({rows, columns})}, 2)
      .reshape({rows * columns, 2});
}

at::Tensor op_constant(const graph::Op& op) {
  if (const auto* gather = std::get_if<graph::GatherBias>(&op)) return bias_index(*gather);
  if (const auto* gather = std::get_if<graph::GatherTable>(&op))
    return bias_index({graph::BiasRule::kSignedOffset, gather->height, gather->width});
  if (const auto* mask = std::get_if<graph::ShiftMask>(&op)) return shift_mask(*mask);
  if (const auto* table = std::get_if<graph::OffsetTable>(&op)) return offset_table(*table);
  return {};
}

}  // namespace vitlab::model
