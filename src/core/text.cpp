#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace vitlab::core {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `text`, or 0 (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&](std::size_t from, std::size_t length) {
    for (std::size_t i = from; i < length; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return std::size_t{0};
    }
    return length;
  };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1, 2);
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high ? tail(2, 3) : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high ? tail(2, 4) : 0;
  }
  return 0;
}

bool is_number_text(std::string_view text) {
  double value = 0.0;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && seen++ == width - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || first < 0x20 || first == 0x7f || c1) {
      const std::size_t taken = c1 ? 2 : 1;
      for (const char c : text.substr(0, taken)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
      text.remove_prefix(taken);
      continue;
    }
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out;
}

std::string quoted_clip(std::string_view text) {
  return "'" + clipped(printable(text.substr(0, 256)), 60) + "'";
}

std::string with_thousands(std::int64_t value) {
  const auto magnitude = static_cast<std::uint64_t>(value);
  std::string digits = std::to_string(value < 0 ? 0 - magnitude : magnitude);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return value < 0 ? "-" + digits : digits;
}

std::string si(double value, std::string_view unit) {
  static constexpr std::array<std::string_view, 11> kPrefix = {"p", "n", "µ", "m", "", "k",
                                                               "M", "G", "T", "P", "E"};
  constexpr int kPlain = 4;
  const auto joined = [&](const std::string& number, std::string_view prefix) {
    const std::string suffix = std::string(prefix) + std::string(unit);
    return suffix.empty() ? number : number + " " + suffix;
  };
  const double magnitude = std::fabs(value);
  if (!std::isfinite(value) || magnitude < 0.9995e-12 || magnitude >= 999.5e18) {
    return joined(significant(value, 3), "");
  }
  // Rounding to three digits first, so that 999,600 becomes 1.00 M and not 1000 k.
  const double rounded = std::strtod(fmt::format("{:.2e}", magnitude).c_str(), nullptr);
  int step = 0;
  double scaled = rounded * 1e12;
  while (step < static_cast<int>(kPrefix.size()) - 1 && scaled >= 999.5) {
    ++step;
    scaled = step <= kPlain ? rounded * std::pow(10.0, 3 * (kPlain - step))
                            : rounded / std::pow(10.0, 3 * (step - kPlain));
  }
  const std::string sign = value < 0 ? "-" : "";
  if (step == kPlain) return joined(sign + significant(scaled, 3), "");
  const int decimals = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return joined(sign + fmt::format("{:.{}f}", scaled, decimals),
                kPrefix[static_cast<std::size_t>(step)]);
}

std::string shortest(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), result.ptr);
}

std::string significant(double value, int digits) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (value == 0.0) return "0";
  digits = std::clamp(digits, 1, 17);
  const std::string scientific = fmt::format("{:.{}e}", value, digits - 1);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (exponent >= 15 || exponent < -5) return fmt::format("{:.{}g}", value, digits);
  std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - 1 - exponent));
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string csv_cell(std::string_view text) {
  std::string cell(text);
  if (!cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos &&
      !is_number_text(cell)) {
    cell.insert(0, "'");
  }
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace vitlab::core
