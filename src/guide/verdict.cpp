#include "guide/verdict.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/text.h"
#include "guide/size_confound.h"
#include "guide/wording.h"
#include "stats/sign_flip.h"
#include "stats/summary.h"

namespace vitlab::guide {
namespace {

std::string in_stratum(const Stratum& stratum) {
  return stratum.is_whole() ? "" : fmt::format("where {} is {}: ", stratum.name, stratum.value);
}

/// Why there was no test at all.
std::string untested_reason(const Candidate& candidate) {
  const bool is_unmatched =
      std::all_of(candidate.metric->rows.begin(), candidate.metric->rows.end(),
                  [](const Observation& row) { return row.budget.empty(); });
  const std::size_t blocks = candidate.comparison.table.blocks.size();
  if (is_unmatched) return "the models have neither a budget nor a count of parameters to match on";
  if (blocks == 0)
    return "no two of its levels share a block (equal budget, context and other knobs)";
  if (static_cast<std::int64_t>(blocks) >= kFewestBlocks)
    return "the blocks do not connect its levels with each other";
  return fmt::format("{} matched block{}, where the exact test takes {} and the bootstrap {}",
                     blocks, blocks == 1 ? "" : "s", kFewestBlocks, kBootstrapBlocks);
}

std::string p_text(double p) { return p < 0.001 ? "< 0.001" : "= " + core::significant(p, 2); }

std::string no_range_reason(const Candidate& candidate) {
  const LevelClaim& claim = *candidate.claim;
  if (claim.range.size() == candidate.comparison.table.levels.size())
    return fmt::format("no level is set apart from the others (p {})", p_text(claim.p));
  return fmt::format("the levels that may be the best are not neighbours (p {})", p_text(claim.p));
}

std::string chance_reason(const Candidate& candidate, std::size_t tested, double rate) {
  const auto blocks = static_cast<std::int64_t>(candidate.comparison.table.blocks.size());
  const bool is_two = candidate.comparison.table.levels.size() == 2;
  std::string reason =
      fmt::format("p {}, {} after correction for {} test{}, above {}", p_text(candidate.claim->p),
                  core::significant(candidate.p_adjusted, 2), tested, tested == 1 ? "" : "s",
                  core::shortest(rate));
  if (is_two && blocks < kBootstrapBlocks)
    reason += fmt::format("; {} blocks cannot show less than {}", blocks,
                          core::shortest(stats::smallest_sign_flip_p(blocks)));
  return reason;
}

NotSupported refuse(const Candidate& candidate, const std::string& reason) {
  NotSupported refusal;
  refusal.factor = candidate.factor->name;
  refusal.metric = candidate.metric->metric->name;
  refusal.reason = in_stratum(candidate.stratum) + reason;
  refusal.blocks = static_cast<std::int64_t>(candidate.comparison.table.blocks.size());
  refusal.samples_needed =
      blocks_to_settle(candidate.comparison.table, candidate.metric->metric->direction);
  return refusal;
}

/// Sentences on sizes, and whether one of them explains the claim.
bool is_explained_by_size(const Candidate& candidate, const Observations& observations,
                          const GuideOptions& options, std::vector<std::string>& against) {
  if (!candidate.metric->metric->answers_to_size) return false;
  bool is_explained = false;
  for (const SizeConfound& confound :
       size_confounds(candidate.comparison, *candidate.factor, *candidate.claim,
                      observations.models, options)) {
    const bool is_defined = std::isfinite(confound.partial.value);
    against.push_back(
        fmt::format("{}: inside blocks rho is {}, {} given {}{}", candidate.metric->metric->label,
                    core::significant(confound.plain, 2),
                    is_defined ? core::significant(confound.partial.value, 2) : "undefined",
                    confound.size, confound.is_explained ? ": size explains it as well" : ""));
    is_explained = is_explained || confound.is_explained;
  }
  return is_explained;
}

/// Parts of the table in which the mean difference points the other way, within its noise.
void add_opposite_parts(const Candidate& candidate, const Observations& observations,
                        std::vector<std::string>& against) {
  const MetricObservations& metric = *candidate.metric;
  const bool is_up = metric.metric->direction == stats::Direction::kMaximise;
  for (const std::string& name :
       varying_names(candidate.comparison, observations.knobs, *candidate.factor)) {
    std::set<std::string> values;
    for (const Observation* row : candidate.comparison.rows)
      values.insert(cell_of(*row, observations.knobs, name));
    for (const std::string& value : values) {
      std::set<std::string> blocks;
      for (std::size_t i = 0; i < candidate.comparison.rows.size(); ++i)
        if (cell_of(*candidate.comparison.rows[i], observations.knobs, name) == value)
          blocks.insert(candidate.comparison.row_blocks[i]);
      stats::EffectTable part = candidate.comparison.table;
      for (std::size_t b = part.blocks.size(); b-- > 0;)
        if (!blocks.contains(part.blocks[b]))
          part.cells.erase(part.cells.begin() + static_cast<std::ptrdiff_t>(b));
      const auto differences =
          stats::block_contrasts(part, candidate.claim->from, candidate.claim->range);
      if (differences.empty() || (stats::mean(differences) > 0) == is_up) continue;
      against.push_back(fmt::format(
          "where {} is {} ({} block{}) {} points the other way, within its noise: {}", name, value,
          differences.size(), differences.size() == 1 ? "" : "s", metric.metric->label,
          told(*metric.metric, metric.unit, told_difference(metric, stats::mean(differences)))));
    }
  }
}

/// What the other parts of a contradictory table say.
void add_contradictions(const Candidate& candidate, const std::vector<Candidate>& all,
                        std::vector<std::string>& against) {
  if (candidate.stratum.is_whole()) return;
  std::string others;
  for (const Candidate& other : all) {
    const bool is_sibling = other.factor == candidate.factor && other.metric == candidate.metric &&
                            other.stratum.value != candidate.stratum.value;
    if (is_sibling) others += (others.empty() ? "" : ", ") + other.stratum.value;
  }
  against.push_back(
      fmt::format("{} answers with another sign elsewhere ({}: {}), so nothing is "
                  "said about all of them together",
                  candidate.metric->metric->label, candidate.stratum.name, others));
}

std::optional<Grade> lowered(Grade grade) {
  if (grade == Grade::kC) return std::nullopt;
  return grade == Grade::kA ? Grade::kB : Grade::kC;
}

}  // namespace

Verdict judge(const Candidate& candidate, const std::vector<Candidate>& all,
              const Observations& observations, const GuideOptions& options) {
  Verdict verdict;
  const auto no = [&](const std::string& reason) {
    verdict.refusal = refuse(candidate, reason);
    return verdict;
  };
  if (!candidate.claim) return no(untested_reason(candidate));
  if (!candidate.claim->is_range) return no(no_range_reason(candidate));
  if (candidate.p_adjusted > options.false_discovery_rate) {
    const auto tested = std::count_if(
        all.begin(), all.end(), [](const Candidate& other) { return other.claim.has_value(); });
    return no(
        chance_reason(candidate, static_cast<std::size_t>(tested), options.false_discovery_rate));
  }
  const stats::Direction direction = candidate.metric->metric->direction;
  const Confirmation confirmation = confirm(candidate.comparison, *candidate.factor, direction,
                                            *candidate.claim, options, candidate.margin(options));
  Grade grade = confirmation.is_broad()     ? Grade::kA
                : confirmation.is_confirmed ? Grade::kB
                                            : Grade::kC;
  if (is_explained_by_size(candidate, observations, options, verdict.against)) grade = Grade::kC;
  verdict.grade = candidate.comparison.uses_strata ? lowered(grade) : grade;
  if (!verdict.grade)
    return no(
        "seen in the sample only, and models are matched on parameters (±10 %), not on "
        "budgets");
  add_contradictions(candidate, all, verdict.against);
  add_opposite_parts(candidate, observations, verdict.against);
  return verdict;
}

}  // namespace vitlab::guide
