#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guide/confirm.h"
#include "guide/level_claim.h"

namespace vitlab::guide {

/// One question to the table: does this factor move this metric (in this part of the table)?
struct Candidate {
  const MetricObservations* metric = nullptr;
  const Factor* factor = nullptr;
  Stratum stratum;
  Comparison comparison;
  std::optional<LevelClaim> claim;
  double p_adjusted = 1;

  double margin(const GuideOptions& options) const;
};

/// All candidates of the table, a factor's metrics in the order of the metric table. Where two
/// strata contradict each other (a range chosen in one is worse than the rest in another, with an
/// interval off zero) there is a candidate a stratum instead of one for the whole. p-values are
/// adjusted over all that were tested.
std::vector<Candidate> make_candidates(const Observations& observations,
                                       const std::vector<Factor>& factors,
                                       const GuideOptions& options);

/// A contrast between levels in one metric, as far as the blocks hold it: nothing with fewer than
/// kFewestBlocks blocks, or where a side is missing. p_adjusted is p. `drawn` is the comparison's
/// bootstrap, if there is one already.
std::optional<Effect> effect_between(const MetricObservations& metric, const Comparison& comparison,
                                     const std::vector<std::int64_t>& from,
                                     const std::vector<std::int64_t>& to,
                                     const GuideOptions& options,
                                     const stats::EffectBootstrap* drawn = nullptr);

/// A difference on the metric's scale, as told: percent for relative metrics.
double told_difference(const MetricObservations& metric, double difference);

}  // namespace vitlab::guide
