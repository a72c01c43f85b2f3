#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/forest.h"

namespace vitlab::stats {

/// The share of variance that two features explain together and neither explains alone.
struct PairImportance {
  std::size_t first = 0;
  std::size_t second = 0;
  double share = 0;
};

/// Shares of the forest's variance over the features' domain; what main effects and pairs leave of
/// 1 belongs to interactions of three or more.
struct Importance {
  std::vector<double> main;           // per feature
  std::vector<PairImportance> pairs;  // every first < second
};

/// The values that each feature takes, ascending: the distinct ones in `rows`, or `most` even
/// quantiles of them where there are more.
std::vector<std::vector<double>> feature_domain(std::span<const std::vector<double>> rows,
                                                std::size_t most = 32);

/// Functional ANOVA of a forest (Hutter, Hoos and Leyton-Brown 2014), exact per tree over the
/// product of `domain`, every value of a feature weighing the same; averaged over the trees that
/// vary at all. All shares are 0 where none does. Read it beside out_of_bag_r2: a forest that
/// predicts nothing has importances too.
Importance fanova(const Forest& forest, std::span<const std::vector<double>> domain);

}  // namespace vitlab::stats
