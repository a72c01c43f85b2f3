#include "sweep/knob_check.h"

#include <algorithm>
#include <map>

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "core/config_reader.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/expression.h"

namespace vitlab::sweep {

KnobCheck::KnobCheck(std::vector<std::string> templates, core::Problems& problems)
    : templates_(std::move(templates)), problems_(problems) {
  std::set<std::string> names{"template", std::string(kModelKnob)};
  for (const std::string& each : templates_)
    if (const architecture::Template* found = architecture::find_template(each))
      for (const architecture::Knob& knob : found->knobs()) names.emplace(knob.name);
  names_.assign(names.begin(), names.end());
}

bool KnobCheck::knows(const std::string& name) const {
  return std::binary_search(names_.begin(), names_.end(), name);
}

void KnobCheck::name(const std::string& name, core::Place place, const std::string& path) {
  if (knows(name)) return;
  // Without a template every name would be wrong; that is a problem of its own.
  if (templates_.empty()) return;
  std::string of;
  for (const std::string& each : templates_) of += (of.empty() ? "" : " or ") + each;
  problems_.add(place, path + " is not a knob of " + of + core::did_you_mean(name, names_));
}

std::string KnobCheck::refusal(const std::string& template_name, const std::string& name,
                               const core::ConfigNode& value) const {
  const architecture::Template* found = architecture::find_template(template_name);
  core::ConfigNode knobs;
  knobs.kind = core::ConfigNode::Kind::kMap;
  knobs.items.push_back(value);
  knobs.items.back().key = name;
  core::Problems scratch("", "");
  core::ConfigReader reader(knobs, scratch);
  found->expand(reader);
  try {
    scratch.throw_if_any();
  } catch (const core::UserError& error) {
    // Only what is wrong with the value itself: the other knobs are not those of the sweep.
    const std::string words = error.what();
    for (const char* sign :
         {" must be one of ", " must be a ", " must be true ", " must lie in "}) {
      const std::size_t at = words.find(name + sign);
      if (at != std::string::npos)
        return words.substr(at + name.size(), words.find('\n', at) - at - name.size());
    }
  }
  return "";
}

void KnobCheck::value(const std::string& name, const core::ConfigNode& node,
                      const std::string& path) {
  if (!node.is_scalar() && !node.is_null()) {
    if (node.is_map()) problems_.add(node.place, path + " must be a value, got a map");
    return;
  }
  if (name == "template") {
    std::vector<std::string> known;
    for (const architecture::Template& row : architecture::templates())
      known.emplace_back(row.name);
    if (!architecture::find_template(node.scalar))
      problems_.add(node.place, path + " " + core::quoted_clip(node.scalar) + " is not a template" +
                                    core::did_you_mean(node.scalar, known));
    return;
  }
  std::string first;
  for (const std::string& each : templates_) {
    const architecture::Template* found = architecture::find_template(each);
    if (!found) continue;
    const auto rows = found->knobs();
    const auto is_it = [&](const architecture::Knob& row) { return row.name == name; };
    if (std::none_of(rows.begin(), rows.end(), is_it)) continue;
    const std::string reason = refusal(each, name, node);
    if (reason.empty()) return;
    if (first.empty()) first = reason;
  }
  if (!first.empty()) problems_.add(node.place, path + first);
}

core::Json knob_default(const std::string& template_name, const std::string& name) {
  const architecture::Template* found = architecture::find_template(template_name);
  if (!found) return nullptr;
  for (const architecture::Knob& knob : found->knobs())
    if (knob.name == name)
      return plain_numbers(architecture::json_from_node(
          core::parse_document("default", std::string(knob.default_text)).root));
  return nullptr;
}

core::Json value_of(const core::ConfigNode& node) {
  return plain_numbers(architecture::json_from_node(node));
}

}  // namespace vitlab::sweep
