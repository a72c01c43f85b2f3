#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "interop/stored_tensor.h"

namespace vitlab::interop {

/// A tensor as torch describes it: element (i, j, …) is number offset + i·strides[0] +
/// j·strides[1] + … of a storage; no size, stride or offset is negative.
struct StridedTensor {
  StoredType type = StoredType::kF32;
  std::string_view storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;

  bool is_empty() const;
  /// The bytes of its elements; false if the sizes, 0 taken as 1, cannot be counted in 64 bits.
  bool count_bytes(std::uint64_t& bytes) const;
  bool is_within_storage() const;

  /// For a tensor that is counted, within its storage and not empty: whether its elements lie in
  /// row-major order without gaps, these bytes, and a copy that is so in any case.
  bool is_dense() const;
  std::string_view dense_bytes(std::uint64_t bytes) const;
  std::string dense_copy(std::uint64_t bytes) const;
};

}  // namespace vitlab::interop
