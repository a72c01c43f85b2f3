#include "interop/zip_archive.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "core/error.h"
#include "core/text.h"
#include "interop/stored_tensor.h"

namespace vitlab::interop {

namespace {

constexpr std::string_view kLocalMark{"PK\3\4", 4};
constexpr std::string_view kCentralMark{"PK\1\2", 4};
constexpr std::string_view kEndMark{"PK\5\6", 4};
constexpr std::string_view kEnd64Mark{"PK\6\6", 4};
constexpr std::string_view kLocatorMark{"PK\6\7", 4};
constexpr std::uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                        kLocatorBytes = 20;
constexpr std::uint64_t kMax16 = 0xffff, kMax32 = 0xffffffff;
constexpr std::uint64_t kSizesFollow = 1u << 3, kNamesAreUtf8 = 1u << 11;
constexpr std::uint64_t kZip64Field = 1;
constexpr std::size_t kMaxEntryNameBytes = 1024;

std::uint32_t checksum(std::string_view bytes) {
  uLong value = crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, std::numeric_limits<uInt>::max());
    value =
        crc32(value, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    bytes.remove_prefix(part.size());
  }
  return static_cast<std::uint32_t>(value);
}

/// What the central directory says of an entry.
struct ZipRecord {
  std::string_view name;
  std::uint64_t flags = 0, crc = 0, packed = 0, size = 0, offset = 0;
};

struct ZipDirectory {
  std::uint64_t entries = 0, size = 0, offset = 0;
};

class ZipParser {
 public:
  ZipParser(std::string_view content, const std::string& source)
      : content_(content), source_(source) {}

  std::vector<ZipEntry> parse() {
    const ZipDirectory directory = find_directory();
    std::vector<ZipRecord> records = read_directory(directory);
    std::sort(records.begin(), records.end(),
              [](const ZipRecord& a, const ZipRecord& b) { return a.offset < b.offset; });
    std::vector<ZipEntry> entries;
    std::uint64_t position = 0;
    for (const ZipRecord& record : records) {
      if (record.offset < position) fail(record, "overlaps the entry before it");
      entries.push_back({record.name, stored_bytes(record, directory.offset)});
      position =
          static_cast<std::uint64_t>(entries.back().bytes.data() - content_.data()) + record.size;
    }
    std::sort(entries.begin(), entries.end(),
              [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < entries.size(); ++i)
      if (entries[i].name == entries[i - 1].name)
        fail("two entries are called " + core::quoted_clip(entries[i].name));
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw core::UserError(source_ + " is not a valid zip archive: " + reason);
  }
  [[noreturn]] void fail(const ZipRecord& record, const std::string& reason) const {
    fail("entry " + core::quoted_clip(record.name) + " " + reason);
  }

  std::string_view part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > content_.size() || size > content_.size() - offset)
      fail("it ends in the middle of an entry: it is cut short");
    return content_.substr(offset, size);
  }
  std::uint64_t number(std::uint64_t offset, std::uint64_t size) const {
    return little_endian(part(offset, size));
  }

  /// The directory's place, from the record that ends the file and, if there is one, its Zip64
  /// form.
  ZipDirectory find_directory() const {
    if (content_.size() < kEndBytes) fail("it is cut short");
    const std::uint64_t end = content_.size() - kEndBytes;
    if (part(end, 4) != kEndMark || number(end + 20, 2) != 0)
      fail("its directory is not at its end: it is cut short or something follows it");
    ZipDirectory directory{number(end + 10, 2), number(end + 12, 4), number(end + 16, 4)};
    if (number(end + 4, 2) != 0 || number(end + 6, 2) != 0 ||
        number(end + 8, 2) != directory.entries)
      fail("it is one part of several");
    std::uint64_t limit = end;
    if (end >= kLocatorBytes && part(end - kLocatorBytes, 4) == kLocatorMark)
      directory = find_directory64(end - kLocatorBytes, directory, limit);
    if (directory.entries > kMaxZipEntries) fail("it has more than 1,000,000 entries");
    if (directory.offset > limit || directory.size != limit - directory.offset)
      fail("its directory is not where its end says");
    return directory;
  }

  ZipDirectory find_directory64(std::uint64_t locator, const ZipDirectory& narrow,
                                std::uint64_t& limit) const {
    limit = number(locator + 8, 8);
    if (number(locator + 4, 4) != 0 || number(locator + 16, 4) != 1)
      fail("it is one part of several");
    if (limit > locator || locator - limit != kEnd64Bytes || part(limit, 4) != kEnd64Mark ||
        number(limit + 4, 8) != kEnd64Bytes - 12)
      fail("its Zip64 record is not where its locator says");
    const ZipDirectory wide{number(limit + 32, 8), number(limit + 40, 8), number(limit + 48, 8)};
    if (number(limit + 16, 4) != 0 || number(limit + 20, 4) != 0 ||
        number(limit + 24, 8) != wide.entries)
      fail("it is one part of several");
    const auto agrees = [](std::uint64_t low, std::uint64_t high, std::uint64_t most) {
      return low == most || low == high;
    };
    if (!agrees(narrow.entries, wide.entries, kMax16) || !agrees(narrow.size, wide.size, kMax32) ||
        !agrees(narrow.offset, wide.offset, kMax32))
      fail("its Zip64 record contradicts its end");
    return wide;
  }

  std::vector<ZipRecord> read_directory(const ZipDirectory& directory) const {
    std::vector<ZipRecord> records;
    std::uint64_t position = directory.offset;
    const std::uint64_t end = directory.offset + directory.size;
    while (position < end) {
      const std::uint64_t names = position + kCentralBytes;
      if (part(position, kCentralBytes).substr(0, 4) != kCentralMark)
        fail("its directory is damaged at byte " + std::to_string(position));
      const std::uint64_t name = number(position + 28, 2), extra = number(position + 30, 2),
                          comment = number(position + 32, 2);
      ZipRecord record{part(names, name),        number(position + 8, 2),
                       number(position + 16, 4), number(position + 20, 4),
                       number(position + 24, 4), number(position + 42, 4)};
      widen(record, part(names + name, extra));
      check(record, number(position + 10, 2), number(position + 34, 2));
      records.push_back(record);
      position = names + name + extra + comment;
      if (records.size() > directory.entries) break;
    }
    if (position != end || records.size() != directory.entries)
      fail("its directory does not hold as many entries as its end says");
    return records;
  }

  /// Sizes and offset that do not fit 32 bits stand in an extra field, in this order.
  void widen(ZipRecord& record, std::string_view extra) const {
    while (extra.size() >= 4) {
      const std::uint64_t kind = little_endian(extra.substr(0, 2)),
                          size = little_endian(extra.substr(2, 2));
      extra.remove_prefix(4);
      if (size > extra.size()) break;
      std::string_view field = extra.substr(0, size);
      extra.remove_prefix(size);
      if (kind != kZip64Field) continue;
      for (std::uint64_t* value : {&record.size, &record.packed, &record.offset}) {
        if (*value != kMax32) continue;
        if (field.size() < 8) fail(record, "has a Zip64 field that is too short");
        *value = little_endian(field.substr(0, 8));
        field.remove_prefix(8);
      }
    }
  }

  void check(const ZipRecord& record, std::uint64_t method, std::uint64_t disk) const {
    const std::string_view name = record.name;
    if (name.empty() || name.size() > kMaxEntryNameBytes || !core::is_utf8(name) ||
        core::printable(name) != name || name.front() == '/' ||
        name.find('\\') != std::string_view::npos ||
        ("/" + std::string(name) + "/").find("/../") != std::string::npos)
      fail(record, "has a name that no program of good will writes");
    if (disk != 0) fail(record, "lies in another part");
    if ((record.flags & ~(kSizesFollow | kNamesAreUtf8)) != 0)
      fail(record, "is encrypted or has unknown flags");
    if (method != 0)
      fail(record,
           "is compressed, which torch.save never does. A TorchScript archive is; if you trust it, "
           "save its tensors in Python: torch.save(torch.jit.load(FILE).state_dict(), "
           "'weights.pth')");
    if (record.packed != record.size) fail(record, "has two different sizes");
  }

  std::string_view stored_bytes(const ZipRecord& record, std::uint64_t directory) const {
    const std::string_view local = part(record.offset, kLocalBytes);
    const auto field = [&](std::size_t at, std::size_t size) {
      return little_endian(local.substr(at, size));
    };
    const std::uint64_t name = field(26, 2), extra = field(28, 2);
    const bool sizes_follow = (record.flags & kSizesFollow) != 0;
    if (local.substr(0, 4) != kLocalMark || field(6, 2) != record.flags || field(8, 2) != 0 ||
        part(record.offset + kLocalBytes, name) != record.name ||
        (!sizes_follow &&
         (field(14, 4) != record.crc || (field(22, 4) != record.size && field(22, 4) != kMax32))))
      fail(record, "differs from what the directory says of it");
    const std::uint64_t begin = record.offset + kLocalBytes + name + extra;
    const std::string_view bytes = part(begin, record.size);
    if (begin + record.size > directory) fail(record, "reaches into the directory");
    if (checksum(bytes) != record.crc)
      fail(record,
           "does not have its checksum: the file is damaged, or was saved without "
           "checksums (torch.serialization.set_crc32_options)");
    return bytes;
  }

  std::string_view content_;
  const std::string& source_;
};

}  // namespace

bool is_zip(std::string_view content) {
  return content.starts_with(kLocalMark) || content.starts_with(kEndMark);
}

std::vector<ZipEntry> parse_zip(std::string_view content, const std::string& source) {
  return ZipParser(content, source).parse();
}

const ZipEntry* find_entry(const std::vector<ZipEntry>& entries, std::string_view name) {
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const ZipEntry& entry, std::string_view key) { return entry.name < key; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

}  // namespace vitlab::interop
