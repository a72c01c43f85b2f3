#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab {

/// The element types that vitlab reads and writes; the format's names are F64, F32, …, BOOL.
enum class StoredType : std::uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kU8, kBool };
std::string_view stored_type_name(StoredType type);
std::size_t stored_type_bytes(StoredType type);

/// One tensor of a file: dense, row-major, little-endian.
struct StoredTensor {
  std::string name;
  StoredType type = StoredType::kF32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};

using Metadata = std::map<std::string, std::string>;

/// Limits beyond the format's own, so that a hostile file cannot cost more than its size.
constexpr std::size_t kMaxSafetensorsHeader = 100'000'000;
constexpr std::size_t kMaxTensorNameBytes = 1024;
constexpr std::size_t kMaxTensorCount = 1'000'000;
constexpr std::size_t kMaxTensorRank = 16;

/// A parsed file; tensors stand in the order of their bytes and point into `content`.
struct SafetensorsView {
  std::vector<StoredTensor> tensors;
  Metadata metadata;
};

/// Reads the format (huggingface/safetensors) strictly: every byte of `content` belongs to exactly
/// one tensor, no key occurs twice, all numbers are whole and fit. Throws UserError naming `source`
/// and the reason.
SafetensorsView parse_safetensors(std::string_view content, const std::string& source);

/// A file held in memory with its view.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::vector<StoredTensor>& tensors() const { return view_.tensors; }
  const Metadata& metadata() const { return view_.metadata; }

 private:
  std::string content_;
  SafetensorsView view_;
};

/// The bytes of a file with these tensors: ordered by size of element, then name, so that every
/// tensor is aligned and the same tensors give the same bytes.
std::string safetensors_bytes(std::vector<StoredTensor> tensors, const Metadata& metadata);

}  // namespace vitlab
