#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vitlab::core {

/// Hexadecimal SHA-256 (FIPS 180-4), 64 characters.
std::string sha256(std::string_view bytes);
/// SHA-256 of a file's content; throws Failure naming the path.
std::string sha256_file(const std::filesystem::path& path);

/// An identity: the first 128 bits of the SHA-256 of canonical text, 32 hexadecimal characters.
std::string identity(std::string_view canonical_text);

/// CRC-32C (Castagnoli), for records and TensorBoard frames.
std::uint32_t crc32c(std::string_view bytes);

/// A well-mixed 64-bit hash of bytes and a seed (not cryptographic, stable for ever): seeds of
/// random streams are derived with it.
std::uint64_t mix64(std::uint64_t seed, std::string_view bytes);
std::uint64_t mix64(std::uint64_t seed, std::uint64_t value);

}  // namespace vitlab::core
