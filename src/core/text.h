#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::core {

/// A decimal digit, whatever the locale says.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// A byte of UTF-8 that is not the first of its code point.
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
/// Columns a UTF-8 text takes on a terminal (every code point counts one).
std::size_t display_width(std::string_view text);

/// Whether the bytes are well-formed UTF-8.
bool is_utf8(std::string_view text);
/// At most `width` columns of a UTF-8 text; what is cut away is shown by "…".
std::string clipped(std::string_view text, std::size_t width);
/// Control characters and broken UTF-8 as \xNN, so that no text of a user can steer a terminal.
std::string printable(std::string_view text);
/// The printable text in single quotes, at most 60 columns of it, for messages.
std::string quoted_clip(std::string_view text);

/// A plain text table: header, rule, rows; numbers right-aligned, text left-aligned (a column whose
/// cells all look like numbers is a number column). Wider than `width` columns (0 = no limit), the
/// widest text column is shortened with "…", though not below 16 columns, where names get lost.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  void add(std::vector<std::string> row);
  std::string str(std::size_t width = 0) const;
  /// The same as a GitHub Markdown table.
  std::string markdown() const;
  bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// 2349436 -> "2,349,436".
std::string with_thousands(std::int64_t value);
/// Three significant digits and an SI prefix: 79193600 -> "79.2 M"; `unit` is appended.
std::string si(double value, std::string_view unit = "");
/// Shortest text that reads back to the same double ("0.1", "5e+06").
std::string shortest(double value);
/// `value` with `digits` significant digits, without trailing noise, for tables.
std::string significant(double value, int digits);

/// Escapes & < > " ' for HTML text and attributes.
std::string escape_html(std::string_view text);
/// One RFC 4180 CSV cell; a text that a spreadsheet would run as a formula gets a leading '.
std::string csv_cell(std::string_view text);

}  // namespace vitlab::core
