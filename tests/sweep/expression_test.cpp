#include "sweep/expression.h"

#include "core/random.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

core::Json names(const std::string& name) {
  if (name == "mixer") return "full";
  if (name == "heads") return core::Json::array({4, 3, 2});
  if (name == "depth") return 12;
  if (name == "share") return 0.5;
  throw ExpressionError(0, name + " is unknown");
}

core::Json value_of(const std::string& text) {
  return plain_numbers(Expression::parse(text).evaluate(names));
}

std::string error_of(const std::string& text) {
  try {
    Expression::parse(text).evaluate(names);
  } catch (const ExpressionError& error) {
    return std::to_string(error.offset()) + ": " + error.what();
  }
  return "";
}

TEST_CASE("expressions compute with the precedence of mathematics", "[sweep]") {
  CHECK(value_of("1 + 2 * 3 - 4 / 2") == 5);
  CHECK(value_of("-2 ^ 2") == -4);
  CHECK(value_of("2 ** 3 ^ 2") == 512);
  CHECK(value_of("7 % 4 - -1") == 4);
  CHECK(value_of("-7 % 4") == 1);
  CHECK(value_of("1e3 + .5") == 1000.5);
  CHECK(value_of("(1 + 2) * 3 == 9 and not 1 > 2") == true);
  CHECK(value_of("not true or true") == true);
  CHECK(value_of("1 < 2 ? 'a' : 'b'") == "a");
  CHECK(value_of("false ? 1 : true ? 2 : 3") == 2);
}

TEST_CASE("expressions read names, lists and texts", "[sweep]") {
  CHECK(value_of("mixer == 'full' && heads[1] % 3 == 0") == true);
  CHECK(value_of("mixer in ['full', \"window\"]") == true);
  CHECK(value_of("heads[-1]") == 2);
  CHECK(value_of("depth[1]") == 12);  // a number stands for every stage
  CHECK(value_of("len(heads) + sum(heads) + max(heads) + min(1, depth)") == 3 + 9 + 4 + 1);
  CHECK(value_of("heads == [4, 3, 2]") == true);
  CHECK(value_of("[1, heads[0] / 2]") == core::Json::array({1, 2}));
  CHECK(value_of("round(2.5) + floor(-0.5) + ceil(0.1) + abs(-3) + sqrt(16) + log2(8)") ==
        3 - 1 + 1 + 3 + 4 + 3);
}

TEST_CASE("what does not count is not evaluated", "[sweep]") {
  CHECK(value_of("mixer == 'none' and nothing > 3") == false);
  CHECK(value_of("true or 1 / 0 > 2") == true);
  CHECK(value_of("true ? 1 : nothing") == 1);
}

TEST_CASE("errors of expressions name the byte and the reason", "[sweep]") {
  CHECK(error_of("1 +") == "3: a value is missing at the end");
  CHECK(error_of("depth = 3") == "6: '=' sets nothing here; to compare, write '=='");
  CHECK(error_of("1 < 2 < 3") == "6: comparisons do not chain; join two with 'and'");
  CHECK(error_of("(1") == "2: ')' is missing here");
  CHECK(error_of("1 2") == "2: the expression should end here");
  CHECK(error_of("'open") == "0: the quote is never closed");
  CHECK(error_of("3x") == "1: a number ends here; an operator must follow");
  CHECK_THAT(error_of("mx(1)"),
             Catch::StartsWith("0: 'mx' is not a function; did you mean 'max'?"));
  CHECK(error_of("1 + nothing") == "4: nothing is unknown");
  CHECK(error_of("depth / 0") == "6: division by zero");
  CHECK(error_of("heads[3]") == "5: there is no item 3 in a list of 3 (the first is 0)");
  CHECK(error_of("mixer[0]") == "5: only a list has items, this is the text 'full'");
  CHECK(error_of("mixer < 3") == "6: '<' cannot order the text 'full' and 3");
  CHECK(error_of("mixer + 1") == "6: '+' needs a number, got the text 'full'");
  CHECK(error_of("depth and true") == "6: 'and' needs a condition that is true or false, got 12");
  CHECK(error_of("10 ^ 400") == "3: the result of '^' is not finite");
  CHECK(error_of("1 $ 2") == "2: '$' has no meaning in an expression");
}

TEST_CASE("names are listed once each, in order", "[sweep]") {
  const Expression expression = Expression::parse("b + a * b + max(c[a], 1)");
  REQUIRE(expression.names().size() == 3);
  CHECK(expression.names()[0].name == "b");
  CHECK(expression.names()[1].name == "a");
  CHECK(expression.names()[1].offset == 4);
  CHECK(expression.names()[2].name == "c");
}

TEST_CASE("garbage and deep nesting end in an error, never in a crash", "[sweep]") {
  for (const char* piece : {"(", "-", "[", "not ", "1+(", "2^", "max(", "true?", "1?", "a["}) {
    std::string text;
    for (int i = 0; i < 900; ++i) text += piece;
    CHECK_FALSE(error_of(text).empty());
  }
  std::string sum = "1", indices = "heads";
  for (int i = 0; i < 3000; ++i) sum += "+1";
  for (int i = 0; i < 3000; ++i) indices += "[0]";
  CHECK_FALSE(error_of(sum).empty());
  CHECK_FALSE(error_of(indices).empty());
  const std::vector<std::string> words{"1",  "2.5", "depth", "heads", "mixer", "'x'", "+", "-",
                                       "*",  "/",   "%",     "^",     "(",     ")",   "[", "]",
                                       ",",  "==",  "<",     "and",   "or",    "not", "?", ":",
                                       "in", "max", "len",   "true",  "\"",    "\xff"};
  core::Random random(7);
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::uint64_t n = 1 + random.below(9); n > 0; --n)
      text += words[random.below(words.size())] + " ";
    good += error_of(text).empty();
  }
  CHECK(good > 200);
}

}  // namespace
}  // namespace vitlab::sweep
