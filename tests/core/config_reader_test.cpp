#include "core/config_reader.h"

#include "core/error.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// A parsed text and the messages that reading it left.
struct Reading {
  explicit Reading(const std::string& text) : document(parse_document("f.yaml", text)) {}
  ConfigReader reader() { return ConfigReader(document.root, document.problems); }
  std::string messages() const {
    try {
      document.problems.throw_if_any();
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }
  ConfigDocument document;
};

template <typename T>
std::string refusal(const std::string& scalar) {
  Reading reading("k: " + scalar);
  T value{};
  CHECK_FALSE(reading.reader().required("k", value));
  CHECK(value == T{});
  return reading.messages();
}

template <typename T>
T accepted(const std::string& scalar) {
  Reading reading("k: " + scalar);
  T value{};
  CHECK(reading.reader().required("k", value));
  CHECK(reading.messages() == "");
  return value;
}

}  // namespace

TEST_CASE("booleans are true and false only") {
  CHECK(accepted<bool>("true"));
  CHECK_FALSE(accepted<bool>("false"));
  for (const char* word : {"yes", "on", "y", "True", "1"}) {
    CHECK_THAT(refusal<bool>(word), Contains("must be true or false") && Contains("write true"));
  }
  for (const char* word : {"no", "off", "N", "FALSE", "0"}) {
    CHECK_THAT(refusal<bool>(word), Contains("write false"));
  }
  CHECK_THAT(refusal<bool>("'true'"), Contains("remove the quotes"));
  CHECK_THAT(refusal<bool>("maybe"),
             StartsWith("f.yaml:1:4: k must be true or false, got 'maybe'"));
}

TEST_CASE("whole numbers read exactly or not at all") {
  CHECK(accepted<std::int64_t>("0") == 0);
  CHECK(accepted<std::int64_t>("-0") == 0);
  CHECK(accepted<std::int64_t>("+7") == 7);
  CHECK(accepted<std::int64_t>("-12") == -12);
  CHECK(accepted<std::int64_t>("5e6") == 5'000'000);
  CHECK(accepted<std::int64_t>("1.5e1") == 15);
  CHECK(accepted<std::int64_t>("3.0") == 3);
  CHECK(accepted<std::int64_t>("9223372036854775807") == INT64_MAX);
  CHECK(accepted<std::int64_t>("-9223372036854775808") == INT64_MIN);
  for (const char* text :
       {"many", "1.5",  "1e-3", "0.1e0", ".",  "+-",  "+",   "--1",    "+-1", "1 2",
        "nan",  ".nan", "inf",  ".inf",  "1e", "'5'", "[5]", "{a: 5}", "~",   ""}) {
    CHECK_THAT(refusal<std::int64_t>(text), Contains("k must be a whole number, got"));
  }
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "1e300", "1e999", "1e16",
                           "99999999999999999999"}) {
    CHECK_THAT(refusal<std::int64_t>(text), Contains("does not fit 64 bits exactly"));
  }
}

TEST_CASE("numbers that YAML readers disagree on are refused with a remedy") {
  for (const char* text : {"010", "-010", "00", "+08", "01.5"}) {
    CHECK_THAT(refusal<std::int64_t>(text), Contains("octal"));
    CHECK_THAT(refusal<double>(text), Contains("octal"));
  }
  for (const char* text : {"0x10", "0o10", "0b11", "-0xff"}) {
    CHECK_THAT(refusal<std::int64_t>(text), Contains("decimal"));
    CHECK_THAT(refusal<double>(text), Contains("decimal"));
  }
  CHECK_THAT(refusal<std::int64_t>("1_000"), Contains("without separators"));
  CHECK_THAT(refusal<double>("1,000.5"), Contains("without separators"));
  CHECK(accepted<std::string>("010") == "010");
}

TEST_CASE("floating numbers are finite") {
  CHECK(accepted<double>("0.5") == 0.5);
  CHECK(accepted<double>(".5") == 0.5);
  CHECK(accepted<double>("-1e-3") == -0.001);
  CHECK(accepted<double>("+2") == 2.0);
  CHECK(accepted<double>("0") == 0.0);
  for (const char* text :
       {".inf", "-.inf", ".nan", "nan", "inf", "infinity", "1.2.3", "x", "'1'"}) {
    CHECK_THAT(refusal<double>(text), Contains("k must be a finite number, got"));
  }
  CHECK_THAT(refusal<double>("1e400"), Contains("out of the range"));
}

TEST_CASE("text takes any scalar, quoted or not, and nothing else") {
  CHECK(accepted<std::string>("word") == "word");
  CHECK(accepted<std::string>("12") == "12");
  CHECK(accepted<std::string>("''").empty());
  CHECK(accepted<std::string>("\"~\"") == "~");
  CHECK_THAT(refusal<std::string>("[a]"), Contains("k must be text, got a list"));
  CHECK_THAT(refusal<std::string>("{a: b}"), Contains("got a map"));
  CHECK_THAT(refusal<std::string>(""), Contains("got nothing"));
}

TEST_CASE("lists read item by item and keep the default when one is wrong") {
  CHECK(accepted<std::vector<std::int64_t>>("[1, 2, 3]") == std::vector<std::int64_t>{1, 2, 3});
  CHECK(accepted<std::vector<double>>("[]").empty());
  CHECK(accepted<std::vector<std::string>>("[a, 'b']") == std::vector<std::string>{"a", "b"});
  CHECK_THAT(refusal<std::vector<std::int64_t>>("[1, x, 010]"),
             Contains("f.yaml:1:8: k[1] must be a whole number, got 'x'") &&
                 Contains("f.yaml:1:11: k[2] must be"));
  CHECK_THAT(refusal<std::vector<double>>("5"), Contains("k must be a list of numbers, got '5'"));
}

TEST_CASE("one or many takes a number or a list") {
  Reading reading("a: 4\nb: [4, 4, 2]\nc: x\n");
  ConfigReader reader = reading.reader();
  std::vector<std::int64_t> value = {9};
  CHECK(reader.one_or_many("a", value));
  CHECK(value == std::vector<std::int64_t>{4});
  CHECK(reader.one_or_many("b", value));
  CHECK(value == std::vector<std::int64_t>{4, 4, 2});
  CHECK_FALSE(reader.one_or_many("c", value));
  CHECK_FALSE(reader.one_or_many("absent", value));
  CHECK(value == std::vector<std::int64_t>{4, 4, 2});
  std::vector<double> doubles;
  CHECK(reader.one_or_many("b", doubles));
  CHECK(doubles == std::vector<double>{4, 4, 2});
  CHECK_THAT(reading.messages(), Contains("f.yaml:3:4: c must be a whole number, got 'x'"));
}

TEST_CASE("a missing key is a problem only if it is required") {
  Reading reading("train:\n  momentum: 0.9\n");
  ConfigReader reader = reading.reader();
  std::optional<ConfigReader> train = reader.child("train");
  REQUIRE(train);
  std::int64_t epochs = 7;
  CHECK_FALSE(train->optional("epochs", epochs));
  CHECK(reading.messages() == "");
  CHECK_FALSE(train->required("epochs", epochs));
  CHECK(epochs == 7);
  CHECK(reading.messages() == "f.yaml:1:1: train.epochs is missing\n    train:\n    ^");
  CHECK_FALSE(reader.child("absent"));
}

TEST_CASE("an unknown key names the nearest setting that was asked for") {
  Reading reading("train:\n  epochs: 3\n  batch_sise: 8\n  nonsense: 1\n");
  ConfigReader reader = reading.reader();
  ConfigReader train = *reader.child("train");
  std::int64_t number = 0;
  train.optional("epochs", number);
  train.optional("batch_size", number);
  train.finish();
  reader.finish();
  CHECK_THAT(
      reading.messages(),
      StartsWith("f.yaml:3:3: train.batch_sise is not a setting; did you mean 'batch_size'?\n") &&
          Contains("f.yaml:4:3: train.nonsense is not a setting; the settings here are "
                   "batch_size, epochs\n"));
  CHECK(reading.document.problems.count() == 2);
}

TEST_CASE("a setting that is there already is not suggested") {
  Reading reading("epochs: 3\nepoch: 4\n");
  ConfigReader reader = reading.reader();
  std::int64_t number = 0;
  reader.optional("epochs", number);
  reader.finish();
  CHECK_THAT(reading.messages(), Contains("epoch is not a setting") && !Contains("did you mean"));
}

TEST_CASE("a file of many unknown keys is answered quickly") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "some_long_key_name_" + std::to_string(i) + ": 1\n";
  Reading reading(text);
  ConfigReader reader = reading.reader();
  for (int i = 0; i < 40; ++i) {
    std::int64_t number = 0;
    reader.optional("some_long_setting_" + std::to_string(i), number);
  }
  reader.finish();
  CHECK(reading.document.problems.count() == 50'000);
  CHECK_THAT(reading.messages(), Contains("and 49950 more problems"));
}

TEST_CASE("a choice is one of its names") {
  Reading reading("a: sgd\nb: adam\nc: [sgd]\n");
  ConfigReader reader = reading.reader();
  const std::vector<std::string> choices = {"adamw", "sgd"};
  std::size_t index = 9;
  CHECK(reader.choice("a", choices, index));
  CHECK(index == 1);
  CHECK_FALSE(reader.choice("b", choices, index));
  CHECK_FALSE(reader.choice("c", choices, index));
  CHECK_FALSE(reader.choice("absent", choices, index));
  CHECK(index == 1);
  CHECK_THAT(
      reading.messages(),
      Contains("f.yaml:2:4: b must be one of adamw, sgd, got 'adam'; did you mean 'adamw'?") &&
          Contains("f.yaml:3:4: c must be one of adamw, sgd, got a list"));
}

TEST_CASE("a child that is no map is one problem and reads as absent") {
  Reading reading("train: 5\n");
  ConfigReader reader = reading.reader();
  CHECK_FALSE(reader.child("train"));
  reader.finish();
  CHECK(reading.messages() ==
        "f.yaml:1:8: train must be a map of settings, got '5'\n    train: 5\n           ^");
}

TEST_CASE("a root that is no map is one problem, not one per setting") {
  for (const char* text : {"", "[1]", "word"}) {
    Reading reading(text);
    ConfigReader reader = reading.reader();
    std::int64_t number = 3;
    CHECK_FALSE(reader.required("epochs", number));
    CHECK_FALSE(reader.has("epochs"));
    reader.finish();
    CHECK(reading.document.problems.count() == 1);
    CHECK_THAT(reading.messages(), StartsWith("f.yaml:1:1: must be a map of settings, got "));
  }
}

TEST_CASE("paths run through lists of maps") {
  Reading reading("stages:\n  - layers: [{kind: x}]\n");
  ConfigReader reader = reading.reader();
  const ConfigNode* stages = reader.node("stages");
  REQUIRE(stages != nullptr);
  ConfigReader stage = reader.child_of(stages->items[0], reader.path_of("stages") + "[0]");
  const ConfigNode* layers = stage.node("layers");
  ConfigReader layer = stage.child_of(layers->items[0], stage.path_of("layers") + "[0]");
  layer.fail("kind", "is unknown");
  layer.fail("dim", "is too small");
  layer.fail_here("is odd");
  CHECK_THAT(reading.messages(),
             Contains("f.yaml:2:21: stages[0].layers[0].kind is unknown") &&
                 Contains("f.yaml:2:14: stages[0].layers[0].dim is too small") &&
                 Contains("f.yaml:2:14: stages[0].layers[0] is odd"));
}
