#include "interop/stored_tensor.h"

#include <algorithm>
#include <array>

namespace vitlab::interop {

namespace {

struct TypeRow {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<TypeRow, 8> kTypes{{{"F64", 8},
                                         {"F32", 4},
                                         {"F16", 2},
                                         {"BF16", 2},
                                         {"I64", 8},
                                         {"I32", 4},
                                         {"U8", 1},
                                         {"BOOL", 1}}};

const TypeRow& row_of(StoredType type) { return kTypes[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view stored_type_name(StoredType type) { return row_of(type).name; }
std::size_t stored_type_bytes(StoredType type) { return row_of(type).bytes; }

bool stored_type_from_name(std::string_view name, StoredType& type) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name != name) continue;
    type = static_cast<StoredType>(i);
    return true;
  }
  return false;
}

bool count_bytes(StoredType type, const std::vector<std::int64_t>& shape, std::uint64_t& bytes) {
  bytes = stored_type_bytes(type);
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) return false;
  return true;
}

bool has_strides(StoredType type, std::vector<std::int64_t> shape) {
  for (std::int64_t& size : shape) size = std::max<std::int64_t>(size, 1);
  std::uint64_t bytes = 0;
  return count_bytes(type, shape, bytes) && bytes >> 63 == 0;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace vitlab::interop
