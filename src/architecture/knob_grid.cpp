#include "architecture/knob_grid.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "architecture/presets.h"
#include "architecture/solve.h"
#include "architecture/templates.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::architecture {

namespace {

constexpr double kReachOfScale = 32;
constexpr std::size_t kMostValues = 400'000;

const Knob& knob_of(const core::Json& knobs, const std::string& knob) {
  const Template& family =
      template_of(knobs, "a knob can be solved for in a template only, not in an explicit model");
  if (const Knob* found = family.find(knob)) return *found;
  throw core::UserError(knob + " is not a knob of template " + std::string(family.name) +
                        core::did_you_mean(knob, family.knob_names()));
}

/// What the knob holds now: its setting, else its default, if that is its own.
core::Json present_value(const core::Json& knobs, const Knob& knob) {
  const std::string name(knob.name);
  if (knobs.contains(name)) return knobs.at(name);
  if (knob.follows.empty()) return knob.default_beside(knobs);
  throw core::UserError(name + " follows from other knobs (" + std::string(knob.follows) +
                        "); set it to a number to start from");
}

std::vector<double> numbers_of(const core::Json& value, const std::string& knob) {
  std::vector<double> numbers;
  if (value.is_number()) numbers.push_back(value.get<double>());
  if (value.is_array())
    for (const core::Json& item : value)
      if (item.is_number()) numbers.push_back(item.get<double>());
  const bool all_numbers = value.is_array() ? numbers.size() == value.size() : numbers.size() == 1;
  if (!all_numbers || numbers.empty() || *std::min_element(numbers.begin(), numbers.end()) <= 0)
    throw core::UserError(knob + " must hold positive numbers to be solved for, got " +
                          core::dump_json(value));
  return numbers;
}

/// A text that YAML reads as a text without quotes.
bool is_plain_word(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return text != "true" && text != "false" && text != "null" && !text.empty() &&
         is_letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9');
         });
}

bool is_whole(double value) { return value == std::floor(value); }

/// A multiple of the step without the dust of floating point.
core::Json multiple(std::int64_t count, double step) {
  if (is_whole(step)) return count * static_cast<std::int64_t>(step);
  const double value = std::round(static_cast<double>(count) * step * 1e9) / 1e9;
  return value;
}

/// One place on the scale at which the rounding of one item goes up by a step.
struct Flip {
  double scale = 0;
  std::size_t item = 0;
  friend bool operator<(const Flip& a, const Flip& b) {
    return a.scale < b.scale || (a.scale == b.scale && a.item < b.item);
  }
};

std::vector<Flip> flips_of(const std::vector<double>& numbers, double step) {
  double expected = 0;
  for (const double number : numbers) expected += kReachOfScale * number / step;
  if (expected > static_cast<double>(kMostValues))
    throw core::UserError("a step of " + core::shortest(step) + " gives more than " +
                          std::to_string(kMostValues) + " values; take a larger one");
  std::vector<Flip> flips;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::int64_t k = 2;; ++k) {
      const double scale = (static_cast<double>(k) - 0.5) * step / numbers[i];
      if (scale > kReachOfScale) break;
      flips.push_back({scale, i});
    }
  std::sort(flips.begin(), flips.end());
  return flips;
}

/// Walks up the scale; items that flip at the same place go up together.
void fill_values(KnobGrid& grid, const std::vector<double>& numbers, bool is_list) {
  const std::vector<Flip> flips = flips_of(numbers, grid.step);
  std::vector<std::int64_t> counts(numbers.size(), 1);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    counts[i] = std::max<std::int64_t>(1, std::llround(numbers[i] / kReachOfScale / grid.step));
  const auto add = [&] {
    core::Json list = core::Json::array();
    for (const std::int64_t count : counts) list.push_back(multiple(count, grid.step));
    grid.values.push_back(is_list ? list : list[0]);
  };
  add();
  for (std::size_t i = 0; i < flips.size(); ++i) {
    if (flips[i].scale <= 1 / kReachOfScale) continue;
    ++counts[flips[i].item];
    const bool ends_here = i + 1 == flips.size() || flips[i + 1].scale > flips[i].scale;
    if (flips[i].scale <= 1 && ends_here) grid.start = grid.values.size();
    if (ends_here) add();
  }
}

}  // namespace

KnobGrid knob_grid(const core::Json& knobs, const std::string& knob, double step) {
  const Knob& row = knob_of(knobs, knob);
  const bool is_width = knob == "widths" || (knob == "width" && width_knob(knobs) == "width");
  core::Json value = is_width ? core::Json(template_widths(knobs)) : present_value(knobs, row);
  if (knob == "width" && is_width) value = value.at(0);
  const std::vector<double> numbers = numbers_of(value, knob);
  const bool fractions = row.type == KnobType::kFraction;
  if (step == 0) step = is_width ? 8 : fractions ? 0.01 : 1;
  if (!(step > 0)) throw core::UserError("the step of " + knob + " must be positive");
  if (!fractions && !is_whole(step))
    throw core::UserError(knob + " holds whole numbers; a step of " + core::shortest(step) +
                          " is none");
  KnobGrid grid{knob, step, {}, 0};
  fill_values(grid, numbers, value.is_array());
  return grid;
}

core::Json with_knob(core::Json knobs, const std::string& knob, const core::Json& value) {
  if (knob == "widths") knobs.erase("width");
  knobs[knob] = value;
  return knobs;
}

std::string knobs_yaml(const core::Json& knobs) {
  std::string text;
  for (const auto& [knob, value] : knobs.items()) {
    const bool is_word = value.is_string() && is_plain_word(value.get<std::string>());
    text += knob + ": " + (is_word ? value.get<std::string>() : core::dump_json(value)) + "\n";
  }
  return text;
}

}  // namespace vitlab::architecture
