#include "predict/speed_search.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"

namespace vitlab::predict {

namespace {

constexpr double kSteepest = 0.5;  // of the correction, per logarithm of the guess

/// Repeated measurements of one point, pooled in logarithms.
struct PooledTime {
  double value = 0, low = 0, high = 0;  // sums of logarithms
  int count = 0;

  void add(const MeasuredTime& time) {
    value += std::log(time.value);
    low += std::log(std::min(time.low, time.value));
    high += std::log(std::max(time.high, time.value));
    ++count;
  }
  /// The interval of the mean narrows with the root of the count.
  MeasuredTime time() const {
    const double n = count;
    const double middle = value / n;
    return {std::exp(middle), std::exp(middle + (low / n - middle) / std::sqrt(n)),
            std::exp(middle + (high / n - middle) / std::sqrt(n))};
  }
};

class SpeedSearch {
 public:
  SpeedSearch(std::size_t size, std::size_t start, const SpeedTarget& target,
              const architecture::GridFunction& guess, const MeasurePoint& measure)
      : size_(size), start_(start), target_(target), guess_(guess), measure_(measure) {}

  SpeedSolution run() {
    std::optional<std::size_t> next = nearest_predicted(false);
    if (!next) throw core::UserError("no value on the grid makes a model");
    solution_.proposed = *predicted(*next);
    for (;;) {
      measure(*next);
      if (settled()) return solution_;
      if (solution_.measurements >= target_.most_measurements) return give_up();
      next = choose();
      if (!next) return solution_;
    }
  }

 private:
  std::optional<double> guess(std::size_t i) {
    const auto [entry, is_new] = guesses_.try_emplace(i);
    if (is_new) entry->second = guess_(i);
    return entry->second;
  }

  /// log(measured / guessed) at a place, from the points measured so far.
  double correction(double place) const {
    if (corrections_.empty()) return 0;
    const auto above = corrections_.lower_bound(place);
    if (corrections_.size() == 1) return corrections_.begin()->second;
    if (above != corrections_.begin() && above != corrections_.end()) {
      const auto below = std::prev(above);
      const double part = (place - below->first) / (above->first - below->first);
      return below->second + part * (above->second - below->second);
    }
    const auto end = above == corrections_.end() ? std::prev(above) : above;
    const auto inner = above == corrections_.end() ? std::prev(end) : std::next(end);
    const double slope = (end->second - inner->second) / (end->first - inner->first);
    return end->second + 0.5 * std::clamp(slope, -kSteepest, kSteepest) * (place - end->first);
  }

  std::optional<double> predicted(std::size_t i) {
    if (const auto found = measured_.find(i); found != measured_.end())
      return found->second.time().value;
    const std::optional<double> time = guess(i);
    if (!time || !(*time > 0)) return std::nullopt;
    return *time * std::exp(correction(std::log(*time)));
  }

  double gap(double time) const { return std::abs(target_.time / time - 1); }

  /// The end of the predicted bracket that comes closest to the target, of those not measured yet
  /// if so asked.
  std::optional<std::size_t> nearest_predicted(bool unmeasured) {
    const architecture::GridBracket bracket = architecture::bracket_on_grid(
        size_, start_, target_.time, [&](std::size_t i) { return predicted(i); });
    std::optional<std::size_t> best;
    for (const std::optional<std::size_t>& end : {bracket.below, bracket.above}) {
      if (!end || (unmeasured && measured_.contains(*end))) continue;
      if (!best || gap(*predicted(*end)) < gap(*predicted(*best))) best = end;
    }
    is_straddled_ = bracket.below && bracket.above;
    return best;
  }

  void measure(std::size_t i) {
    PooledTime& pooled = measured_[i];
    pooled.add(measure_(i));
    ++solution_.measurements;
    const double place = std::log(*guess(i));
    // Points with the same guess (a knob that rounds) correct it by what was measured last.
    corrections_[place] = std::log(pooled.time().value) - place;
  }

  /// Sets the solution to the measured point nearest the target; true if that is all one can ask.
  bool settled() {
    double least = INFINITY;
    for (const auto& [i, pooled] : measured_) {
      const MeasuredTime time = pooled.time();
      if (gap(time.value) >= least) continue;
      least = gap(time.value);
      solution_.point = i;
      solution_.time = time;
      solution_.residual = target_.time / time.value - 1;
    }
    if (least > target_.tolerance || is_wide()) return false;
    solution_.verdict = SpeedVerdict::kMet;
    return true;
  }

  bool is_wide() const {
    const MeasuredTime& time = solution_.time;
    return 0.5 * (time.high - time.low) > target_.tolerance * time.value;
  }

  bool fits() const { return std::abs(solution_.residual) <= target_.tolerance; }

  SpeedSolution give_up() {
    solution_.verdict = fits() ? SpeedVerdict::kNoisy : SpeedVerdict::kNotReached;
    return solution_;
  }

  /// The next point to measure; nothing, with the verdict set, where no point can do better.
  std::optional<std::size_t> choose() {
    if (fits()) return solution_.point;  // it fits but is wide: once more
    if (const auto fresh = nearest_predicted(true)) return fresh;
    // Both neighbours are measured. Where noise hides which side of the target a point lies on,
    // measuring the nearer one again may bring it in.
    if (is_wide()) return solution_.point;
    solution_.verdict = is_straddled_ ? SpeedVerdict::kCoarseGrid : SpeedVerdict::kOutOfReach;
    return std::nullopt;
  }

  std::size_t size_, start_;
  const SpeedTarget& target_;
  const architecture::GridFunction& guess_;
  const MeasurePoint& measure_;
  std::map<std::size_t, std::optional<double>> guesses_;
  std::map<std::size_t, PooledTime> measured_;
  std::map<double, double> corrections_;  // by the logarithm of the guess
  bool is_straddled_ = false;
  SpeedSolution solution_;
};

}  // namespace

std::string_view speed_verdict_name(SpeedVerdict verdict) {
  switch (verdict) {
    case SpeedVerdict::kMet:
      return "met";
    case SpeedVerdict::kCoarseGrid:
      return "coarse_grid";
    case SpeedVerdict::kNoisy:
      return "noisy";
    case SpeedVerdict::kOutOfReach:
      return "out_of_reach";
    case SpeedVerdict::kNotReached:
      return "not_reached";
  }
  throw std::logic_error("a verdict has a name");
}

SpeedSolution search_speed(std::size_t size, std::size_t start, const SpeedTarget& target,
                           const architecture::GridFunction& guess, const MeasurePoint& measure) {
  return SpeedSearch(size, start, target, guess, measure).run();
}

}  // namespace vitlab::predict
