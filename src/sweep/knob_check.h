#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/config_node.h"
#include "core/json.h"

namespace vitlab::sweep {

/// The pseudo-knob that names a whole model, under whose knobs a sweep lays its own.
inline constexpr std::string_view kModelKnob = "model";
/// The name under which expressions and `reference` see the budget of a solve.
inline constexpr std::string_view kBudgetName = "budget";

/// Checks names and values of knobs against the templates that a sweep may use.
class KnobCheck {
 public:
  KnobCheck(std::vector<std::string> templates, core::Problems& problems);

  const std::vector<std::string>& names() const { return names_; }
  bool knows(const std::string& name) const;

  /// A problem at `place` if no template of the sweep has a knob `name`.
  void name(const std::string& name, core::Place place, const std::string& path);
  /// Where the setting belongs that is no knob, or the nearest knob; "" if nothing is near.
  std::string hint(const std::string& name) const;
  /// A problem at `node` if no template would take this value whatever the other knobs are.
  void value(const std::string& name, const core::ConfigNode& node, const std::string& path);

 private:
  std::vector<std::string> templates_;
  std::vector<std::string> names_;
  core::Problems& problems_;
};

/// What a knob of a template holds beside `knobs` that do not set it; null if there is no such
/// knob.
core::Json knob_default(const std::string& template_name, const std::string& name,
                        const core::Json& knobs);

/// A node's value with whole numbers as integers.
core::Json value_of(const core::ConfigNode& node);

}  // namespace vitlab::sweep
