#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/forest.h"

namespace vitlab::stats {

/// How boosted trees are grown; the same settings and rows give the same trees.
struct BoostSettings {
  std::int64_t trees = 150;
  std::int64_t depth = 4;
  double rate = 0.1;               // share of each tree that is added
  std::int64_t smallest_leaf = 4;  // rows of the tree's sample
  double row_share = 0.75;         // of the rows, drawn without replacement for each tree
  double feature_share = 0.75;     // of the features, tried by each tree
  std::uint64_t seed = 0;
};

/// Gradient boosting of squared error (Friedman 2001, with the sampling of Friedman 2002): the sum
/// of `start` and of the trees, whose leaves hold their share already.
struct BoostedTrees {
  double start = 0;
  std::vector<Tree> trees;
};

/// Fits weighted targets; at least one row and one feature, positive weights, one per row. Splits
/// are searched among at most 64 quantiles of a feature; leaves are shrunk towards 0 by the weight
/// of one average row.
BoostedTrees fit_boosted(std::span<const std::vector<double>> rows, std::span<const double> targets,
                         std::span<const double> weights, const BoostSettings& settings = {});

double predict(const BoostedTrees& model, std::span<const double> features);

}  // namespace vitlab::stats
