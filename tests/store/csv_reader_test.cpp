#include "store/csv_reader.h"

#include "core/error.h"
#include "core/random.h"
#include "core/text.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

using Cells = std::vector<std::string>;

std::vector<Cells> all_cells(std::string_view text) {
  CsvReader reader(text, "t.csv");
  std::vector<Cells> all;
  while (auto record = reader.next()) all.push_back(record->cells);
  return all;
}

TEST_CASE("cells, quotes, empty cells and both line ends read as RFC 4180 says", "[csv]") {
  CHECK(all_cells("a,b\n1,\n") == std::vector<Cells>{{"a", "b"}, {"1", ""}});
  CHECK(all_cells("a,b\r\n,2") == std::vector<Cells>{{"a", "b"}, {"", "2"}});
  CHECK(all_cells("\"a,\"\"b\"\"\nc\",\"\"\n") == std::vector<Cells>{{"a,\"b\"\nc", ""}});
  CHECK(all_cells("\xef\xbb\xbfx\n\n\r\ny\n") == std::vector<Cells>{{"x"}, {"y"}});
  CHECK(all_cells("").empty());
  CHECK(all_cells("a,") == std::vector<Cells>{{"a", ""}});
}

TEST_CASE("a record knows the line on which it starts", "[csv]") {
  CsvReader reader("a\n\"x\ny\"\n\nb\n", "t.csv");
  CHECK(reader.next()->line == 1);
  CHECK(reader.next()->line == 2);
  CHECK(reader.next()->line == 5);
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("a broken quote names its line", "[csv]") {
  CHECK_THROWS_WITH(all_cells("a\n\"b\nc"), "t.csv:2: a quote is never closed");
  CHECK_THROWS_WITH(all_cells("a\n\"b\"c\n"), "t.csv:2: text after a closing quote");
  CHECK_THROWS_WITH(all_cells("a\nb\"c\n"), Catch::Contains("t.csv:2: a quote inside"));
}

TEST_CASE("what csv_cell writes reads back, for random cells", "[csv]") {
  core::Random random(7);
  constexpr std::string_view kAlphabet = "ab ,\"\n\r'é1";
  for (int round = 0; round < 2000; ++round) {
    std::vector<Cells> table(1 + random.below(3), Cells(2));
    std::string text;
    for (Cells& cells : table) {
      for (std::string& cell : cells) {
        // Starts with a letter: what csv_cell guards against formulas is tested with the table.
        cell = "x";
        for (std::uint64_t i = random.below(6); i > 0; --i) {
          cell += kAlphabet[random.below(kAlphabet.size())];
        }
      }
      text += core::csv_cell(cells[0]) + "," + core::csv_cell(cells[1]) +
              (random.below(2) == 0 ? "\n" : "\r\n");
    }
    REQUIRE(all_cells(text) == table);
  }
}

TEST_CASE("no text crashes the reader", "[csv]") {
  core::Random random(8);
  constexpr std::string_view kAlphabet = "a,\"\n\r";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) text += kAlphabet[random.below(5)];
    try {
      all_cells(text);
    } catch (const core::UserError&) {
    }
  }
  SUCCEED();
}

}  // namespace
}  // namespace vitlab::store
