#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vitlab::data {

/// Where images come from.
enum class DataKind { kDigits, kSynthetic, kFolder, kCifar10, kCifar100, kIdx };

/// Which data set is meant, as the user wrote it; nothing is opened yet.
///
/// Grammar: `digits` · `synthetic:classes=10,size=64,count=5000` · `folder:PATH` · `cifar10:PATH` ·
/// `cifar100:PATH` · `idx:PATH`, each but `digits` with optional `,seed=`, `,validation=` (share of
/// the images) and, for synthetic and folder, `,test=`.
struct DataSpec {
  DataKind kind = DataKind::kDigits;
  std::string path;                  // folder, cifar10, cifar100, idx
  std::int64_t classes = 10;         // synthetic
  std::int64_t size = 64;            // synthetic: height and width in pixels
  std::int64_t count = 5000;         // synthetic: images of all splits together
  std::int64_t seed = 0;             // of the images (synthetic) or of the split (others)
  std::optional<double> validation;  // share held out; absent: the kind's default
  std::optional<double> test;

  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

/// Reads the grammar above; throws UserError with the nearest word where one is misspelled.
DataSpec parse_data_spec(std::string_view text);

/// The shortest text that reads back to the same value: options equal to their default are left
/// out, the others stand in one fixed order.
std::string canonical_text(const DataSpec& spec);

}  // namespace vitlab::data
