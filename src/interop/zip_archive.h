#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::interop {

/// One stored file of an archive; its bytes have the checksum that the archive names.
struct ZipEntry {
  std::string_view name;
  std::string_view bytes;
};

constexpr std::size_t kMaxZipEntries = 1'000'000;

/// Whether bytes start as a zip archive does.
bool is_zip(std::string_view content);

/// Reads an archive (PKWARE APPNOTE, Zip64 included) strictly: entries are stored, not compressed
/// or encrypted, lie within the file without overlap, and have sane, different names and right
/// checksums. The entries are sorted by name and point into `content`. Throws UserError naming
/// `source` and the reason.
std::vector<ZipEntry> parse_zip(std::string_view content, const std::string& source);

/// The entry of that name among sorted ones, or nullptr.
const ZipEntry* find_entry(const std::vector<ZipEntry>& entries, std::string_view name);

}  // namespace vitlab::interop
