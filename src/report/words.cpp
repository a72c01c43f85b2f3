#include "report/words.h"

#include <fmt/format.h>

#include "core/text.h"

namespace vitlab::report {
namespace {

std::string scalar_text(const core::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return core::significant(value.get<double>(), 6);
  if (value.is_null()) return "not recorded";
  return core::dump_json(value);
}

void flatten(const core::Json& json, const std::string& name, std::vector<NamedFact>& facts) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items())
      flatten(value, name.empty() ? key : name + "." + key, facts);
    return;
  }
  std::string text;
  if (json.is_array())
    for (const core::Json& item : json) text += (text.empty() ? "" : ", ") + scalar_text(item);
  else
    text = scalar_text(json);
  facts.push_back({name, text});
}

}  // namespace

std::string percent(double share, int decimals) {
  return fmt::format("{:.{}f}", 100 * share, decimals);
}

std::string two_decimals(double value) { return fmt::format("{:.2f}", value); }

std::string accuracy_text(const facts::Accuracy& accuracy) {
  std::string text = percent(accuracy.mean);
  if (accuracy.deviation) text += " ± " + percent(*accuracy.deviation);
  return text;
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", core::with_thousands(count), noun, count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : core::printable(text)) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else if (std::string_view("\\`*[]~").find(c) != std::string_view::npos)
      escaped += std::string("\\") + c;
    else
      escaped += c;
  }
  return escaped;
}

std::string escape_latex(std::string_view text) {
  std::string escaped;
  for (const char c : core::printable(text)) {
    if (c == '\\')
      escaped += "\\textbackslash{}";
    else if (c == '~')
      escaped += "\\textasciitilde{}";
    else if (c == '^')
      escaped += "\\textasciicircum{}";
    else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
      escaped += std::string("\\") + c;
    else
      escaped += c;
  }
  return escaped;
}

std::string link_path(std::string_view path) {
  const std::size_t colon = path.find(':');
  const bool has_scheme = colon != std::string_view::npos && colon < path.find('/');
  if (has_scheme || path.starts_with("//") || path.find('\\') != std::string_view::npos) return "#";
  constexpr std::string_view kPlain = "-_./~";
  std::string out;
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::vector<NamedFact> facts_of(const core::Json& json) {
  std::vector<NamedFact> facts;
  flatten(json.is_array() && json.size() == 1 ? json[0] : json, "", facts);
  if (facts.size() == 1 && facts[0].name.empty()) facts.clear();
  return facts;
}

}  // namespace vitlab::report
