#include "design/rules.h"

#include <algorithm>
#include <set>

#include "architecture/templates.h"
#include "core/error.h"
#include "guide/comparison.h"

namespace vitlab::design {
namespace {

core::Json value_of(const std::string& cell) {
  core::Json value = core::Json::parse(cell, nullptr, false);
  return value.is_discarded() ? core::Json(cell) : value;
}

std::size_t position_of(const std::vector<SweptKnob>& knobs, const std::string& name) {
  const auto found = std::find_if(knobs.begin(), knobs.end(),
                                  [&](const SweptKnob& knob) { return knob.name == name; });
  return static_cast<std::size_t>(found - knobs.begin());
}

bool rests_on_accuracy(const guide::Guideline& guideline) {
  return std::any_of(guideline.effects.begin(), guideline.effects.end(),
                     [](const guide::Effect& effect) {
                       return effect.is_claim && effect.metric == "accuracy.top1";
                     });
}

/// Cells that every rule on `knob` with the same confinement leaves, `rule` among them.
bool leaves_a_level(const DesignRule& rule, const std::vector<DesignRule>& rules,
                    const SweptKnob& knob) {
  return std::any_of(knob.cells.begin(), knob.cells.end(), [&](const std::string& cell) {
    const auto holds = [&](const DesignRule& other) {
      return std::find(other.cells.begin(), other.cells.end(), cell) != other.cells.end();
    };
    return holds(rule) && std::all_of(rules.begin(), rules.end(), [&](const DesignRule& other) {
             const bool is_apart =
                 !other.where_cell.empty() && !rule.where_cell.empty() &&
                 (other.where_knob != rule.where_knob || other.where_cell != rule.where_cell);
             return other.knob != rule.knob || is_apart || holds(other);
           });
  });
}

}  // namespace

bool DesignRule::is_broken(const std::vector<SweptKnob>& knobs,
                           const std::vector<std::size_t>& levels) const {
  if (!where_cell.empty() && knobs[where_knob].cells[levels[where_knob]] != where_cell)
    return false;
  return std::find(cells.begin(), cells.end(), knobs[knob].cells[levels[knob]]) == cells.end();
}

std::vector<SweptKnob> swept_knobs(const store::ResultsTable& table,
                                   const std::string& template_name,
                                   std::vector<std::string>& foreign) {
  const architecture::Template* family = architecture::find_template(template_name);
  if (family == nullptr) throw core::UserError("'" + template_name + "' is not a template");
  std::set<std::string_view> known;
  for (const architecture::Knob& knob : family->knobs) known.insert(knob.name);
  std::vector<SweptKnob> knobs;
  for (std::size_t k = 0; k < table.knobs.size(); ++k) {
    const std::string& name = table.knobs[k];
    if (name == "widths" || name == "width") continue;
    if (!known.contains(name)) {
      foreign.push_back(name);
      continue;
    }
    std::set<std::string> cells;
    for (const store::ResultRow& row : table.rows)
      if (!row.knobs[k].empty()) cells.insert(row.knobs[k]);
    if (cells.empty()) continue;
    SweptKnob knob{name, {cells.begin(), cells.end()}, {}};
    for (const std::string& cell : knob.cells) knob.values.push_back(value_of(cell));
    knobs.push_back(std::move(knob));
  }
  return knobs;
}

std::vector<DesignRule> design_rules(const std::vector<guide::Guideline>& guidelines,
                                     const std::vector<SweptKnob>& knobs,
                                     std::vector<std::string>& notes) {
  std::vector<const guide::Guideline*> order;
  for (const guide::Guideline& guideline : guidelines) order.push_back(&guideline);
  std::stable_sort(order.begin(), order.end(),
                   [](const guide::Guideline* a, const guide::Guideline* b) {
                     return rests_on_accuracy(*a) > rests_on_accuracy(*b);
                   });
  std::vector<DesignRule> rules;
  for (const guide::Guideline* guideline : order) {
    const std::string name = "guideline " + guideline->id + " (" + guideline->factor + ")";
    const std::size_t knob = position_of(knobs, guideline->factor);
    if (knob == knobs.size()) {
      notes.push_back(name + " is set aside: its knob is not one that the search turns");
      continue;
    }
    DesignRule rule{guideline->id, guideline->statement, knob, guideline->range, 0, ""};
    if (!guideline->where_name.empty()) {
      rule.where_knob = position_of(knobs, guideline->where_name);
      rule.where_cell = guideline->where_value;
      if (rule.where_knob == knobs.size()) {
        notes.push_back(name + " is set aside: it speaks only of " + guideline->where_name + " " +
                        guideline->where_value);
        continue;
      }
    }
    if (leaves_a_level(rule, rules, knobs[knob])) {
      rules.push_back(std::move(rule));
    } else {
      notes.push_back(name + " is set aside: it leaves no level together with the ones before it");
    }
  }
  return rules;
}

}  // namespace vitlab::design
