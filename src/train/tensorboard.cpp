#include "train/tensorboard.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/hash.h"

namespace vitlab::train {

namespace {

static_assert(std::endian::native == std::endian::little, "files and memory have the same order");

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// TFRecord's rule, so that a CRC of bytes that hold a CRC stays a good one.
std::string masked_crc(std::string_view bytes) {
  return raw<std::uint32_t>(std::rotr(core::crc32c(bytes), 15) + 0xa282ead8U);
}

// The wire format of protocol buffers: a key (field number and wire type), then the value.
enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string key(std::uint64_t field, WireType type) { return varint(field << 3 | type); }
std::string nested(std::uint64_t field, std::string_view content) {
  return key(field, kLengthDelimited) + varint(content.size()) + std::string(content);
}

/// Event: wall_time = 1, step = 2, file_version = 3, summary = 5.
std::string event_head(double wall_time, graph::Index step) {
  return key(1, kFixed64) + raw(wall_time) + key(2, kVarint) +
         varint(static_cast<std::uint64_t>(step));
}

/// Summary: value = 1; Summary.Value: tag = 1, simple_value = 2.
std::string scalar_value(const std::string& tag, double value) {
  return nested(1, nested(1, tag) + key(2, kFixed32) + raw(static_cast<float>(value)));
}

}  // namespace

std::string record_frame(std::string_view content) {
  const std::string length = raw<std::uint64_t>(content.size());
  return length + masked_crc(length) + std::string(content) + masked_crc(content);
}

std::string tensorboard_bytes(const std::vector<ScalarEvent>& events) {
  const double opened = events.empty() ? 0 : events.front().wall_time;
  std::string bytes = record_frame(event_head(opened, 0) + nested(3, "brain.Event:2"));
  for (const ScalarEvent& event : events) {
    std::string summary;
    for (const auto& [tag, value] : event.scalars) summary += scalar_value(tag, value);
    bytes += record_frame(event_head(event.wall_time, event.step) + nested(5, summary));
  }
  return bytes;
}

}  // namespace vitlab::train
