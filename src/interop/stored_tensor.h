#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::interop {

/// The element types that vitlab reads and writes; safetensors' names are F64, F32, …, BOOL.
enum class StoredType : std::uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kU8, kBool };
std::string_view stored_type_name(StoredType type);
/// The inverse of stored_type_name; false for a name that is none.
bool stored_type_from_name(std::string_view name, StoredType& type);
std::size_t stored_type_bytes(StoredType type);

/// One tensor of a file: dense, row-major, little-endian.
struct StoredTensor {
  std::string name;
  StoredType type = StoredType::kF32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};

using Metadata = std::map<std::string, std::string>;

/// Limits beyond the formats' own, so that a hostile file cannot cost more than its size.
constexpr std::size_t kMaxTensorNameBytes = 1024;
constexpr std::size_t kMaxTensorCount = 1'000'000;
constexpr std::size_t kMaxTensorRank = 16;

/// The bytes of a dense tensor; false if they cannot be counted in 64 bits.
bool count_bytes(StoredType type, const std::vector<std::int64_t>& shape, std::uint64_t& bytes);

/// Whether a dense tensor of these sizes, 0 taken as 1, has strides that 63 bits can hold.
bool has_strides(StoredType type, std::vector<std::int64_t> shape);

/// The unsigned number that up to 8 bytes spell, the lowest first.
std::uint64_t little_endian(std::string_view bytes);

}  // namespace vitlab::interop
