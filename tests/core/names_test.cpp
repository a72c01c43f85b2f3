#include "core/names.h"

#include "core/error.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;

TEST_CASE("the nearest name is found through one or two slips") {
  const std::vector<std::string> known = {"batch_size", "epochs", "learning_rate", "qk", "lr"};
  CHECK(nearest_name("batch_sise", known) == "batch_size");
  CHECK(nearest_name("epcohs", known) == "epochs");
  CHECK(nearest_name("learning_raet", known) == "learning_rate");
  CHECK(nearest_name("Learning_Rate", known) == "learning_rate");
  CHECK(nearest_name("learn_rate", known) == "learning_rate");
  CHECK(nearest_name("kq", known) == "qk");
}

TEST_CASE("names that are far from all others have no neighbour") {
  const std::vector<std::string> known = {"batch_size", "epochs", "lr"};
  CHECK(nearest_name("zebra", known).empty());
  CHECK(nearest_name("ab", known).empty());
  CHECK(nearest_name("", known).empty());
  CHECK(nearest_name("x", {}).empty());
  CHECK(nearest_name(std::string(100'000, 'a'), {std::string(100'000, 'a')}).empty());
}

TEST_CASE("the threshold is a third of the length, at least 2") {
  CHECK(nearest_name("abcdef", {"abcdXY"}) == "abcdXY");
  CHECK(nearest_name("abcdef", {"abcXYZ"}).empty());
  CHECK(nearest_name("abcdefghi", {"abcdefXYZ"}) == "abcdefXYZ");
  CHECK(nearest_name("abcdefghi", {"abcdeWXYZ"}).empty());
}

TEST_CASE("of equally near names the first one wins, a nearer one beats it") {
  CHECK(nearest_name("abcd", {"abcx", "abcy"}) == "abcx");
  CHECK(nearest_name("abcd", {"abxy", "abcy"}) == "abcy");
  CHECK(nearest_name("abcd", {"abcx", "abcd"}) == "abcd");
}

TEST_CASE("the hint is a question or nothing") {
  CHECK(did_you_mean("epoch", {"epochs"}) == "; did you mean 'epochs'?");
  CHECK(did_you_mean("zebra", {"epochs"}).empty());
}

TEST_CASE("words of other tools get their counterpart, if it is known here") {
  CHECK(did_you_mean("lr", {"epochs", "learning_rate"}) == "; did you mean 'learning_rate'?");
  CHECK(did_you_mean("lr", {"epochs"}).empty());
  CHECK(did_you_mean("embed_dim", {"width", "depth"}) == "; did you mean 'width'?");
  CHECK(did_you_mean("num-classes", {"classes", "class_tokens"}) == "; did you mean 'classes'?");
}

TEST_CASE("a longer name is known by its beginning, if that is a word, and a slip is nearer") {
  const std::vector<std::string> models{"deit_tiny", "deit_tiny_distilled", "swin_tiny"};
  CHECK(did_you_mean("deit_tiny_patch16_224", models) == "; did you mean 'deit_tiny'?");
  CHECK(did_you_mean("swin_tiny.ms_in1k", models) == "; did you mean 'swin_tiny'?");
  CHECK(did_you_mean("deit_tiny_distiled", models) == "; did you mean 'deit_tiny_distilled'?");
  CHECK(did_you_mean("swin_tinyish_model_of_mine", models).empty());
}

TEST_CASE("a list is split into as many parts as its separators leave, and joins to itself") {
  using Parts = std::vector<std::string>;
  CHECK(split_list("a,b") == Parts{"a", "b"});
  CHECK(split_list("") == Parts{""});
  CHECK(split_list(",a,,") == Parts{"", "a", "", ""});
  CHECK(split_list("16x32,4", 'x') == Parts{"16", "32,4"});
  for (const char* text : {"", ",", "a", "a,b,c", ",,x", "é,\n"})
    CHECK(joined(split_list(text), ",") == text);
}

TEST_CASE("labels fit to name things pass") {
  for (const char* label : {"m0", "My sweep (2)", "größe", "a.b-c_d", "x..y"}) {
    CHECK_NOTHROW(check_label(label, "sweep name"));
  }
  CHECK_NOTHROW(check_label(std::string(128, 'a'), "sweep name"));
}

TEST_CASE("labels that could act as paths, options or terminal codes are refused") {
  for (const std::string label :
       {"", "a/b", "-x", ".", "..", ".hidden", "a\nb", "a\x1b[0m", "a\x7f", "\xff", "\xc2\x9b"}) {
    CHECK_THROWS_AS(check_label(label, "sweep name"), UserError);
  }
  CHECK_THROWS_AS(check_label(std::string("a\0b", 3), "sweep name"), UserError);
  CHECK_THROWS_WITH(check_label(std::string(129, 'a'), "sweep name"),
                    Catch::StartsWith("sweep name 'aaa") && Catch::Contains("128 bytes"));
}
