#include "core/hash.h"

#include <bit>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/random.h"
#include "temporary_folder.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("the SHA-256 of a file is that of its bytes, whatever the size") {
  const TemporaryFolder folder;
  for (const std::size_t size :
       {0u, 1u, 55u, 56u, 63u, 64u, 65u, 119u, 262144u, 262145u, 700001u}) {
    std::string bytes(size, '\0');
    Random random(size);
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    std::ofstream(folder / "file", std::ios::binary) << bytes;
    CHECK(sha256_file(folder / "file") == sha256(bytes));
  }
  CHECK_THROWS_AS(sha256_file(folder / "none"), Failure);
  CHECK_THROWS_WITH(sha256_file(folder.path()), Catch::Contains(folder.path().string()));
}

TEST_CASE("an identity is the first half of the digest") {
  CHECK(identity("abc") == "ba7816bf8f01cfea414140de5dae2223");
}

TEST_CASE("CRC-32C gives the values of RFC 3720") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
}

TEST_CASE("mixed hashes never change") {
  CHECK(mix64(0, std::uint64_t{0}) == 0xc0737b7cf89e44ab);
  CHECK(mix64(1, std::uint64_t{2}) == 0xbf7f6a7a7887b1ee);
  CHECK(mix64(1, std::string_view("")) == 0x9d9e9854291b2dc3);
  CHECK(mix64(42, std::string_view("model/stage0/weight")) == 0x933d4d60b2f406e6);
}

TEST_CASE("mixed hashes separate neighbours and flip half of the bits") {
  std::set<std::uint64_t> seen;
  double flipped = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    for (std::uint64_t value = 0; value < 64; ++value) {
      seen.insert(mix64(seed, value));
      seen.insert(mix64(seed, std::string_view(std::string(value, '\0'))));
      flipped += std::popcount(mix64(seed, value) ^ mix64(seed, value ^ 1));
    }
  }
  CHECK(seen.size() == 2 * 64 * 64);
  CHECK(flipped / (64 * 64) == Approx(32).margin(0.5));
  CHECK(mix64(0, std::string_view("a\0", 2)) != mix64(0, std::string_view("a", 1)));
}
