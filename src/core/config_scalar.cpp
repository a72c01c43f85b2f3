#include <charconv>
#include <cmath>
#include <limits>

#include "core/config_reader.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

/// Forms that YAML readers disagree on, with what to write; "" for an ordinary number.
std::string doubtful_number(std::string_view text) {
  const std::string_view digits = without_sign(text);
  if (digits.size() > 1 && digits[0] == '0') {
    const char next = digits[1];
    if (is_digit(next)) return "; a leading 0 may mean octal, so write it without";
    if (std::string_view("xXoObB").find(next) != std::string_view::npos) {
      return "; write the number in decimal";
    }
  }
  const std::size_t between = digits.find_first_of("x*,");
  if (between != std::string_view::npos && between > 0 && between + 1 < digits.size() &&
      digits.find_first_not_of("0123456789", 0) == between &&
      digits.find_first_not_of("0123456789", between + 1) == std::string_view::npos) {
    const std::string list = "[" + std::string(digits.substr(0, between)) + ", " +
                             std::string(digits.substr(between + 1)) + "]";
    return digits[between] == ',' ? "; write the digits without separators, or a list as " + list
                                  : "; write a list as " + list;
  }
  const bool grouped = !digits.empty() && is_digit(digits[0]) &&
                       digits.find_first_not_of("0123456789_,.") == std::string_view::npos &&
                       digits.find_first_of("_,") != std::string_view::npos;
  return grouped ? "; write the digits without separators" : "";
}

struct Number {
  enum class State { kGood, kNotANumber, kTooLarge };
  State state = State::kNotANumber;
  double value = 0.0;
};

Number decimal(std::string_view text) {
  const std::string_view digits = without_sign(text);
  // from_chars would also take "inf", "nan" and a second sign.
  if (digits.empty() || !(is_digit(digits[0]) || digits[0] == '.')) return {};
  if (text.front() == '+') text.remove_prefix(1);
  Number number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return {};
  const bool fits = error == std::errc();
  number.state = fits ? Number::State::kGood : Number::State::kTooLarge;
  return number;
}

bool refuse(const ConfigNode& node, const std::string& path, Problems& problems,
            const std::string& wanted, const std::string& hint = "") {
  const std::string quotes = node.quoted ? " as text; remove the quotes" : "";
  problems.add({node.place, path,
                "must be " + wanted + ", got " + describe(node) + (node.quoted ? quotes : hint)});
  return false;
}

bool is_plain(const ConfigNode& node) { return node.is_scalar() && !node.quoted; }

}  // namespace

std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return "nothing";
    case ConfigNode::Kind::kSequence:
      return "a list";
    case ConfigNode::Kind::kMap:
      return "a map";
    case ConfigNode::Kind::kScalar:
      break;
  }
  return quoted_clip(node.scalar);
}

bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems, bool& value) {
  if (is_plain(node) && (node.scalar == "true" || node.scalar == "false")) {
    value = node.scalar == "true";
    return true;
  }
  static constexpr std::string_view kLooksTrue[] = {"yes", "Yes", "YES",  "on",   "On", "ON",
                                                    "y",   "Y",   "True", "TRUE", "1"};
  static constexpr std::string_view kLooksFalse[] = {"no", "No", "NO",    "off",   "Off", "OFF",
                                                     "n",  "N",  "False", "FALSE", "0"};
  std::string hint;
  for (const std::string_view word : kLooksTrue) {
    if (node.scalar == word) hint = "; write true";
  }
  for (const std::string_view word : kLooksFalse) {
    if (node.scalar == word) hint = "; write false";
  }
  return refuse(node, path, problems, "true or false", hint);
}

bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 std::int64_t& value) {
  constexpr const char* kWanted = "a whole number";
  if (!is_plain(node)) return refuse(node, path, problems, kWanted);
  const std::string hint = doubtful_number(node.scalar);
  if (!hint.empty()) return refuse(node, path, problems, kWanted, hint);
  const Number number = decimal(node.scalar);
  if (number.state == Number::State::kNotANumber) return refuse(node, path, problems, kWanted);
  std::string_view digits = node.scalar;
  if (digits.front() == '+') digits.remove_prefix(1);
  std::int64_t exact = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exact);
  if (end == digits.data() + digits.size() && error == std::errc()) {
    value = exact;
    return true;
  }
  const bool is_integer_text = end == digits.data() + digits.size();
  if (is_integer_text || number.state == Number::State::kTooLarge ||
      std::fabs(number.value) > 0x1p53) {
    return refuse(node, path, problems, kWanted, "; it does not fit 64 bits exactly");
  }
  if (std::trunc(number.value) != number.value) return refuse(node, path, problems, kWanted);
  value = static_cast<std::int64_t>(number.value);
  return true;
}

bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 double& value) {
  constexpr const char* kWanted = "a finite number";
  if (!is_plain(node)) return refuse(node, path, problems, kWanted);
  const std::string hint = doubtful_number(node.scalar);
  if (!hint.empty()) return refuse(node, path, problems, kWanted, hint);
  const Number number = decimal(node.scalar);
  if (number.state == Number::State::kTooLarge) {
    return refuse(node, path, problems, kWanted, "; it is out of the range of a double");
  }
  if (number.state != Number::State::kGood) return refuse(node, path, problems, kWanted);
  value = number.value;
  return true;
}

bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 std::string& value) {
  if (!node.is_scalar()) return refuse(node, path, problems, "text");
  value = node.scalar;
  return true;
}

}  // namespace vitlab::core
