#include "core/json.h"

#include <bit>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/random.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;
using Catch::StartsWith;

namespace {

std::string refusal(const std::string& text, int depth = 64) {
  try {
    parse_json(text, "f.json", depth);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("canonical text does not depend on the order of keys") {
  const Json a = Json::parse(R"({"b": {"y": 1, "x": [1, {"q": 1, "p": 2}]}, "a": null})");
  const Json b = Json::parse(R"({"a": null, "b": {"x": [1, {"p": 2, "q": 1}], "y": 1}})");
  CHECK(canonical_json(a) == R"({"a":null,"b":{"x":[1,{"p":2,"q":1}],"y":1}})");
  CHECK(canonical_json(a) == canonical_json(b));
}

TEST_CASE("canonical numbers have one spelling each") {
  CHECK(canonical_json(Json(1.0)) == "1");
  CHECK(canonical_json(Json(1)) == "1");
  CHECK(canonical_json(Json(1u)) == "1");
  CHECK(canonical_json(Json(-0.0)) == "0");
  CHECK(canonical_json(Json(0.1)) == "0.1");
  CHECK(canonical_json(Json(-2.5e-7)) == "-2.5e-07");
  CHECK(canonical_json(Json(9007199254740991.0)) == "9007199254740991");
  CHECK(canonical_json(Json(9007199254740992.0)) == "9007199254740992");
  CHECK(canonical_json(Json(1e300)) == "1e+300");
  CHECK(canonical_json(Json(18446744073709551615u)) == "18446744073709551615");
  CHECK(canonical_json(Json(INT64_MIN)) == "-9223372036854775808");
}

TEST_CASE("canonical doubles read back to the same bits") {
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random.next());
    if (!std::isfinite(value)) continue;
    CHECK(parse_json(canonical_json(Json(value)), "x").get<double>() == value);
  }
}

TEST_CASE("canonical text is UTF-8 with JSON's escapes only") {
  CHECK(canonical_json(Json("ä\"\\\n\x01/")) == "\"ä\\\"\\\\\\n\\u0001/\"");
  CHECK(canonical_json(Json::object()) == "{}");
  CHECK(canonical_json(Json::array()) == "[]");
  CHECK(canonical_json(Json()) == "null");
}

TEST_CASE("what has no canonical form breaks a promise") {
  CHECK_THROWS_AS(canonical_json(Json(std::nan(""))), std::logic_error);
  CHECK_THROWS_AS(canonical_json(Json{{"a", {1, HUGE_VAL}}}), std::logic_error);
  CHECK_THROWS_AS(canonical_json(Json("\xff")), std::logic_error);
  CHECK_THROWS_AS(canonical_json(Json::binary({1, 2})), std::logic_error);
}

TEST_CASE("parsed JSON keeps order, types and exact integers") {
  const Json value =
      parse_json(R"({"z": 1, "a": [-2, 2.5, "x", false, null, {}], "m": {"k": []}})", "x");
  CHECK(value.dump() == R"({"z":1,"a":[-2,2.5,"x",false,null,{}],"m":{"k":[]}})");
  CHECK(value["z"].is_number_unsigned());
  CHECK(value["a"][0].is_number_integer());
  CHECK(value["a"][1].is_number_float());
  CHECK(parse_json("9223372036854775807", "x").get<std::int64_t>() == INT64_MAX);
  CHECK(parse_json(" 3 ", "x") == 3);
  CHECK(parse_json("{\"a\": {\"k\": 1}, \"b\": {\"k\": 2}}", "x")["b"]["k"] == 2);
}

TEST_CASE("JSON that readers disagree on is refused with its byte") {
  CHECK_THAT(refusal(R"({"a": 1, "b": 2, "a": 3})"),
             StartsWith("f.json: key 'a' stands twice at byte 2"));
  CHECK_THAT(refusal(R"([{"x": {"a": 1, "\u0061": 3}}])"), Contains("key 'a' stands twice"));
  CHECK_THAT(refusal("[1, 2] 3"), StartsWith("f.json: ") && Contains("at byte 8"));
  for (const char* text : {"", "[1,]", "{\"a\" 1}", "nul", "NaN", "[1", "'a'", "\"\xff\"", "01",
                           "1e999", "{1: 2}", "\"\\ud800\"", "/* c */ 1", "\"a\nb\""}) {
    CHECK_THAT(refusal(text), StartsWith("f.json: ") && Contains(" at byte "));
  }
}

TEST_CASE("JSON that is nested too deep is refused, however deep") {
  CHECK(refusal("[[[]]]", 3).empty());
  CHECK_THAT(refusal("[[[[]]]]", 3), StartsWith("f.json: nested deeper than 3 levels at byte 4"));
  CHECK_THAT(refusal(std::string(1'000'000, '[')), Contains("nested deeper than 64 levels"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK_THAT(refusal(objects), Contains("nested deeper than 64 levels"));
}

TEST_CASE("an object of very many keys is read in one pass") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  text += "\"k\":1}";
  CHECK(parse_json(text, "x").size() == 100'001);
}

TEST_CASE("numbers that JSON lacks travel as text") {
  const double values[] = {0.0, -1.5, HUGE_VAL, -HUGE_VAL, 1e-300};
  for (const double value : values) {
    CHECK(number_from_json(parse_json(dump_json(json_number(value)), "x"), "loss") == value);
  }
  CHECK(std::isnan(number_from_json(json_number(std::nan("")), "loss")));
  CHECK(json_number(-HUGE_VAL) == "-inf");
  CHECK(number_from_json(Json(3), "loss") == 3.0);
  for (const Json& wrong : {Json("x"), Json(nullptr), Json(true), Json::array()}) {
    CHECK_THROWS_WITH(number_from_json(wrong, "record.loss"),
                      StartsWith("record.loss must be a number"));
  }
}

TEST_CASE("a dump never throws on broken UTF-8") {
  CHECK(dump_json(Json("a\xff")) == "\"a\ufffd\"");
  CHECK(dump_json(Json{{"b", 1}, {"a", {2}}}, 1) == "{\n \"b\": 1,\n \"a\": [\n  2\n ]\n}");
}
