#include "store/csv_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"

namespace vitlab::store {

CsvReader::CsvReader(std::string_view text, std::string source)
    : rest_(text), source_(std::move(source)) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest_.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    rest_.remove_prefix(kByteOrderMark.size());
  }
}

std::optional<CsvRecord> CsvReader::next() {
  while (!rest_.empty() && take_line_end()) {
  }
  if (rest_.empty()) return std::nullopt;
  CsvRecord record{.line = line_, .cells = {}};
  while (true) {
    record.cells.push_back(!rest_.empty() && rest_.front() == '"' ? quoted_cell() : plain_cell());
    if (rest_.empty() || take_line_end()) return record;
    if (rest_.front() != ',') fail(line_, "text after a closing quote");
    rest_.remove_prefix(1);
  }
}

std::string CsvReader::quoted_cell() {
  const std::size_t start = line_;
  std::string cell;
  rest_.remove_prefix(1);
  while (true) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) fail(start, "a quote is never closed");
    const std::string_view part = rest_.substr(0, quote);
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    cell += part;
    rest_.remove_prefix(quote + 1);
    if (rest_.empty() || rest_.front() != '"') return cell;
    cell += '"';
    rest_.remove_prefix(1);
  }
}

std::string CsvReader::plain_cell() {
  std::size_t end = std::min(rest_.find_first_of(",\n\""), rest_.size());
  if (end < rest_.size() && rest_[end] == '"') fail(line_, "a quote inside a cell without quotes");
  const bool before_crlf =
      end < rest_.size() && rest_[end] == '\n' && end > 0 && rest_[end - 1] == '\r';
  if (before_crlf) --end;
  std::string cell(rest_.substr(0, end));
  rest_.remove_prefix(end);
  return cell;
}

bool CsvReader::take_line_end() {
  const std::size_t length = rest_.substr(0, 1) == "\n" ? 1 : rest_.substr(0, 2) == "\r\n" ? 2 : 0;
  rest_.remove_prefix(length);
  line_ += length > 0 ? 1 : 0;
  return length > 0;
}

void CsvReader::fail(std::size_t line, const char* problem) const {
  throw core::UserError(fmt::format("{}:{}: {}", source_, line, problem));
}

}  // namespace vitlab::store
