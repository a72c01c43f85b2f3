#include "charts/scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::charts {
namespace {

std::string tick_label(double value, int decimals) {
  if (std::abs(value) >= 1e6) return core::si(value);
  if (decimals == 0) return core::with_thousands(std::llround(value));
  return fmt::format("{:.{}f}", value, decimals);
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

std::vector<Tick> linear_ticks(const AxisScale& scale, int wanted) {
  const double step = round_step((scale.high - scale.low) / wanted);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<Tick> ticks;
  const double first = std::ceil(scale.low / step - 1e-9);
  for (double k = first; k * step <= scale.high + 1e-9 * step; ++k) {
    const double value = k == 0 ? 0 : k * step;
    ticks.push_back({value, tick_label(value, decimals)});
  }
  return ticks;
}

std::vector<Tick> log_ticks(const AxisScale& scale, int wanted) {
  const int first = static_cast<int>(std::floor(std::log10(scale.low)));
  const int last = static_cast<int>(std::ceil(std::log10(scale.high)));
  const auto collect = [&](const std::vector<double>& factors) {
    std::vector<Tick> ticks;
    for (int power = first; power <= last; ++power)
      for (const double factor : factors) {
        const double value = factor * std::pow(10.0, power);
        if (value < scale.low * (1 - 1e-9) || value > scale.high * (1 + 1e-9)) continue;
        ticks.push_back({value, tick_label(value, std::max(0, -power))});
      }
    return ticks;
  };
  const std::vector<Tick> fine = collect({1, 2, 5});
  if (fine.size() < 3) return linear_ticks(scale, wanted);
  const std::vector<Tick> coarse = collect({1});
  return static_cast<int>(fine.size()) > 2 * wanted && coarse.size() >= 2 ? coarse : fine;
}

}  // namespace

double AxisScale::operator()(double value) const {
  const double share =
      is_log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

AxisScale roomy_scale(const ScaleRange& range, double from, double to, bool is_log) {
  core::ensure(std::isfinite(range.low) && std::isfinite(range.high), "a scale has finite ends");
  core::ensure(range.low <= range.high, "a scale's ends are in order");
  core::ensure(!is_log || range.low > 0, "a logarithmic scale is of positive values");
  constexpr double kRoom = 0.06;
  AxisScale scale{range.low, range.high, from, to, is_log};
  if (is_log) {
    const double room = std::max(std::pow(range.high / range.low, kRoom), 1.02);
    scale.low = range.low / room;
    scale.high = range.high * room;
  } else {
    double room = kRoom * (range.high - range.low);
    if (room <= 1e-9 * std::abs(range.high)) room = std::max(0.05 * std::abs(range.high), 0.01);
    scale.low = std::max(range.low - room, std::min(range.least, range.low));
    scale.high = std::min(range.high + room, std::max(range.most, range.high));
  }
  if (scale.high <= scale.low) scale.high = scale.low + 1;
  return scale;
}

std::vector<Tick> nice_ticks(const AxisScale& scale, int wanted) {
  core::ensure(wanted > 0, "an axis has ticks");
  return scale.is_log ? log_ticks(scale, wanted) : linear_ticks(scale, wanted);
}

std::string rate(double value) {
  if (std::abs(value) >= 100 && std::abs(value) < 1e15)
    return core::with_thousands(std::llround(value));
  return core::significant(value, 3);
}

}  // namespace vitlab::charts
