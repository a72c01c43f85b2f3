#include "data/gzip.h"

#include "core/error.h"
#include "core/random.h"
#include "image_files.h"
#include "test.hpp"

namespace vitlab::data {

TEST_CASE("gunzip gives back what was packed, members joined") {
  for (const std::size_t size : {0U, 1U, 1000U, 200'000U}) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * i % 251);
    CHECK(gunzip(gzip_bytes(content), 1 << 20, "x") == content);
    CHECK(gunzip(gzip_bytes(content) + gzip_bytes("end"), 1 << 20, "x") == content + "end");
  }
}

TEST_CASE("a gzip file cut at any length is refused, never half read") {
  const std::string packed = gzip_bytes("one two three four five six seven");
  for (std::size_t length = 0; length < packed.size(); ++length)
    REQUIRE_THROWS_AS(gunzip(packed.substr(0, length), 1 << 20, "x"), core::UserError);
}

TEST_CASE("a damaged gzip file is refused or reads back whole") {
  const std::string content = "one two three four five six seven";
  const std::string packed = gzip_bytes(content);
  core::Random random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = packed;
    damaged[random.below(damaged.size())] ^= static_cast<char>(1 + random.below(255));
    std::string read = content;  // damage to the header's date leaves the content whole
    try {
      read = gunzip(damaged, 1 << 20, "x");
    } catch (const core::UserError&) {
    }
    REQUIRE(read == content);
  }
}

TEST_CASE("a gzip bomb stops at the limit") {
  const std::string packed = gzip_bytes(std::string(10'000'000, 'a'));
  CHECK_THROWS_WITH(gunzip(packed, 1'000'000, "bomb.gz"),
                    "bomb.gz: unpacks to more than 1000000 bytes");
}

}  // namespace vitlab::data
