#pragma once

#include <ATen/ATen.h>

#include "graph/op.h"

namespace vitlab {

/// The tensor that an op without images needs beside its parameters, on the CPU: the table entry of
/// each pair of tokens (int64) for GatherBias and GatherTable, the value itself (float32) for
/// ShiftMask and OffsetTable; undefined for every other op.
at::Tensor op_constant(const Op& op);

/// The same mask or table, made for these settings.
at::Tensor shift_mask(const ShiftMask& mask);
at::Tensor offset_table(const OffsetTable& table);

}  // namespace vitlab
