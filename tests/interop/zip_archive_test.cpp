#include "interop/zip_archive.h"

#include "archive_bytes.h"
#include "core/error.h"
#include "test.hpp"

namespace vitlab::interop {

namespace {

const std::vector<PackedEntry> kTwo{{"a/one", "first"}, {"a/two", "the second"}};

std::string zip_refusal(const std::string& content) {
  try {
    parse_zip(content, "f.zip");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

/// The archive of two entries with `bytes` written over what stands at `offset` from its end.
std::string patched(std::size_t from_end, const std::string& bytes, bool wide = false) {
  std::string content = packed(kTwo, wide);
  return content.replace(content.size() - from_end, bytes.size(), bytes);
}

}  // namespace

TEST_CASE("an archive gives its entries, with 32-bit and with 64-bit sizes") {
  for (const bool wide : {false, true}) {
    const std::string content = packed(kTwo, wide);
    const std::vector<ZipEntry> entries = parse_zip(content, "f");
    REQUIRE(entries.size() == 2);
    CHECK(find_entry(entries, "a/one")->bytes == "first");
    CHECK(find_entry(entries, "a/two")->bytes == "the second");
    CHECK(find_entry(entries, "a/three") == nullptr);
  }
  CHECK(zip_refusal(packed({})) == "accepted");
}

TEST_CASE("every way to be no archive of stored files has its own refusal") {
  const auto refuses = [](const std::string& content, const std::string& reason) {
    CHECK_THAT(zip_refusal(content), Catch::StartsWith("f.zip") && Catch::Contains(reason));
  };
  refuses("PK\3\4", "cut short");
  refuses(packed(kTwo) + "x", "not at its end");
  refuses(packed({{"a", "x", 8}}), "compressed");
  refuses(packed({{"a", "x", 0, 1}}), "encrypted");
  refuses(packed({{"a", "x", 0, 0, 1}}), "checksum");
  refuses(packed({{"a", "x"}, {"a", "y"}}), "two entries");
  for (const char* name : {"", "/a", "a/../b", "..", "a\\b", "a\nb", "\xff"})
    refuses(packed({{name, "x"}}), "no program of good will");
  refuses(packed({{std::string(1025, 'n'), "x"}}), "no program of good will");
  refuses(patched(14, low_bytes(3, 2)), "several");
  refuses(patched(14, low_bytes(3, 2) + low_bytes(3, 2)), "as many entries");
  refuses(patched(18, low_bytes(1, 2)), "several");
  refuses(patched(14, low_bytes(1, 2) + low_bytes(1, 2)), "as many entries");
  refuses(patched(6, low_bytes(0xfffffff0, 4)), "not where its end says");
  refuses(patched(34, low_bytes(3, 8), true), "Zip64");
  refuses(patched(34, low_bytes(~std::uint64_t{0}, 8), true), "Zip64");
  refuses(patched(22 + 20 + 56 - 24, low_bytes(1, 8), true), "several");
}

TEST_CASE("entries that overlap or leave the archive are refused") {
  const std::string content = packed(kTwo);
  // The second record of the directory: its offset stands 4 bytes before its name.
  const std::size_t offset = content.rfind("a/two") - 4;
  std::string moved = content;
  CHECK_THAT(zip_refusal(moved.replace(offset, 4, low_bytes(0, 4))), Catch::Contains("entry"));
  moved = content;
  CHECK_THAT(zip_refusal(moved.replace(offset, 4, low_bytes(0xfffffffe, 4))),
             Catch::Contains("cut short"));
  // Entries whose data lies inside another's, at a place that looks like a header.
  const std::string inner = packed({{"b", "inner"}});
  const std::string outer = packed({{"a", inner}, {"b", "inner"}});
  moved = outer;
  moved.replace(outer.rfind("b", outer.size() - 22) - 4, 4, low_bytes(31, 4));
  CHECK_THAT(zip_refusal(moved), Catch::Contains("overlaps"));
}

}  // namespace vitlab::interop
