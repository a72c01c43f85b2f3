#include "guide/wording.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::guide {
namespace {

std::string joined(const std::vector<std::string>& words, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : ", ";
    text += words[i];
  }
  return text;
}

/// Three significant digits and always a sign.
std::string with_sign(double value) {
  const std::string text = core::significant(std::abs(value), 3);
  return (value < 0 ? "-" : "+") + text;
}

/// The factor and the name of the unit in which a metric's differences are told.
struct ToldUnit {
  double factor = 1;
  std::string name;
};

ToldUnit told_unit(const MetricRow& metric, const std::string& unit) {
  if (unit == "%") return {1, metric.scale == MetricScale::kShare ? " pt" : " %"};
  if (metric.scale == MetricScale::kShare) return {100, " pt"};
  const bool is_bare = unit.empty() || unit == "1";
  return {1, is_bare ? "" : " " + unit};
}

std::string numeric_advice(const Guideline& guideline) {
  const std::string& low = guideline.range.front();
  const std::string& high = guideline.range.back();
  const bool reaches_top = high == guideline.levels.back();
  const bool reaches_bottom = low == guideline.levels.front();
  const std::string span = low == high ? low : low + " to " + high;
  if (reaches_top) return fmt::format("Raise {} to {}", guideline.factor, span);
  if (reaches_bottom) return fmt::format("Lower {} to {}", guideline.factor, span);
  if (low == high) return fmt::format("Set {} to {}", guideline.factor, low);
  return fmt::format("Keep {} between {} and {}", guideline.factor, low, high);
}

/// "Where recipe is scratch: " for a guideline of a part of the table.
std::string confinement(const Guideline& guideline) {
  if (guideline.where_name.empty()) return "";
  return fmt::format("Where {} is {}: ", guideline.where_name, guideline.where_value);
}

}  // namespace

std::string told(const MetricRow& metric, const std::string& unit, double difference) {
  const ToldUnit told_in = told_unit(metric, unit);
  return with_sign(told_in.factor * difference) + told_in.name;
}

std::string told(const Effect& effect) {
  const MetricRow* metric = find_metric(effect.metric);
  core::ensure(metric != nullptr, "effects are of metrics in the table");
  const ToldUnit told_in = told_unit(*metric, effect.unit);
  return fmt::format("{} {}{} [{}, {}]", metric->label, with_sign(told_in.factor * effect.delta),
                     told_in.name, with_sign(told_in.factor * effect.low),
                     with_sign(told_in.factor * effect.high));
}

std::string advice(const Guideline& guideline) {
  const std::string what = guideline.is_numeric ? numeric_advice(guideline)
                                                : fmt::format("Use {} {}", guideline.factor,
                                                              joined(guideline.range, " or "));
  return fmt::format("{} ({} {})", what, guideline.is_numeric ? "from" : "instead of",
                     joined(guideline.from, guideline.is_numeric ? ", " : " or "));
}

void finish_wording(Guideline& guideline) {
  std::string effects;
  for (const Effect& effect : guideline.effects) {
    const bool leads = find_metric(effect.metric)->role == MetricRole::kClaim;
    if (!effect.is_claim && !(leads && effect.is_off_zero)) continue;
    effects += (effects.empty() ? "" : ", ") + told(effect);
    if (!effect.is_claim && !effect.is_better)
      guideline.counter_evidence.push_back("it costs: " + told(effect));
  }
  guideline.statement =
      fmt::format("{}{}: {}; {} matched blocks x {} seed{}; grade {}.", confinement(guideline),
                  advice(guideline), effects, guideline.evidence.blocks, guideline.evidence.seeds,
                  guideline.evidence.seeds == 1 ? "" : "s", grade_letter(guideline.grade));
}

char grade_letter(Grade grade) { return grade == Grade::kA ? 'A' : grade == Grade::kB ? 'B' : 'C'; }

}  // namespace vitlab::guide
