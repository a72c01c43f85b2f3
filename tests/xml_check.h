#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab {

/// What keeps a text from being well-formed XML, in words; empty if nothing does. Knows elements,
/// quoted attributes and the five entities: all that drawings use.
inline std::string xml_problem(std::string_view text) {
  std::vector<std::string> open;
  std::size_t at = 0;
  const auto is_entity = [&](std::size_t amp) {
    for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&apos;"})
      if (text.substr(amp, entity.size()) == entity) return true;
    return false;
  };
  bool had_root = false;
  while (at < text.size()) {
    if (text[at] == '&' && !is_entity(at)) return "a bare & at " + std::to_string(at);
    if (text[at] != '<') {
      if (open.empty() && !std::isspace(static_cast<unsigned char>(text[at])))
        return "text outside the root at " + std::to_string(at);
      ++at;
      continue;
    }
    const bool closes = text.substr(at, 2) == "</";
    std::size_t end = at + (closes ? 2 : 1);
    std::string name;
    while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])))
      name += text[end++];
    if (name.empty()) return "a bare < at " + std::to_string(at);
    std::vector<std::string> attributes;
    while (end < text.size() && text[end] != '>' && text.substr(end, 2) != "/>") {
      if (std::isspace(static_cast<unsigned char>(text[end]))) {
        ++end;
        continue;
      }
      const std::size_t equals = text.find("=\"", end);
      if (equals == std::string_view::npos) return "an attribute without value in " + name;
      const std::string attribute(text.substr(end, equals - end));
      for (const std::string& earlier : attributes)
        if (earlier == attribute) return "a repeated attribute in " + name;
      attributes.push_back(attribute);
      const std::size_t quote = text.find('"', equals + 2);
      if (quote == std::string_view::npos) return "an open quote in " + name;
      const std::string_view value = text.substr(equals + 2, quote - equals - 2);
      if (value.find('<') != std::string_view::npos) return "a < in an attribute of " + name;
      for (std::size_t i = 0; i < value.size(); ++i)
        if (value[i] == '&' && !is_entity(equals + 2 + i)) return "a bare & in " + name;
      end = quote + 1;
    }
    if (end >= text.size()) return "an open tag " + name;
    const bool is_empty = text[end] == '/';
    if (closes) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      open.pop_back();
    } else if (!is_empty) {
      if (open.empty() && had_root) return "a second root " + name;
      had_root = true;
      open.push_back(name);
    }
    at = end + (is_empty ? 2 : 1);
  }
  if (!open.empty()) return open.back() + " is not closed";
  return had_root ? "" : "no element";
}

/// How often `part` occurs.
inline int occurrences(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++count;
  return count;
}

}  // namespace vitlab
