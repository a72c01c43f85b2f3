#pragma once

#include <ATen/ATen.h>

#include "graph/op.h"

namespace vitlab::model {

/// The tensor that an op without images needs beside its parameters, on the CPU: the table entry of
/// each pair of tokens (int64) for GatherBias and GatherTable, the value itself (float32) for
/// ShiftMask and OffsetTable; undefined for every other op.
at::Tensor op_constant(const graph::Op& op);

/// The same mask or table, made for these settings.
at::Tensor shift_mask(const graph::ShiftMask& mask);
at::Tensor offset_table(const graph::OffsetTable& table);

}  // namespace vitlab::model
