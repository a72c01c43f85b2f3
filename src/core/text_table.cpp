#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

// Names that are cut shorter cannot be told apart; a line that wraps is the lesser evil.
constexpr std::size_t kNarrowest = 16;
constexpr std::size_t kGap = 2;

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_digit(text[at]) || text[at] == ',')) ++at;
  return at;
}

/// "12", "-0.5", "1,234", "1e-3", "+2.5 %", "79.2 M", "75.1 ± 0.2": right-aligned in a table.
bool looks_like_number(std::string_view text) {
  if (text == "nan" || text == "inf" || text == "-inf") return true;
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t digits_from = at;
  at = skip_digits(text, at);
  std::size_t digits = at - digits_from;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    digits += end - at - 1;
    at = end;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t power = at + 1;
    if (power < text.size() && (text[power] == '-' || text[power] == '+')) ++power;
    if (power == text.size() || !is_digit(text[power])) return false;
    at = skip_digits(text, power);
  }
  const std::string_view rest = text.substr(at);
  if (rest.empty() || rest == "%" || rest == "x" || rest == "×") return true;
  return rest[0] == ' ' && (rest.size() <= 8 || rest.starts_with(" ±"));
}

bool is_blank(std::string_view text) {
  return text.empty() || text == "-" || text == "–" || text == "—";
}

std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(text);
}

std::vector<bool> number_columns(std::size_t columns,
                                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numeric(columns, false);
  for (std::size_t c = 0; c < columns; ++c) {
    bool some = false, all = true;
    for (const auto& row : rows) {
      if (is_blank(row[c])) continue;
      some = true;
      all = all && looks_like_number(row[c]);
    }
    numeric[c] = some && all;
  }
  return numeric;
}

/// Takes columns away from the widest text column until the table fits or nothing can shrink.
void shrink_to(std::size_t width, const std::vector<bool>& numeric,
               std::vector<std::size_t>& widths) {
  std::size_t total = kGap * (widths.size() - 1);
  for (const std::size_t w : widths) total += w;
  while (total > width) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (numeric[c] || widths[c] <= kNarrowest) continue;
      if (widest == widths.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == widths.size()) return;
    --widths[widest];
    --total;
  }
}

std::string aligned(const std::vector<std::string>& row, const std::vector<std::size_t>& widths,
                    const std::vector<bool>& numeric) {
  std::string line;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (c > 0) line.append(kGap, ' ');
    const std::string cell = clipped(row[c], widths[c]);
    const std::size_t padding = widths[c] - display_width(cell);
    line += numeric[c] ? std::string(padding, ' ') + cell : cell + std::string(padding, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) : header_(std::move(header)) {
  ensure(!header_.empty(), "a table has at least one column");
  for (std::string& cell : header_) cell = on_one_line(std::move(cell));
}

void TextTable::add(std::vector<std::string> row) {
  ensure(row.size() == header_.size(), "a row has one cell per column");
  for (std::string& cell : row) cell = on_one_line(std::move(cell));
  rows_.push_back(std::move(row));
}

std::string TextTable::str(std::size_t width) const {
  const std::vector<bool> numeric = number_columns(header_.size(), rows_);
  std::vector<std::size_t> widths(header_.size());
  for (std::size_t c = 0; c < header_.size(); ++c) {
    widths[c] = std::max<std::size_t>(1, display_width(header_[c]));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  if (width > 0) shrink_to(width, numeric, widths);
  std::vector<std::string> rule;
  for (const std::size_t w : widths) rule.emplace_back(w, '-');
  std::string out = aligned(header_, widths, numeric) + aligned(rule, widths, numeric);
  for (const auto& row : rows_) out += aligned(row, widths, numeric);
  return out;
}

std::string TextTable::markdown() const {
  const std::vector<bool> numeric = number_columns(header_.size(), rows_);
  const auto line = [](const std::vector<std::string>& row) {
    std::string out = "|";
    for (const std::string& cell : row) {
      out += ' ';
      for (const char c : cell) out += c == '|' ? std::string("\\|") : std::string(1, c);
      out += " |";
    }
    return out + "\n";
  };
  std::string out = line(header_) + "|";
  for (const bool right : numeric) out += right ? " ---: |" : " --- |";
  out += "\n";
  for (const auto& row : rows_) out += line(row);
  return out;
}

}  // namespace vitlab::core
