#include "sweep/knob_check.h"

#include <algorithm>

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/expression.h"
#include "sweep/recipe.h"

namespace vitlab::sweep {

KnobCheck::KnobCheck(std::vector<std::string> templates, core::Problems& problems)
    : templates_(std::move(templates)), problems_(problems) {
  std::set<std::string> names{"template", std::string(kModelKnob)};
  for (const std::string& each : templates_)
    if (const architecture::Template* found = architecture::find_template(each))
      for (const architecture::Knob& knob : found->knobs) names.emplace(knob.name);
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
  problems_.add(place, path + " is not a knob of " + of + hint(name));
}

std::string KnobCheck::hint(const std::string& name) const {
  std::vector<std::string> settings;
  core::for_each_field<Recipe>([&](const auto& field) { settings.emplace_back(field.name); });
  const bool is_setting = std::find(settings.begin(), settings.end(), name) != settings.end();
  if (is_setting) return "; it is a setting of the recipe: write it into the file under recipe:";
  const std::string knob = core::did_you_mean(name, names_);
  if (!knob.empty()) return knob;
  const std::string setting = core::did_you_mean(name, settings);
  return setting.empty() ? "" : setting + " (of the recipe: write it into the file under recipe:)";
}

void KnobCheck::value(const std::string& name, const core::ConfigNode& node,
                      const std::string& path) {
  if (node.is_map()) {
    problems_.add(node.place, path + " must be a value, got a map");
    return;
  }
  if (name == "template") {
    if (!architecture::find_template(node.scalar))
      problems_.add(node.place,
                    path + " " + core::quoted_clip(node.scalar) + " is not a template" +
                        core::did_you_mean(node.scalar, architecture::template_names()));
    return;
  }
  std::vector<core::Problem> first;
  for (const std::string& each : templates_) {
    const architecture::Template* family = architecture::find_template(each);
    const architecture::Knob* knob = family ? family->find(name) : nullptr;
    if (!knob) continue;
    core::Problems alone(problems_.source(), "");
    knob->check(node, path, alone);
    if (alone.empty()) return;
    if (first.empty()) first = alone.all();
  }
  for (core::Problem& problem : first) problems_.add(std::move(problem));
}

core::Json knob_default(const std::string& template_name, const std::string& name,
                        const core::Json& knobs) {
  const architecture::Template* family = architecture::find_template(template_name);
  const architecture::Knob* knob = family ? family->find(name) : nullptr;
  return knob ? knob->default_beside(knobs) : core::Json();
}

core::Json value_of(const core::ConfigNode& node) {
  return plain_numbers(architecture::json_from_node(node));
}

}  // namespace vitlab::sweep
