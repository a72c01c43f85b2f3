#include "core/hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"

namespace vitlab::core {
namespace {

constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::size_t kBlock = 64;

/// SHA-256 over bytes that arrive in pieces; names follow FIPS 180-4, section 6.2.
class Sha256 {
 public:
  void add(std::string_view bytes) {
    length_ += bytes.size();
    if (held_ > 0) {
      const std::size_t taken = std::min(bytes.size(), kBlock - held_);
      std::memcpy(buffer_.data() + held_, bytes.data(), taken);
      held_ += taken;
      bytes.remove_prefix(taken);
      if (held_ < kBlock) return;
      compress(buffer_.data());
      held_ = 0;
    }
    for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) {
      compress(reinterpret_cast<const unsigned char*>(bytes.data()));
    }
    if (!bytes.empty()) std::memcpy(buffer_.data(), bytes.data(), bytes.size());
    held_ = bytes.size();
  }

  std::string hexadecimal() {
    const std::uint64_t bits = length_ * 8;
    std::string padding(1, '\x80');
    padding.append((kBlock + 55 - length_ % kBlock) % kBlock, '\0');
    for (int shift = 56; shift >= 0; shift -= 8) {
      padding.push_back(static_cast<char>((bits >> shift) & 0xff));
    }
    add(padding);
    std::string text;
    for (const std::uint32_t word : state_) {
      for (int shift = 28; shift >= 0; shift -= 4) {
        text.push_back("0123456789abcdef"[(word >> shift) & 0xf]);
      }
    }
    return text;
  }

 private:
  void compress(const unsigned char* block) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t t = 0; t < 16; ++t, block += 4) {
      w[t] = std::uint32_t{block[0]} << 24 | std::uint32_t{block[1]} << 16 |
             std::uint32_t{block[2]} << 8 | std::uint32_t{block[3]};
    }
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t x = w[t - 15], y = w[t - 2];
      w[t] = w[t - 16] + w[t - 7] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3)) +
             (std::rotr(y, 17) ^ std::rotr(y, 19) ^ (y >> 10));
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                               ((e & f) ^ (~e & g)) + kRound[t] + w[t];
      const std::uint32_t t2 =
          (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> next = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state_[i] += next[i];
  }

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, kBlock> buffer_{};
  std::size_t held_ = 0;
  std::uint64_t length_ = 0;
};

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t scramble(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hexadecimal();
}

std::string sha256_file(const std::filesystem::path& path) {
  const auto fail = [&] { throw Failure(path.string() + ": " + std::strerror(errno)); };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail();
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int cause = errno;
      close(file);
      errno = cause;
      fail();
    }
    if (got == 0) break;
    hash.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  close(file);
  return hash.hexadecimal();
}

std::string identity(std::string_view canonical_text) {
  return sha256(canonical_text).substr(0, 32);
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = crc_table();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char byte : bytes) {
    crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
  }
  return ~crc;
}

std::uint64_t mix64(std::uint64_t seed, std::uint64_t value) {
  return scramble(scramble(seed + kGolden) ^ (value + kGolden * 2));
}

std::uint64_t mix64(std::uint64_t seed, std::string_view bytes) {
  // Another seed than that of mix64(seed, size), so that the two functions never agree.
  std::uint64_t hash = mix64(~seed, static_cast<std::uint64_t>(bytes.size()));
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min<std::size_t>(8, bytes.size());
    for (std::size_t i = 0; i < taken; ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    hash = mix64(hash, word);
    bytes.remove_prefix(taken);
  }
  return hash;
}

}  // namespace vitlab::core
