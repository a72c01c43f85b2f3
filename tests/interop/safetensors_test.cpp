#include "interop/safetensors.h"

#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "interop/stored_tensor_file.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::interop {

namespace {

/// A file with this header and `bytes` bytes of data.
std::string file_with(const std::string& header, std::size_t bytes) {
  std::string content;
  for (int i = 0; i < 8; ++i)
    content.push_back(static_cast<char>(std::uint64_t{header.size()} >> (8 * i) & 0xff));
  return content + header + std::string(bytes, 'x');
}

std::string one(const std::string& fields, std::size_t bytes) {
  return file_with("{\"t\":{" + fields + "}}", bytes);
}

std::string refusal(const std::string& content) {
  try {
    parse_safetensors(content, "f.safetensors");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

std::string two_tensors() {
  const std::string a(24, 'a'), b(6, 'b');
  return safetensors_bytes({{"b", StoredType::kU8, {2, 3}, b}, {"a", StoredType::kF32, {6}, a}},
                           {{"format", "pt"}, {"note", "Grüße \"quoted\""}});
}

}  // namespace

TEST_CASE("what is written is read, in aligned order and with its metadata") {
  const SafetensorsView view = [] {
    static const std::string content = two_tensors();
    return parse_safetensors(content, "f");
  }();
  REQUIRE(view.tensors.size() == 2);
  CHECK(view.tensors[0].name == "a");
  CHECK(view.tensors[0].type == StoredType::kF32);
  CHECK(view.tensors[0].shape == std::vector<std::int64_t>{6});
  CHECK(view.tensors[0].bytes == std::string(24, 'a'));
  CHECK(view.tensors[1].bytes == std::string(6, 'b'));
  CHECK(view.metadata.at("note") == "Grüße \"quoted\"");
}

TEST_CASE("the data of a written file begins at a multiple of eight") {
  for (std::size_t length = 1; length < 20; ++length) {
    const std::string data(4, 'd');
    const std::string content =
        safetensors_bytes({{std::string(length, 'n'), StoredType::kF32, {1}, data}}, {});
    CHECK((content.size() - data.size()) % 8 == 0);
    CHECK(refusal(content) == "accepted");
  }
}

TEST_CASE("the same tensors give the same bytes in any order") {
  const std::string a(8, 'a'), b(8, 'b');
  const StoredTensor first{"a", StoredType::kI64, {1}, a}, second{"b", StoredType::kI64, {1}, b};
  CHECK(safetensors_bytes({first, second}, {}) == safetensors_bytes({second, first}, {}));
}

TEST_CASE("tensors without elements and without dimensions are legal") {
  CHECK(refusal(file_with(
            "{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            "\"e\":{\"dtype\":\"F32\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]},"
            "\"z\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]}}",
            4)) == "accepted");
  CHECK(refusal(file_with("{}", 0)) == "accepted");
  CHECK(refusal(file_with("{}      ", 0)) == "accepted");
}

TEST_CASE("every way to be malformed has its own refusal") {
  const auto refuses = [](const std::string& content, const std::string& reason) {
    const std::string text = refusal(content);
    CHECK_THAT(text, Catch::Contains(reason));
    CHECK_THAT(text, Catch::StartsWith("f.safetensors"));
  };
  refuses("", "0 bytes");
  refuses("1234567", "7 bytes");
  refuses(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8), "more than 100,000,000");
  refuses(std::string("\x01\xe1\xf5\x05\0\0\0\0", 8), "100000001");
  refuses(file_with("{}", 0).substr(0, 9), "cut short");
  refuses(file_with("", 0), "does not start with '{'");
  refuses(file_with(" {}", 0), "does not start with '{'");
  refuses(file_with("[]", 0), "does not start with '{'");
  refuses(file_with("{\"\xff\":1}", 0), "UTF-8");
  refuses(file_with("{\"a\":", 0), "header");
  refuses(file_with("{} {}", 0), "header");
  const std::string t = "\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
  refuses(file_with("{" + t + "," + t + "}", 1), "header");
  refuses(file_with("{\"t\":" + std::string(40, '[') + std::string(40, ']') + "}", 0), "header");
  refuses(file_with("{\"t\":3}", 0), "tensor 't' must be a map");
  refuses(file_with("{\"" + std::string(1025, 'n') + "\":{}}", 0), "1,024");
  refuses(one("\"shape\":[1],\"data_offsets\":[0,1]", 1), "tensor 't'.dtype is missing");
  refuses(one("\"dtype\":\"U8\",\"data_offsets\":[0,1]", 1), "tensor 't'.shape is missing");
  refuses(one("\"dtype\":\"U8\",\"shape\":[1]", 1), "tensor 't'.data_offsets is missing");
  refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1", 1),
          "tensor 't'.x is not known");
  refuses(one("\"dtype\":\"F128\",\"shape\":[1],\"data_offsets\":[0,1]", 1), "'F128'");
  refuses(one("\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]", 1),
          "tensor 't'.dtype must be a text");
  refuses(one("\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]", 1),
          "tensor 't'.shape must be a list");
  for (const char* size : {"-1", "1.0", "1.5", "\"1\"", "null", "1e0", "18446744073709551615",
                           "99999999999999999999999"}) {
    refuses(one("\"dtype\":\"U8\",\"shape\":[" + std::string(size) + "],\"data_offsets\":[0,1]", 1),
            "tensor 't'.shape[0] ");
    refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0," + std::string(size) + "]", 1),
            "tensor 't'.data_offsets[1] ");
  }
  refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]", 1), "two data_offsets");
  refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]", 1), "two data_offsets");
  refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]", 1), "ends before it begins");
  refuses(one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]", 2), "hole");
  refuses(one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]", 4), "need 8");
  refuses(one("\"dtype\":\"F64\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]", 0),
          "more elements than can be counted");
  refuses(one("\"dtype\":\"F32\",\"shape\":[9223372036854775807,3],\"data_offsets\":[0,4]", 4),
          "more elements than can be counted");
  refuses(one("\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]", 2), "cut short");
  refuses(one("\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]", 4), "1 bytes follow");
  const auto pair = [](const char* first, const char* second) {
    return file_with(
        std::string("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":") + first +
            "},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" + second + "}}",
        5);
  };
  refuses(pair("[0,2]", "[1,3]"), "overlaps");
  refuses(pair("[0,2]", "[0,2]"), "overlaps");
  refuses(pair("[0,2]", "[3,5]"), "hole");
  std::string ranks = "1";
  for (int i = 0; i < 16; ++i) ranks += ",1";
  refuses(one("\"dtype\":\"U8\",\"shape\":[" + ranks + "],\"data_offsets\":[0,1]", 1),
          "16 dimensions");
  std::string many;
  for (std::size_t i = 0; i <= kMaxTensorCount; ++i)
    many += (i == 0 ? "{\"" : ",\"") + std::to_string(i) + "\":0";
  refuses(file_with(many + "}", 0), "more than 1,000,000 tensors");
  refuses(file_with("{\"__metadata__\":{\"a\":1}}", 0), "not a text");
  refuses(file_with("{\"__metadata__\":[]}", 0), "not a map");
}

TEST_CASE("a file cut short anywhere is refused") {
  const std::string content = two_tensors();
  for (std::size_t length = 0; length < content.size(); ++length)
    CHECK(refusal(content.substr(0, length)) != "accepted");
  CHECK(refusal(content) == "accepted");
  CHECK(refusal(content + "x") != "accepted");
}

TEST_CASE("flipped bytes are refused or read within bounds, never worse") {
  const std::string content = two_tensors();
  core::Random random(1);
  std::size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string broken = content;
    for (std::uint64_t i = 0, count = 1 + random.below(3); i < count; ++i)
      broken[random.below(broken.size())] = static_cast<char>(random.below(256));
    try {
      const SafetensorsView view = parse_safetensors(broken, "f");
      std::size_t bytes = 0;
      for (const StoredTensor& tensor : view.tensors) {
        bytes += tensor.bytes.size();
        CHECK(tensor.bytes.data() >= broken.data());
        CHECK(tensor.bytes.data() + tensor.bytes.size() <= broken.data() + broken.size());
      }
      CHECK(bytes < broken.size());
      ++accepted;
    } catch (const core::UserError&) {
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 20000);
}

TEST_CASE("a file on disk holds its tensors; other things are refused by path") {
  const TemporaryFolder folder;
  core::write_file_atomically(folder / "a.safetensors", two_tensors());
  const StoredTensorFile file(folder / "a.safetensors");
  CHECK(file.tensors().size() == 2);
  CHECK(file.tensors()[0].bytes == std::string(24, 'a'));
  CHECK_THROWS_WITH(StoredTensorFile(folder / "b.safetensors"),
                    Catch::Contains("b.safetensors") && Catch::Contains("No such file"));
  CHECK_THROWS_AS(StoredTensorFile(folder.path()), core::UserError);
}

}  // namespace vitlab::interop
