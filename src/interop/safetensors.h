#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interop/stored_tensor.h"

namespace vitlab::interop {

/// Beyond this the format itself refuses a header.
constexpr std::size_t kMaxSafetensorsHeader = 100'000'000;

/// A parsed file; tensors stand in the order of their bytes and point into `content`.
struct SafetensorsView {
  std::vector<StoredTensor> tensors;
  Metadata metadata;
};

/// Reads the format (huggingface/safetensors) strictly: every byte of `content` belongs to exactly
/// one tensor, no key occurs twice, all numbers are whole and fit. Throws UserError naming `source`
/// and the reason.
SafetensorsView parse_safetensors(std::string_view content, const std::string& source);

/// The bytes of a file with these tensors: ordered by size of element, then name, so that every
/// tensor is aligned and the same tensors give the same bytes.
std::string safetensors_bytes(std::vector<StoredTensor> tensors, const Metadata& metadata);

}  // namespace vitlab::interop
