#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

namespace vitlab::interop {

/// The low `size` bytes of a number, the lowest first.
inline std::string low_bytes(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

/// An entry to pack, with the ways in which tests make it wrong.
struct PackedEntry {
  std::string name, bytes;
  std::uint64_t method = 0, flags = 0;
  std::uint32_t crc_change = 0;
};

/// A zip archive of stored entries; `wide` writes what is for large files: a Zip64 end, and sizes
/// and offsets in Zip64 fields.
inline std::string packed(const std::vector<PackedEntry>& entries, bool wide = false) {
  std::string content, directory;
  for (const PackedEntry& entry : entries) {
    const std::uint64_t offset = content.size(), size = entry.bytes.size();
    const std::uint64_t crc =
        entry.crc_change ^ crc32(crc32(0, nullptr, 0),
                                 reinterpret_cast<const Bytef*>(entry.bytes.data()),
                                 static_cast<uInt>(size));
    const std::string start = low_bytes(20, 2) + low_bytes(entry.flags, 2) +
                              low_bytes(entry.method, 2) + low_bytes(0, 4) + low_bytes(crc, 4);
    const std::string sizes = low_bytes(size, 4) + low_bytes(size, 4);
    const std::string name = low_bytes(entry.name.size(), 2);
    content += "PK\3\4" + start + sizes + name + low_bytes(0, 2) + entry.name + entry.bytes;
    const std::string extra = wide ? low_bytes(9, 2) + low_bytes(2, 2) + "xx" + low_bytes(1, 2) +
                                         low_bytes(24, 2) + low_bytes(size, 8) +
                                         low_bytes(size, 8) + low_bytes(offset, 8)
                                   : "";
    directory += "PK\1\2" + low_bytes(20, 2) + start + (wide ? std::string(8, '\xff') : sizes) +
                 name + low_bytes(extra.size(), 2) + std::string(10, '\0') +
                 (wide ? std::string(4, '\xff') : low_bytes(offset, 4)) + entry.name + extra;
  }
  const std::uint64_t count = entries.size(), offset = content.size(), size = directory.size();
  content += directory;
  if (wide)
    content += "PK\6\6" + low_bytes(44, 8) + low_bytes(45, 2) + low_bytes(45, 2) + low_bytes(0, 8) +
               low_bytes(count, 8) + low_bytes(count, 8) + low_bytes(size, 8) +
               low_bytes(offset, 8) + "PK\6\7" + low_bytes(0, 4) + low_bytes(offset + size, 8) +
               low_bytes(1, 4);
  return content + "PK\5\6" + low_bytes(0, 4) + low_bytes(count, 2) + low_bytes(count, 2) +
         low_bytes(size, 4) + (wide ? std::string(4, '\xff') : low_bytes(offset, 4)) +
         low_bytes(0, 2);
}

}  // namespace vitlab::interop
