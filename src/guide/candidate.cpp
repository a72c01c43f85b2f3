#include "guide/candidate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "stats/multiplicity.h"

namespace vitlab::guide {
namespace {

std::string reference_of(const Factor& factor, const GuideOptions& options) {
  const auto found = options.reference.find(factor.name);
  return found == options.reference.end() ? "" : found->second;
}

Candidate make_candidate(const MetricObservations& metric, const Factor& factor,
                         const Stratum& stratum, const Observations& observations,
                         const GuideOptions& options) {
  Candidate candidate{&metric, &factor, stratum, {}, {}, 1};
  candidate.comparison = compare_levels(metric, observations.knobs, factor, stratum);
  candidate.claim = claim_levels(candidate.comparison, factor, metric.metric->direction,
                                 reference_of(factor, options), options, candidate.margin(options));
  return candidate;
}

std::vector<std::int64_t> levels_at(const stats::EffectTable& table,
                                    const std::vector<std::size_t>& positions) {
  std::vector<std::int64_t> levels;
  for (const std::size_t position : positions) levels.push_back(table.levels[position]);
  return levels;
}

/// Whether what is best in `chosen` is worse than the rest in `other`, beyond its noise.
bool contradicts(const Candidate& chosen, const Candidate& other, const GuideOptions& options) {
  if (!chosen.claim || !other.claim || !chosen.claim->is_range) return false;
  const stats::EffectTable& table = chosen.comparison.table;
  std::vector<std::int64_t> from;
  const auto to = levels_at(table, chosen.claim->range);
  for (const std::int64_t level : table.levels)
    if (std::find(to.begin(), to.end(), level) == to.end()) from.push_back(level);
  const auto effect =
      effect_between(*other.metric, other.comparison, from, to, options, &other.claim->bootstrap);
  return effect && effect->is_off_zero && !effect->is_better;
}

std::vector<Candidate> strata_of(const Candidate& whole, const std::string& name,
                                 const Observations& observations, const GuideOptions& options) {
  std::set<std::string> values;
  for (const Observation* row : whole.comparison.rows)
    values.insert(cell_of(*row, observations.knobs, name));
  std::vector<Candidate> strata;
  for (const std::string& value : values)
    strata.push_back(
        make_candidate(*whole.metric, *whole.factor, {name, value}, observations, options));
  return strata;
}

/// The whole candidate, or its strata by the first name under which two of them contradict. The
/// search takes fewer draws than the answer.
std::vector<Candidate> split_if_contradictory(Candidate whole, const Observations& observations,
                                              const GuideOptions& options) {
  GuideOptions search = options;
  search.draws = std::min<std::int64_t>(options.draws, 400);
  for (const std::string& name :
       varying_names(whole.comparison, observations.knobs, *whole.factor)) {
    const std::vector<Candidate> strata = strata_of(whole, name, observations, search);
    for (const Candidate& chosen : strata)
      for (const Candidate& other : strata)
        if (contradicts(chosen, other, search))
          return strata_of(whole, name, observations, options);
  }
  std::vector<Candidate> one;
  one.push_back(std::move(whole));
  return one;
}

/// The metric that every model was matched on says nothing.
bool is_held_equal(const MetricObservations& metric) {
  const std::string prefix = std::string(metric.metric->name) + " = ";
  return std::all_of(metric.rows.begin(), metric.rows.end(),
                     [&](const Observation& row) { return row.budget.rfind(prefix, 0) == 0; });
}

void adjust(std::vector<Candidate>& candidates) {
  std::vector<double> p_values;
  for (const Candidate& candidate : candidates)
    if (candidate.claim) p_values.push_back(candidate.claim->p);
  const std::vector<double> adjusted = stats::benjamini_hochberg(p_values);
  std::size_t next = 0;
  for (Candidate& candidate : candidates)
    if (candidate.claim) candidate.p_adjusted = adjusted[next++];
}

}  // namespace

double Candidate::margin(const GuideOptions& options) const {
  const auto found = options.margins.find(std::string(metric->metric->name));
  if (found == options.margins.end()) return 0;
  return metric->is_relative ? std::log1p(found->second) : found->second;
}

std::vector<Candidate> make_candidates(const Observations& observations,
                                       const std::vector<Factor>& factors,
                                       const GuideOptions& options) {
  std::vector<Candidate> candidates;
  for (const Factor& factor : factors) {
    for (const MetricObservations& metric : observations.metrics) {
      if (metric.metric->role != MetricRole::kClaim || is_held_equal(metric)) continue;
      Candidate whole = make_candidate(metric, factor, {}, observations, options);
      for (Candidate& part : split_if_contradictory(std::move(whole), observations, options))
        candidates.push_back(std::move(part));
    }
  }
  adjust(candidates);
  return candidates;
}

double told_difference(const MetricObservations& metric, double difference) {
  return metric.is_relative ? 100 * std::expm1(difference) : difference;
}

std::optional<Effect> effect_between(const MetricObservations& metric, const Comparison& comparison,
                                     const std::vector<std::int64_t>& from,
                                     const std::vector<std::int64_t>& to,
                                     const GuideOptions& options,
                                     const stats::EffectBootstrap* drawn) {
  const stats::EffectTable& table = comparison.table;
  const bool is_enough = static_cast<std::int64_t>(table.blocks.size()) >= kFewestBlocks;
  if (!is_enough || !table.is_connected) return std::nullopt;
  const auto positions = [&](const std::vector<std::int64_t>& levels) {
    std::vector<std::size_t> found;
    for (std::size_t l = 0; l < table.levels.size(); ++l)
      if (std::find(levels.begin(), levels.end(), table.levels[l]) != levels.end())
        found.push_back(l);
    return found;
  };
  const std::vector<std::size_t> before = positions(from);
  const std::vector<std::size_t> after = positions(to);
  const std::vector<double> differences = stats::block_contrasts(table, before, after);
  if (before.empty() || after.empty() || differences.empty()) return std::nullopt;

  const stats::EffectBootstrap bootstrap =
      drawn != nullptr
          ? *drawn
          : stats::bootstrap_effects(
                table,
                {.confidence = options.confidence, .draws = options.draws, .seed = options.seed});
  const stats::Estimate contrast = stats::effect_contrast(bootstrap, before, after);
  const bool is_up = metric.metric->direction == stats::Direction::kMaximise;
  Effect effect;
  effect.metric = metric.metric->name;
  effect.delta = told_difference(metric, contrast.value);
  effect.unit = metric.unit;
  effect.low = told_difference(metric, contrast.low);
  effect.high = told_difference(metric, contrast.high);
  effect.p = contrast_p_value(table, bootstrap, before, after, options);
  effect.p_adjusted = effect.p;
  const double positive = stats::probability_of_superiority(differences);
  effect.superiority = is_up ? positive : 1 - positive;
  effect.is_better = is_up ? contrast.value > 0 : contrast.value < 0;
  effect.is_off_zero = contrast.is_off_zero();
  return effect;
}

}  // namespace vitlab::guide
