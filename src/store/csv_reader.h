#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::store {

/// The cells of one CSV record and the line on which it starts.
struct CsvRecord {
  std::size_t line = 1;
  std::vector<std::string> cells;
};

/// Reads RFC 4180 text record by record: quotes, doubled quotes, line breaks inside quotes, LF or
/// CRLF; blank lines and a UTF-8 byte order mark are passed over.
class CsvReader {
 public:
  /// `text` must outlive the reader.
  CsvReader(std::string_view text, std::string source);

  /// nullopt at the end; UserError "source:line: …" on a broken quote.
  std::optional<CsvRecord> next();

 private:
  std::string quoted_cell();
  std::string plain_cell();
  /// Whether the text goes on with a line end, which is then taken.
  bool take_line_end();
  [[noreturn]] void fail(std::size_t line, const char* problem) const;

  std::string_view rest_;
  std::string source_;
  std::size_t line_ = 1;
};

}  // namespace vitlab::store
