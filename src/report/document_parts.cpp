#include "report/document_parts.h"

#include <algorithm>

#include "core/error.h"
#include "report/words.h"

namespace vitlab::report {

void SectionList::add(std::string_view name, std::string_view heading, Figure figure) {
  if (figure.wide.empty()) return;
  core::ensure(figure.name == name, "a figure has the name of its row");
  const std::string own = heading.empty() ? figure.heading : std::string(heading);
  add(name, own, std::vector<Block>{{std::move(figure)}});
}

void SectionList::add(std::string_view name, std::string_view heading, std::vector<Block> blocks) {
  if (blocks.empty()) return;
  names_.emplace_back(name);
  if (!heading.empty()) {
    sections_.push_back({std::string(name), std::string(heading), std::move(blocks)});
    return;
  }
  core::ensure(!sections_.empty(), "a part without a heading stands behind one that has one");
  std::move(blocks.begin(), blocks.end(), std::back_inserter(sections_.back().blocks));
}

bool SectionList::has(std::string_view name) const {
  return name.empty() || std::find(names_.begin(), names_.end(), name) != names_.end();
}

void add_facts(std::vector<Block>& blocks, const core::Json& json, const std::string& caption,
               const std::string& corner) {
  std::vector<std::vector<std::string>> rows;
  for (const NamedFact& fact : facts_of(json)) rows.push_back({fact.name, fact.value});
  if (rows.empty()) return;
  blocks.push_back({Table{caption, {"Setting", "Value"}, rows}, Shown::kOnPages});
  blocks.push_back({Table{caption, {corner, "Value"}, std::move(rows)}, Shown::kInTexts});
}

}  // namespace vitlab::report
