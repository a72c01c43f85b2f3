#include "store/record.h"

#include "core/error.h"
#include "core/hash.h"
#include "sample_records.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

const std::string kId(32, 'a');

/// What stands in the file of a record before its checksum.
core::Json record_json() {
  const std::string text = encode_record(sample_record(kId));
  return core::parse_json(text.substr(0, text.find('\n')), "record");
}

/// A record text with a right checksum around any JSON: what a forger would write.
std::string sealed(const core::Json& json) {
  std::string text = json.dump() + "\n";
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n", core::crc32c(text));
  return text + line;
}

TEST_CASE("a record reads back as it was written", "[record]") {
  StageRecord record = sample_record(kId);
  record.attempt = 3;
  record.state = StageState::kOutOfMemory;
  record.reason = "batch 2048";
  record.files = {{"model.safetensors", "files-x/model.safetensors", 12, std::string(64, '0')}};
  const StageRecord again = decode_record(encode_record(record), "r");
  REQUIRE(again.metrics.size() == 3);
  CHECK(std::isnan(again.metrics[2].value));
  StageRecord without_nan = record;
  without_nan.metrics.pop_back();
  CHECK(decode_record(encode_record(without_nan), "r") == without_nan);
  CHECK(encode_record(again) == encode_record(record));
}

TEST_CASE("a NaN in details is kept as text, never as null", "[record]") {
  StageRecord record = sample_record(kId);
  record.details["curve"][0] = std::numeric_limits<double>::infinity();
  const StageRecord again = decode_record(encode_record(record), "r");
  CHECK(again.details["curve"][0] == "inf");
  CHECK(encode_record(record).find("null") == std::string::npos);
}

TEST_CASE("any flipped bit of a record is detected", "[record]") {
  const std::string text = encode_record(sample_record(kId));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      bool is_detected = false;
      try {
        decode_record(damaged, "r");
      } catch (const core::UserError&) {
        is_detected = true;
      }
      if (!is_detected) FAIL("byte " << i << " bit " << bit << " went unseen");
    }
  }
}

TEST_CASE("a record cut off at any length is detected", "[record]") {
  const std::string text = encode_record(sample_record(kId));
  for (std::size_t length = 0; length < text.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(decode_record(text.substr(0, length), "r"), core::UserError);
  }
  CHECK_THROWS_AS(decode_record(text + text, "r"), core::UserError);
  CHECK_THROWS_AS(decode_record(text + "\n", "r"), core::UserError);
}

TEST_CASE("a field of a wrong type or missing is named, whatever the checksum", "[record]") {
  const core::Json good = record_json();
  REQUIRE_NOTHROW(decode_record(sealed(good), "r"));
  for (const auto& [key, value] : good.items()) {
    core::Json missing = good;
    missing.erase(key);
    CHECK_THROWS_WITH(decode_record(sealed(missing), "r"), Catch::Contains("r: " + key));
    for (const core::Json& wrong : {core::Json(nullptr), core::Json(-1), core::Json(1e300),
                                    core::Json::array({1}), core::Json("nan")}) {
      core::Json mistyped = good;
      mistyped[key] = wrong;
      INFO(key << " = " << wrong.dump());
      const bool is_free_text = wrong.is_string() && (key == "kind" || key == "reason");
      const bool is_list = wrong.is_array() && (key == "metrics" || key == "files");
      if (is_free_text)
        CHECK_NOTHROW(decode_record(sealed(mistyped), "r"));
      else if (is_list)
        CHECK_THROWS_WITH(decode_record(sealed(mistyped), "r"), Catch::Contains("[0]"));
      else
        CHECK_THROWS_WITH(decode_record(sealed(mistyped), "r"), Catch::Contains("r: " + key));
    }
  }
}

TEST_CASE("a record never names a file outside its stage folder", "[record]") {
  core::Json json = record_json();
  for (const char* path : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a/.."}) {
    json["files"] = core::Json::array(
        {{{"name", "x"}, {"path", path}, {"size", 1}, {"sha256", std::string(64, '0')}}});
    INFO(path);
    CHECK_THROWS_WITH(decode_record(sealed(json), "r"), Catch::Contains("leaves the stage folder"));
  }
  json["files"][0]["path"] = "files-1/weights/model..safetensors";
  CHECK_NOTHROW(decode_record(sealed(json), "r"));
}

TEST_CASE("a newer schema is refused with the remedy, and what no schema has by its name",
          "[record]") {
  core::Json json = record_json();
  json["colour"] = {1, 2};
  CHECK_THROWS_WITH(decode_record(sealed(json), "r"), Catch::Contains("r: colour is not known"));
  json["schema"] = StageRecord::kSchema + 1;
  CHECK_THROWS_AS(decode_record(sealed(json), "r"), core::CapabilityError);
  CHECK_THROWS_WITH(decode_record(sealed(json), "r"),
                    Catch::Contains("use the program that wrote"));
}

TEST_CASE("deep nesting and other JSON than an object are refused", "[record]") {
  std::string deep = std::string(100'000, '[') + std::string(100'000, ']') + "\n";
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n", core::crc32c(deep));
  CHECK_THROWS_AS(decode_record(deep + line, "r"), core::UserError);
  CHECK_THROWS_AS(decode_record(sealed(core::Json::array()), "r"), core::UserError);
  CHECK_THROWS_AS(decode_record(sealed(core::Json(3)), "r"), core::UserError);
}

/// The text of schema 1 for ever: a later version must still read it.
TEST_CASE("a record of schema 1 still reads", "[record][golden]") {
  const std::string text =
      R"({"schema":1,"id":"0123456789abcdef0123456789abcdef","kind":"cost","kind_version":1,"attempt":1,)"
      R"("state":"done","reason":"","metrics":[{"metric":"params","subject":"","value":2349436.0,)"
      R"("unit":"1","low":2349436.0,"high":"inf","samples":1}],"details":{},"files":[],)"
      R"("provenance":{"host":"h"}})"
      "\ncrc32c e0289ea4\n";
  const StageRecord record = decode_record(text, "golden");
  CHECK(record.metrics.at(0).value == 2349436);
  CHECK(std::isinf(*record.metrics.at(0).high));
  CHECK(encode_record(record) == text);
}

}  // namespace
}  // namespace vitlab::store
