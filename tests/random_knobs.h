#pragma once

#include <limits>
#include <vector>

#include "architecture/knobs.h"
#include "core/json.h"
#include "core/random.h"

namespace vitlab {

/// Draws values of knobs by the rules of their tables: those that some model has, and those that
/// none has whatever the other knobs are.
class RandomKnobs {
 public:
  explicit RandomKnobs(std::uint64_t seed) : random_(seed) {}

  core::Json allowed(const architecture::Knob& knob) {
    if (!knob.takes_list || (knob.rule.takes_one && one_in(2))) return one(knob, true);
    const std::size_t least = std::max<std::size_t>(1, knob.rule.least_items);
    return list(knob, std::min(least + random_.below(4), knob.rule.most_items));
  }

  std::vector<core::Json> refused(const architecture::Knob& knob) {
    std::vector<core::Json> values;
    const bool takes_one = !knob.takes_list || knob.rule.takes_one;
    for (const core::Json& bad : refused_ones(knob)) {
      if (takes_one) values.push_back(bad);
      if (knob.takes_list) values.push_back(core::Json::array({one(knob, false), bad}));
    }
    values.emplace_back(nullptr);
    if (!takes_one) values.push_back(one(knob, false));
    if (!knob.takes_list) values.push_back(core::Json::array({one(knob, true)}));
    if (!knob.takes_list) return values;
    if (!knob.rule.word.empty()) values.push_back(core::Json::array({knob.rule.word}));
    if (knob.rule.least_items > 0) values.push_back(core::Json::array());
    if (knob.rule.most_items < std::numeric_limits<std::size_t>::max())
      values.push_back(list(knob, knob.rule.most_items + 1));
    return values;
  }

  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

 private:
  core::Json one(const architecture::Knob& knob, bool or_word) {
    const architecture::KnobRule& rule = knob.rule;
    if (knob.type == architecture::KnobType::kTruth) return one_in(2);
    if (knob.type == architecture::KnobType::kFraction)
      return rule.high - (rule.high - rule.low) * random_.uniform();
    if (!knob.words.empty() && or_word) {
      const std::size_t word = random_.below(knob.words.size());
      if (knob.type == architecture::KnobType::kWord || one_in(3)) return knob.words[word];
    }
    for (;;) {
      const auto span = static_cast<std::uint64_t>(rule.high - rule.low) + 1;
      const auto reach = one_in(2) ? std::min<std::uint64_t>(span, 16) : span;
      const auto value =
          static_cast<graph::Index>(rule.low) + static_cast<graph::Index>(random_.below(reach));
      if (rule.fits == nullptr || rule.fits(value)) return value;
    }
  }

  core::Json list(const architecture::Knob& knob, std::size_t size) {
    core::Json items = core::Json::array();
    while (items.size() < size) items.push_back(one(knob, false));
    return items;
  }

  static std::vector<core::Json> refused_ones(const architecture::Knob& knob) {
    const architecture::KnobRule& rule = knob.rule;
    switch (knob.type) {
      case architecture::KnobType::kTruth:
        return {"yes", 1, "maybe"};
      case architecture::KnobType::kWord:
        return {"no_such_word", 7, true};
      case architecture::KnobType::kFraction:
        return {rule.is_open ? rule.low : rule.low - 0.5, rule.high + 0.5, "no_such_word", true};
      case architecture::KnobType::kWhole:
        break;
    }
    const auto low = static_cast<graph::Index>(rule.low);
    std::vector<core::Json> values{low - 7, static_cast<graph::Index>(rule.high) + 1,
                                   rule.low + 0.5, "no_such_word", true};
    for (graph::Index value = low;
         rule.fits != nullptr && value < static_cast<graph::Index>(rule.high); ++value)
      if (!rule.fits(value)) values.emplace_back(value);
    return values;
  }

  core::Random random_;
};

}  // namespace vitlab
