#include "guide/guide.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "guide/candidate.h"
#include "guide/scope.h"
#include "guide/verdict.h"
#include "guide/wording.h"
#include "stats/multiplicity.h"

namespace vitlab::guide {
namespace {

/// Supported claims of one factor, range and stratum: one guideline.
struct ClaimGroup {
  std::vector<const Candidate*> candidates;
  std::vector<Verdict> verdicts;
};

std::vector<std::int64_t> levels_of(const Candidate& candidate,
                                    const std::vector<std::size_t>& positions) {
  std::vector<std::int64_t> levels;
  for (const std::size_t l : positions) levels.push_back(candidate.comparison.table.levels[l]);
  return levels;
}

std::vector<std::string> names_of(const Factor& factor, const std::vector<std::int64_t>& levels) {
  std::vector<std::string> names;
  for (const std::int64_t level : levels)
    names.push_back(factor.levels[static_cast<std::size_t>(level)]);
  return names;
}

std::string id_of(const Guideline& guideline, const Stratum& stratum) {
  core::Json key{
      {"factor", guideline.factor}, {"from", guideline.from}, {"range", guideline.range}};
  for (const Effect& effect : guideline.effects)
    if (effect.is_claim) key["claims"].push_back(effect.metric);
  if (!stratum.is_whole()) key["where"] = {stratum.name, stratum.value};
  return core::identity(core::canonical_json(key)).substr(0, 12);
}

void add_claimed_effects(const ClaimGroup& group, Guideline& guideline,
                         const GuideOptions& options) {
  for (const Candidate* candidate : group.candidates) {
    auto effect = effect_between(
        *candidate->metric, candidate->comparison, levels_of(*candidate, candidate->claim->from),
        levels_of(*candidate, candidate->claim->range), options, &candidate->claim->bootstrap);
    if (!effect) continue;
    effect->p = candidate->claim->p;
    effect->p_adjusted = candidate->p_adjusted;
    effect->is_claim = true;
    guideline.effects.push_back(*effect);
  }
}

/// What the same move does to the metrics that the guideline does not rest on.
void add_side_effects(const ClaimGroup& group, const Observations& observations,
                      Guideline& guideline, const GuideOptions& options) {
  const Candidate& lead = *group.candidates.front();
  for (const MetricObservations& metric : observations.metrics) {
    const bool is_told =
        std::any_of(guideline.effects.begin(), guideline.effects.end(),
                    [&](const Effect& effect) { return effect.metric == metric.metric->name; });
    if (is_told) continue;
    const Comparison comparison =
        compare_levels(metric, observations.knobs, *lead.factor, lead.stratum);
    const auto effect = effect_between(metric, comparison, levels_of(lead, lead.claim->from),
                                       levels_of(lead, lead.claim->range), options);
    if (effect) guideline.effects.push_back(*effect);
  }
}

Evidence evidence_of(const ClaimGroup& group) {
  Evidence evidence;
  std::set<std::string> models;
  std::set<std::string> trials;
  bool uses_strata = false;
  for (const Candidate* candidate : group.candidates) {
    for (const Observation* row : candidate->comparison.rows) {
      models.insert(row->model);
      if (!row->trial.empty()) trials.insert(row->trial);
    }
    uses_strata = uses_strata || candidate->comparison.uses_strata;
  }
  const Candidate& lead = *group.candidates.front();
  evidence.blocks = static_cast<std::int64_t>(lead.comparison.table.blocks.size());
  evidence.seeds = lead.comparison.seeds;
  evidence.models.assign(models.begin(), models.end());
  evidence.trials.assign(trials.begin(), trials.end());
  evidence.matched_on =
      uses_strata ? "strata of parameters (±10 %), for want of budgets" : "equal budgets";
  return evidence;
}

Guideline make_guideline(const ClaimGroup& group, const Observations& observations,
                         const GuideOptions& options) {
  const Candidate& lead = *group.candidates.front();
  Guideline guideline;
  guideline.factor = lead.factor->name;
  guideline.levels = lead.factor->levels;
  guideline.is_numeric = lead.factor->is_numeric;
  guideline.from = names_of(*lead.factor, levels_of(lead, lead.claim->from));
  guideline.range = names_of(*lead.factor, levels_of(lead, lead.claim->range));
  add_claimed_effects(group, guideline, options);
  add_side_effects(group, observations, guideline, options);
  for (const Verdict& verdict : group.verdicts) {
    guideline.grade = &verdict == &group.verdicts.front()
                          ? *verdict.grade
                          : std::max(guideline.grade, *verdict.grade);
    guideline.counter_evidence.insert(guideline.counter_evidence.end(), verdict.against.begin(),
                                      verdict.against.end());
  }
  guideline.where_name = lead.stratum.name;
  guideline.where_value = lead.stratum.value;
  guideline.scope = scope_of(lead, observations);
  guideline.evidence = evidence_of(group);
  guideline.id = id_of(guideline, lead.stratum);
  return guideline;
}

/// Side effects are tests as well: they are adjusted together, apart from the claims.
void adjust_side_effects(std::vector<Guideline>& guidelines) {
  std::vector<Effect*> effects;
  std::vector<double> p_values;
  for (Guideline& guideline : guidelines) {
    for (Effect& effect : guideline.effects) {
      if (effect.is_claim) continue;
      effects.push_back(&effect);
      p_values.push_back(effect.p);
    }
  }
  const std::vector<double> adjusted = stats::benjamini_hochberg(p_values);
  for (std::size_t i = 0; i < effects.size(); ++i) effects[i]->p_adjusted = adjusted[i];
}

std::vector<std::string> notes_of(const GuideResult& result, const Observations& observations,
                                  bool uses_strata) {
  std::vector<std::string> notes{fmt::format(
      "{} candidate{} tested; false discovery rate {} (Benjamini-Hochberg) over all of them",
      result.tested, result.tested == 1 ? "" : "s", core::shortest(result.alpha))};
  if (uses_strata)
    notes.push_back(
        "some models have no budget: strata of parameters (±10 %) stand in, and grades are one "
        "lower");
  const bool has_claims = std::any_of(
      observations.metrics.begin(), observations.metrics.end(),
      [](const MetricObservations& metric) { return metric.metric->role == MetricRole::kClaim; });
  if (!has_claims) notes.push_back("the table holds no metric that a guideline can rest on");
  return notes;
}

}  // namespace

GuideResult guide(const store::ResultsTable& table, const GuideOptions& options) {
  const Observations observations = observe(table);
  const std::vector<Factor> factors = factors_of(observations);
  const std::vector<Candidate> candidates = make_candidates(observations, factors, options);
  GuideResult result;
  result.alpha = options.false_discovery_rate;
  bool uses_strata = false;
  using Key = std::tuple<const Factor*, std::string, std::string, std::vector<std::string>>;
  std::vector<Key> order;
  std::map<Key, ClaimGroup> groups;
  for (const Candidate& candidate : candidates) {
    result.tested += candidate.claim ? 1 : 0;
    uses_strata = uses_strata || candidate.comparison.uses_strata;
    Verdict verdict = judge(candidate, candidates, observations, options);
    if (!verdict.grade) {
      result.not_supported.push_back(std::move(verdict.refusal));
      continue;
    }
    const Key key{candidate.factor, candidate.stratum.name, candidate.stratum.value,
                  names_of(*candidate.factor, levels_of(candidate, candidate.claim->range))};
    if (!groups.contains(key)) order.push_back(key);
    groups[key].candidates.push_back(&candidate);
    groups[key].verdicts.push_back(std::move(verdict));
  }
  for (const Key& key : order)
    result.guidelines.push_back(make_guideline(groups[key], observations, options));
  adjust_side_effects(result.guidelines);
  for (Guideline& guideline : result.guidelines) finish_wording(guideline);
  result.notes = notes_of(result, observations, uses_strata);
  return result;
}

}  // namespace vitlab::guide
