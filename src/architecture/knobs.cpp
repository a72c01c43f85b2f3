#include "architecture/knobs.h"

#include <algorithm>
#include <cmath>

#include "architecture/presets.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::architecture {

namespace {

bool is_allowed(const KnobRule& rule, double value) {
  return (rule.is_open ? value > rule.low : value >= rule.low) && value <= rule.high;
}
bool is_allowed(const KnobRule& rule, graph::Index value) {
  const auto low = static_cast<graph::Index>(rule.low), high = static_cast<graph::Index>(rule.high);
  return value >= low && value <= high && (rule.fits == nullptr || rule.fits(value));
}

std::string refusal(const KnobRule& rule, double /*value*/) {
  return "must lie in " + std::string(rule.is_open ? "(" : "[") + core::shortest(rule.low) + ", " +
         core::shortest(rule.high) + "]";
}
std::string refusal(const KnobRule& rule, graph::Index value) {
  const std::string range = "must lie in " + core::shortest(rule.low) + ".." +
                            std::to_string(static_cast<graph::Index>(rule.high));
  return (rule.says.empty() ? range : std::string(rule.says)) + ", got " + std::to_string(value);
}

template <typename T>
std::string refusal_of_any(const KnobRule& rule, const std::vector<T>& values) {
  for (const T value : values)
    if (!is_allowed(rule, value)) return refusal(rule, value);
  return "";
}

bool is_word(const core::ConfigNode& node, const KnobRule& rule) {
  return !rule.word.empty() && node.is_scalar() && node.scalar == rule.word;
}

template <typename T>
void read_number(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
                 const KnobRule& rule, T& value) {
  if (core::read_scalar(node, path, problems, value) && !is_allowed(rule, value))
    problems.add({node.place, path, refusal(rule, value)});
}

template <typename T>
void read_numbers(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
                  const KnobRule& rule, std::vector<T>& values) {
  const bool is_read = rule.takes_one ? core::read_one_or_many(node, path, problems, values)
                                      : core::read_list(node, path, problems, values);
  if (!is_read) return;
  if (values.size() < rule.least_items || values.size() > rule.most_items)
    problems.add({node.place, path, std::string(rule.items_say)});
  const std::string refused = refusal_of_any(rule, values);
  if (!refused.empty()) problems.add({node.place, path, refused});
}

template <typename T>
core::Json list_json(const KnobRule& rule, const std::vector<T>& values) {
  if (rule.takes_one && values.size() == 1) return knob_json(rule, T(values.front()));
  core::Json list = core::Json::array();
  for (const T value : values) list.push_back(knob_json(rule, value));
  return list;
}

std::string text_of(const core::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return core::canonical_json(value);
  std::vector<std::string> items;
  for (const core::Json& item : value) items.push_back(text_of(item));
  return "[" + core::joined(items) + "]";
}

}  // namespace

void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& /*rule*/, bool& value) {
  core::read_scalar(node, path, problems, value);
}
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, graph::Index& value) {
  if (is_word(node, rule))
    value = rule.stands_for;
  else
    read_number(node, path, problems, rule, value);
}
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, double& value) {
  read_number(node, path, problems, rule, value);
}
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, std::vector<graph::Index>& value) {
  if (is_word(node, rule))
    value = {rule.stands_for};
  else
    read_numbers(node, path, problems, rule, value);
}
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, std::vector<double>& value) {
  read_numbers(node, path, problems, rule, value);
}

std::string knob_refusal(const KnobRule& rule, const std::vector<graph::Index>& values) {
  return refusal_of_any(rule, values);
}

core::Json knob_json(const KnobRule& /*rule*/, bool value) { return value; }
core::Json knob_json(const KnobRule& rule, graph::Index value) {
  if (!rule.word.empty() && value == rule.stands_for) return rule.word;
  return value;
}
core::Json knob_json(const KnobRule& /*rule*/, double value) {
  if (std::trunc(value) == value) return static_cast<graph::Index>(value);
  return value;
}
core::Json knob_json(const KnobRule& rule, const std::vector<graph::Index>& value) {
  return list_json(rule, value);
}
core::Json knob_json(const KnobRule& rule, const std::vector<double>& value) {
  return list_json(rule, value);
}

namespace detail {

core::ConfigNode node_of_knobs(const core::Json& knobs) { return node_from_json(knobs); }

}  // namespace detail

std::string Knob::meaning() const {
  std::vector<std::string> choices = words;
  std::erase(choices, rule.word);
  std::string text = core::joined(choices, " | ");
  if (!said.empty()) text += (text.empty() ? "" : ": ") + std::string(said);
  if (!unit.empty()) text += ", in " + std::string(unit);
  return text;
}

std::string Knob::default_text() const {
  return follows.empty() ? text_of(default_beside(core::Json::object())) : std::string(follows);
}

}  // namespace vitlab::architecture
