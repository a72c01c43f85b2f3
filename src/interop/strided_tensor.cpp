#include "interop/strided_tensor.h"

#include <algorithm>

namespace vitlab::interop {

bool StridedTensor::is_empty() const {
  return std::find(shape.begin(), shape.end(), 0) != shape.end();
}

bool StridedTensor::count_bytes(std::uint64_t& bytes) const {
  return has_strides(type, shape) && vitlab::interop::count_bytes(type, shape, bytes);
}

bool StridedTensor::is_within_storage() const {
  if (is_empty()) return true;
  std::int64_t last = offset;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return false;
  }
  return static_cast<std::uint64_t>(last) < storage.size() / stored_type_bytes(type);
}

bool StridedTensor::is_dense() const {
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

std::string_view StridedTensor::dense_bytes(std::uint64_t bytes) const {
  return storage.substr(static_cast<std::size_t>(offset) * stored_type_bytes(type), bytes);
}

std::string StridedTensor::dense_copy(std::uint64_t bytes) const {
  const std::size_t width = stored_type_bytes(type);
  std::string result;
  result.reserve(bytes);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t element = offset;
  while (result.size() < bytes) {
    result += storage.substr(static_cast<std::size_t>(element) * width, width);
    for (std::size_t i = index.size(); i-- > 0;) {
      if (++index[i] < shape[i]) {
        element += strides[i];
        break;
      }
      element -= strides[i] * (shape[i] - 1);
      index[i] = 0;
    }
  }
  return result;
}

}  // namespace vitlab::interop
