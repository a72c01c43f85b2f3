#include "train/tensorboard.h"

#include <bit>
#include <cstring>
#include <map>

#include "core/hash.h"
#include "test.hpp"

namespace vitlab::train {

namespace {

/// Reads bytes from the front, failing the test where they end too soon.
struct Reader {
  std::string_view bytes;

  std::string_view take(std::size_t count) {
    REQUIRE(count <= bytes.size());
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  }
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = take<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
  }
};

std::uint32_t masked(std::string_view bytes) {
  const std::uint32_t crc = core::crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::vector<std::string_view> records(std::string_view file) {
  Reader reader{file};
  std::vector<std::string_view> contents;
  while (!reader.bytes.empty()) {
    const std::string_view length = reader.take(8);
    CHECK(reader.take<std::uint32_t>() == masked(length));
    contents.push_back(reader.take(Reader{length}.take<std::uint64_t>()));
    CHECK(reader.take<std::uint32_t>() == masked(contents.back()));
  }
  return contents;
}

struct ReadEvent {
  double wall_time = 0;
  std::uint64_t step = 0;
  std::string version;
  std::map<std::string, float> scalars;
};

void read_summary(std::string_view summary, ReadEvent& event) {
  for (Reader values{summary}; !values.bytes.empty();) {
    REQUIRE(values.varint() == (1 << 3 | 2));
    Reader value{values.take(values.varint())};
    REQUIRE(value.varint() == (1 << 3 | 2));
    const std::string tag(value.take(value.varint()));
    REQUIRE(value.varint() == (2 << 3 | 5));
    event.scalars[tag] = value.take<float>();
    CHECK(value.bytes.empty());
  }
}

ReadEvent read_event(std::string_view content) {
  ReadEvent event;
  for (Reader reader{content}; !reader.bytes.empty();) {
    switch (reader.varint()) {
      case 1 << 3 | 1:
        event.wall_time = reader.take<double>();
        break;
      case 2 << 3 | 0:
        event.step = reader.varint();
        break;
      case 3 << 3 | 2:
        event.version = reader.take(reader.varint());
        break;
      case 5 << 3 | 2:
        read_summary(reader.take(reader.varint()), event);
        break;
      default:
        FAIL("an unknown field");
    }
  }
  return event;
}

}  // namespace

TEST_CASE("an event file reads back frame by frame with good checksums") {
  const std::string file =
      tensorboard_bytes({{1.5e9, 16, {{"loss/train", 2.25}, {"accuracy/train", 0.125}}},
                         {1.6e9, 300000, {{"a", -1}}}});
  const std::vector<std::string_view> contents = records(file);
  REQUIRE(contents.size() == 3);
  const ReadEvent head = read_event(contents[0]);
  CHECK(head.version == "brain.Event:2");
  CHECK(head.wall_time == 1.5e9);
  const ReadEvent first = read_event(contents[1]);
  CHECK(first.step == 16);
  CHECK(first.scalars ==
        std::map<std::string, float>{{"loss/train", 2.25F}, {"accuracy/train", 0.125F}});
  const ReadEvent second = read_event(contents[2]);
  CHECK(second.step == 300000);
  CHECK(second.wall_time == 1.6e9);
  CHECK(second.scalars.at("a") == -1);
}

TEST_CASE("a frame is what TensorFlow writes") {
  // The first record of every event file, known from the format: 24 bytes, wall time 0.
  std::string content(9, '\0');
  content[0] = '\x09';
  content +=
      "\x1a\x0d"
      "brain.Event:2";
  const std::string frame = record_frame(content);
  CHECK(frame.size() == content.size() + 16);
  CHECK(frame.substr(12, content.size()) == content);
  // Masked CRC-32C of the eight length bytes 18 00 …, as found at the head of any such file.
  CHECK(frame.substr(0, 12) == std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
}

}  // namespace vitlab::train
