#include "architecture/solve_knob.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "architecture/presets.h"
#include "core/error.h"

namespace vitlab::architecture {

namespace {

/// Looks a grid function up once a point, upwards or downwards from a point to the next that can be
/// built.
class GridProbe {
 public:
  GridProbe(std::size_t size, const GridFunction& function) : size_(size), function_(function) {}

  std::optional<double> at(std::size_t i) {
    const auto [entry, is_new] = known_.try_emplace(i);
    if (is_new) entry->second = function_(i);
    return entry->second;
  }
  /// The first point from `i` up to and with `last` that can be built.
  std::optional<std::size_t> up(std::size_t i, std::size_t last) {
    for (; i <= last && i < size_; ++i)
      if (at(i)) return i;
    return std::nullopt;
  }
  std::optional<std::size_t> down(std::size_t i, std::size_t last) {
    for (; i >= last; --i) {
      if (at(i)) return i;
      if (i == 0) break;
    }
    return std::nullopt;
  }

 private:
  std::size_t size_;
  const GridFunction& function_;
  std::map<std::size_t, std::optional<double>> known_;
};

/// The last point from `from` in steps that double, on the way to `end`, at which `passes` does not
/// hold yet, and the first at which it does.
struct Gallop {
  std::size_t before;
  std::optional<std::size_t> behind;
};

template <typename Passes>
Gallop gallop_up(GridProbe& probe, std::size_t from, std::size_t size, Passes&& passes) {
  Gallop found{from, std::nullopt};
  for (std::size_t step = 1; found.before + 1 < size; step *= 2) {
    std::size_t aim = std::min(found.before + step, size - 1);
    std::optional<std::size_t> next = probe.up(aim, size - 1);
    if (!next) next = probe.down(aim, found.before + 1);
    if (!next) break;
    if (passes(*probe.at(*next))) {
      found.behind = next;
      break;
    }
    found.before = *next;
  }
  return found;
}

template <typename Passes>
Gallop gallop_down(GridProbe& probe, std::size_t from, Passes&& passes) {
  Gallop found{from, std::nullopt};
  for (std::size_t step = 1; found.before > 0; step *= 2) {
    const std::size_t aim = found.before > step ? found.before - step : 0;
    std::optional<std::size_t> next = probe.down(aim, 0);
    if (!next) next = probe.up(aim, found.before - 1);
    if (!next) break;
    if (passes(*probe.at(*next))) {
      found.behind = next;
      break;
    }
    found.before = *next;
  }
  return found;
}

/// Halves until nothing between `low` and `high` (indices) can be built; `is_high` says which of
/// the two a value replaces.
template <typename IsHigh>
void halve(GridProbe& probe, std::size_t& low, std::size_t& high, IsHigh&& is_high) {
  while (low + 1 < high) {
    const std::size_t middle = low + (high - low) / 2;
    std::optional<std::size_t> next = probe.up(middle, high - 1);
    if (!next) next = probe.down(middle, low + 1);
    if (!next) return;
    (is_high(*probe.at(*next)) ? high : low) = *next;
  }
}

/// Whether the function falls along the grid: a look at the nearest differing neighbours.
bool is_falling(GridProbe& probe, std::size_t size, std::size_t start) {
  const double here = *probe.at(start);
  const Gallop up = gallop_up(probe, start, size, [&](double value) { return value != here; });
  if (up.behind) return *probe.at(*up.behind) < here;
  const Gallop down = gallop_down(probe, start, [&](double value) { return value != here; });
  return down.behind && *probe.at(*down.behind) > here;
}

}  // namespace

GridBracket bracket_on_grid(std::size_t size, std::size_t start, double wanted,
                            const GridFunction& function) {
  if (size == 0) return {};
  GridProbe probe(size, function);
  std::optional<std::size_t> first = probe.up(start, size - 1);
  if (!first) first = probe.down(start, 0);
  if (!first) return {};
  const bool falls = is_falling(probe, size, *first);
  const auto exceeds = [&](double value) { return value > wanted; };
  const auto fits = [&](double value) { return value <= wanted; };
  std::size_t low = *first, high = *first;  // indices
  const bool starts_above = exceeds(*probe.at(*first));
  const bool goes_up = starts_above == falls;
  const Gallop way = goes_up ? (starts_above ? gallop_up(probe, *first, size, fits)
                                             : gallop_up(probe, *first, size, exceeds))
                             : (starts_above ? gallop_down(probe, *first, fits)
                                             : gallop_down(probe, *first, exceeds));
  if (!way.behind) {
    if (starts_above) return {std::nullopt, way.before};
    return {way.before, std::nullopt};
  }
  low = std::min(way.before, *way.behind);
  high = std::max(way.before, *way.behind);
  halve(probe, low, high, [&](double value) { return exceeds(value) != falls; });
  return falls ? GridBracket{high, low} : GridBracket{low, high};
}

KnobSolution solve_knob(const core::Json& knobs, const KnobGrid& grid, const std::string& metric,
                        double equals, CostCounter& counter) {
  cost_metric({}, metric);  // throws if unknown
  if (!(equals > 0)) throw core::UserError("the target must be a positive number");
  std::string first_error;
  const GridFunction cost = [&](std::size_t i) -> std::optional<double> {
    try {
      const core::Json tried = with_knob(knobs, grid.knob, grid.values[i]);
      return cost_metric(counter.count(expand_knobs_untried(tried, "solve")), metric);
    } catch (const core::UserError& error) {
      if (first_error.empty()) first_error = error.what();
      return std::nullopt;
    }
  };
  const GridBracket bracket = bracket_on_grid(grid.values.size(), grid.start, equals, cost);
  KnobSolution best;
  double best_gap = INFINITY;
  for (const std::optional<std::size_t>& end : {bracket.below, bracket.above}) {
    if (!end) continue;
    const double value = *cost(*end);
    const double gap = std::abs(value - equals);
    if (!(gap < best_gap)) continue;
    best_gap = gap;
    best = {grid.values[*end], value, value / equals - 1};
  }
  if (best_gap == INFINITY)
    throw core::UserError("no value of " + grid.knob + " in multiples of " +
                          core::dump_json(grid.step) + " makes a model: " + first_error);
  return best;
}

}  // namespace vitlab::architecture
