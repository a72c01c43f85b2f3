#include "core/text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>

#include "core/random.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;

TEST_CASE("UTF-8 is told from other bytes") {
  for (const char* good : {"", "abc", "ä", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "a\xff"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("widths count characters and clipping keeps them whole") {
  CHECK(display_width("") == 0);
  CHECK(display_width("aä€😀") == 4);
  CHECK(clipped("abc", 3) == "abc");
  CHECK(clipped("abcd", 3) == "ab…");
  CHECK(clipped("ä€😀x", 3) == "ä€…");
  CHECK(clipped("abc", 1) == "…");
  CHECK(clipped("abc", 0).empty());
  CHECK(clipped("", 0).empty());
}

TEST_CASE("printable text shows what cannot be printed") {
  CHECK(printable("aä") == "aä");
  CHECK(printable("a\x1b[0m\n\x7f") == "a\\x1b[0m\\x0a\\x7f");
  CHECK(printable("\xff\xc2\x9b") == "\\xff\\xc2\\x9b");
  CHECK(quoted_clip("x") == "'x'");
  CHECK(display_width(quoted_clip(std::string(100'000, 'x'))) == 62);
  CHECK(is_utf8(quoted_clip(std::string(255, 'x') + "ä")));
}

TEST_CASE("a table aligns numbers right and text left") {
  TextTable table({"name", "params", "note"});
  CHECK(table.empty());
  table.add({"m0", "2,349,436", "ä"});
  table.add({"m10", "-", ""});
  table.add({"x", "-1.5e-3", "long note"});
  CHECK_FALSE(table.empty());
  CHECK(table.str() ==
        "name     params  note\n"
        "----  ---------  ---------\n"
        "m0    2,349,436  ä\n"
        "m10           -\n"
        "x       -1.5e-3  long note\n");
  CHECK(table.markdown() ==
        "| name | params | note |\n"
        "| --- | ---: | --- |\n"
        "| m0 | 2,349,436 | ä |\n"
        "| m10 | - |  |\n"
        "| x | -1.5e-3 | long note |\n");
}

TEST_CASE("numbers with units are numbers, ids and words are not") {
  const auto is_right_aligned = [](const std::string& cell) {
    TextTable table({"wide header column"});
    table.add({cell});
    const std::string text = table.str();
    return text.find("\n  ") != std::string::npos;
  };
  for (const char* cell : {"1", "+2", "-3.5", ".5", "1e-3", "12 %", "12%", "79.2 M", "2.5x",
                           "75.1 ± 0.25", "nan", "1.25 GB/s"}) {
    CAPTURE(cell);
    CHECK(is_right_aligned(cell));
  }
  for (const char* cell :
       {"", "-", "m0", "3f2a", "1.2.3", "1e", "12 is a long remark", "a 1", "."}) {
    CAPTURE(cell);
    CHECK_FALSE(is_right_aligned(cell));
  }
}

TEST_CASE("a table that is too wide shortens its widest text column") {
  TextTable table({"id", "description", "value"});
  table.add({"a", std::string(50, 'd'), "12345"});
  table.add({"b", "short", "1"});
  for (std::size_t width = 0; width < 70; ++width) {
    std::istringstream lines(table.str(width));
    for (std::string line; std::getline(lines, line);) {
      // 2 + 16 + 5 columns of cells and two gaps are the least that this table takes.
      if (width > 0) CHECK(display_width(line) <= std::max<std::size_t>(width, 27));
      CHECK((line.empty() || line.back() != ' '));
    }
  }
  CHECK_THAT(table.str(30), Contains("dddd…  12345"));
  CHECK_THAT(table.str(0), Contains(std::string(50, 'd')));
}

TEST_CASE("a table without rows is a header and a rule, and cells stay on one line") {
  CHECK(TextTable({"a", "bc"}).str() == "a  bc\n-  --\n");
  TextTable table({"a|b"});
  table.add({"x\ny|z\x1b"});
  CHECK(table.str() == "a|b\n---------\nx y|z\\x1b\n");
  CHECK(table.markdown() == "| a\\|b |\n| --- |\n| x y\\|z\\x1b |\n");
  CHECK_THROWS_AS(table.add({"1", "2"}), std::logic_error);
  CHECK_THROWS_AS(TextTable({}), std::logic_error);
}

TEST_CASE("thousands are separated for every integer") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(-1000) == "-1,000");
  CHECK(with_thousands(2349436) == "2,349,436");
  CHECK(with_thousands(INT64_MIN) == "-9,223,372,036,854,775,808");
  CHECK(with_thousands(INT64_MAX) == "9,223,372,036,854,775,807");
}

TEST_CASE("SI prefixes carry three significant digits") {
  CHECK(si(0) == "0");
  CHECK(si(0, "B") == "0 B");
  CHECK(si(5) == "5");
  CHECK(si(999) == "999");
  CHECK(si(1000) == "1.00 k");
  CHECK(si(999'499) == "999 k");
  CHECK(si(999'600) == "1.00 M");
  CHECK(si(79'193'600) == "79.2 M");
  CHECK(si(79'193'600, "MAC") == "79.2 MMAC");
  CHECK(si(-2'349'436) == "-2.35 M");
  CHECK(si(0.00321, "s") == "3.21 ms");
  CHECK(si(4.5e-7, "s") == "450 ns");
  CHECK(si(1e18) == "1.00 E");
  CHECK(si(123.456) == "123");
  CHECK(si(12.25, "%") == "12.2 %");
  CHECK(si(1e24) == "1e+24");
  CHECK(si(std::nan(""), "B") == "nan B");
  CHECK(si(-HUGE_VAL) == "-inf");
}

TEST_CASE("SI text is within half of its last digit of the value") {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::pow(10.0, random.uniform(-11.9, 20.9));
    const std::string text = si(value, "s");
    std::istringstream words(text);
    double number = 0;
    std::string suffix;
    words >> number >> suffix;
    const std::string prefixes[] = {"ps", "ns", "µs", "ms", "s", "ks",
                                    "Ms", "Gs", "Ts", "Ps", "Es"};
    const auto* found = std::find(std::begin(prefixes), std::end(prefixes), suffix);
    REQUIRE(found != std::end(prefixes));
    const double scale = std::pow(10.0, 3.0 * static_cast<double>(found - prefixes) - 12.0);
    CHECK(number * scale == Approx(value).epsilon(0.00501));
    CHECK(display_width(text) <= 7);
  }
}

TEST_CASE("the shortest text reads back to the same double") {
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(5e6) == "5e+06");
  CHECK(shortest(-0.0) == "-0");
  CHECK(shortest(std::nan("")) == "nan");
  CHECK(shortest(-std::nan("")) == "nan");
  CHECK(shortest(-HUGE_VAL) == "-inf");
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random.next());
    if (std::isnan(value)) continue;
    CHECK(std::strtod(shortest(value).c_str(), nullptr) == value);
  }
}

TEST_CASE("significant digits come without noise") {
  CHECK(significant(0, 3) == "0");
  CHECK(significant(-0.0, 3) == "0");
  CHECK(significant(1.0, 3) == "1");
  CHECK(significant(0.30000000000000004, 3) == "0.3");
  CHECK(significant(-2.3456, 3) == "-2.35");
  CHECK(significant(99.96, 3) == "100");
  CHECK(significant(1234567, 3) == "1234567");
  CHECK(significant(0.00012345, 2) == "0.00012");
  CHECK(significant(1.5e-9, 3) == "1.5e-09");
  CHECK(significant(1.5e20, 3) == "1.5e+20");
  CHECK(significant(std::nan(""), 3) == "nan");
  CHECK(significant(HUGE_VAL, 3) == "inf");
  CHECK(significant(-HUGE_VAL, 3) == "-inf");
  CHECK(significant(2.5, 0) == "2");
}

TEST_CASE("HTML and CSV cells cannot break out") {
  CHECK(escape_html("<a href=\"x\" title='y'>&amp;") ==
        "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("").empty());
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(csv_cell("two\nlines") == "\"two\nlines\"");
  for (const char* number : {"-1", "+2.5", "-1e-3", "-inf", "-0"})
    CHECK(csv_cell(number) == number);
  CHECK(csv_cell("=1+2") == "'=1+2");
  CHECK(csv_cell("-1+cmd|x") == "'-1+cmd|x");
  CHECK(csv_cell("@x,y") == "\"'@x,y\"");
  CHECK(csv_cell("\tx") == "'\tx");
  CHECK(csv_cell("-") == "'-");
  CHECK(csv_cell("+-1") == "'+-1");
}
