#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"
#include "report/document.h"

namespace vitlab::report {

/// A part of a document, made from `Content`: a figure, or blocks under a heading. A part without
/// a heading belongs to the section before it.
template <typename Content>
struct Part {
  std::string_view name;     // the anchor; of a figure also its file
  std::string_view heading;  // of blocks; figures bring their own
  std::variant<Figure (*)(const Content&), Blocks (*)(const Content&)> make;
  std::string_view with = {};  // the part without which this one is not shown; "" for none

  bool is_figure() const { return make.index() == 0; }
};

/// Sections in the order in which they are added; what is empty adds nothing.
class SectionList {
 public:
  /// A figure without a drawing is empty. Its name is `name`.
  void add(std::string_view name, std::string_view heading, Figure figure);
  void add(std::string_view name, std::string_view heading, Blocks blocks);
  /// Whether a part of this name was added and not empty; true for "".
  bool has(std::string_view name) const;
  std::vector<Section> take() { return std::move(sections_); }

 private:
  std::vector<Section> sections_;
  std::vector<std::string> names_;
};

/// The sections that the parts make, in the parts' order.
template <typename Content>
std::vector<Section> sections_of(const std::vector<Part<Content>>& parts, const Content& content) {
  SectionList sections;
  for (const Part<Content>& part : parts)
    if (sections.has(part.with))
      std::visit([&](const auto make) { sections.add(part.name, part.heading, make(content)); },
                 part.make);
  return sections.take();
}

/// Two tables of facts of a protocol or machine, the one for pages under `caption`, the one for
/// texts with `corner` over its names; nothing without facts.
void add_facts(Blocks& blocks, const core::Json& json, const std::string& caption,
               const std::string& corner);

}  // namespace vitlab::report
