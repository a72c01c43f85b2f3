#include "store/results_csv.h"

#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "store/csv_reader.h"
#include "store/disk.h"

namespace vitlab::store {
namespace {

constexpr auto kColumns =
    std::apply([](const auto&... field) { return std::array{field.name...}; }, ResultRow::fields());
constexpr std::string_view kKnob = "knob.";

std::string cell(const std::string& text) { return core::csv_cell(text); }
std::string cell(double value) { return core::shortest(value); }
std::string cell(std::int64_t value) { return std::to_string(value); }
template <typename Value>
std::string cell(const std::optional<Value>& value) {
  return value ? cell(*value) : "";
}

/// Reads the cells of one record one after another, each as the type of its field.
class CellReader {
 public:
  CellReader(const CsvRecord& record, const std::string& source)
      : record_(record), source_(source) {}

  void read(std::string& text) {
    text = record_.cells[next_++];
    // The ' that csv_cell puts before what a spreadsheet would run.
    constexpr std::string_view kFormula = "=+-@\t\r";
    const bool guarded =
        text.size() > 1 && text[0] == '\'' && kFormula.find(text[1]) != kFormula.npos;
    if (guarded) text.erase(0, 1);
  }
  template <typename Number>
  void read(Number& number) {
    const std::string& text = record_.cells[next_];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("{} '{}' is not a {}", kColumns[next_], core::printable(text),
                       std::is_integral_v<Number> ? "whole number" : "number"));
    }
    ++next_;
  }
  template <typename Number>
  void read(std::optional<Number>& number) {
    if (record_.cells[next_].empty()) {
      number.reset();
      ++next_;
    } else {
      read(number.emplace());
    }
  }
  [[noreturn]] void fail(const std::string& problem) const {
    throw core::UserError(fmt::format("{}:{}: {}", source_, record_.line, problem));
  }

 private:
  const CsvRecord& record_;
  const std::string& source_;
  std::size_t next_ = 0;
};

/// The knob names of a header that has the fixed columns in their order.
std::vector<std::string> read_header(const CsvRecord& header, const std::string& source) {
  const auto fail = [&](const std::string& problem) {
    throw core::UserError(
        fmt::format("{}:{}: {}; is this a results.csv of vitlab?", source, header.line, problem));
  };
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (i >= header.cells.size())
      fail(fmt::format("column {} '{}' is missing", i + 1, kColumns[i]));
    if (header.cells[i] == kColumns[i]) continue;
    fail(fmt::format("column {} is '{}', not '{}'", i + 1, core::printable(header.cells[i]),
                     kColumns[i]));
  }
  std::vector<std::string> knobs;
  std::set<std::string> seen;
  for (std::size_t i = kColumns.size(); i < header.cells.size(); ++i) {
    const std::string& name = header.cells[i];
    if (name.rfind(kKnob, 0) != 0 || name.size() == kKnob.size()) {
      fail(fmt::format("column {} is '{}', not 'knob.<name>'", i + 1, core::printable(name)));
    }
    if (!seen.insert(name).second) fail(fmt::format("'{}' stands twice", core::printable(name)));
    knobs.push_back(name.substr(kKnob.size()));
  }
  return knobs;
}

ResultRow read_row(const CsvRecord& record, std::size_t knobs, const std::string& source) {
  CellReader cells(record, source);
  if (record.cells.size() != kColumns.size() + knobs) {
    cells.fail(fmt::format("{} cells, but the header has {} columns", record.cells.size(),
                           kColumns.size() + knobs));
  }
  ResultRow row;
  core::for_each_field<ResultRow>([&](const auto& field) { cells.read(row.*(field.member)); });
  if (row.metric.empty()) cells.fail("metric is empty");
  row.knobs.resize(knobs);
  for (std::string& knob : row.knobs) cells.read(knob);
  return row;
}

}  // namespace

std::string results_csv(const ResultsTable& table) {
  std::string text;
  for (const std::string_view column : kColumns) {
    if (!text.empty()) text += ',';
    text += column;
  }
  for (const std::string& knob : table.knobs)
    text += "," + core::csv_cell(std::string(kKnob) + knob);
  for (const ResultRow& row : table.rows) {
    core::ensure(row.knobs.size() == table.knobs.size(), "a row has one cell for every knob");
    char separator = '\n';
    const auto add = [&](const auto& field) {
      text += separator;
      text += cell(field);
      separator = ',';
    };
    core::for_each_field<ResultRow>([&](const auto& field) { add(row.*(field.member)); });
    for (const std::string& knob : row.knobs) add(knob);
  }
  return text + "\n";
}

void write_results_csv(const ResultsTable& table, const std::filesystem::path& path) {
  core::write_file_atomically(path, results_csv(table));
}

ResultsTable parse_results_csv(std::string_view text, const std::string& source) {
  CsvReader reader(text, source);
  const auto header = reader.next();
  if (!header) throw core::UserError(source + ":1: empty: not even a header line");
  ResultsTable table{.knobs = read_header(*header, source), .rows = {}};
  while (const auto record = reader.next()) {
    table.rows.push_back(read_row(*record, table.knobs.size(), source));
  }
  return table;
}

ResultsTable read_results_csv(const std::filesystem::path& path) {
  const auto text = read_regular_file(path);
  if (!text) throw core::UserError(path.string() + ": no such file");
  return parse_results_csv(*text, path.string());
}

}  // namespace vitlab::store
