#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitlab::stats {

/// How a random forest is grown; the same settings and rows, in any order, give the same forest.
struct ForestSettings {
  std::int64_t trees = 64;
  std::int64_t depth = 64;
  std::int64_t smallest_leaf = 2;  // rows of the tree's bootstrap sample
  double feature_share = 5.0 / 6;  // of the features, tried at each split
  std::uint64_t seed = 0;
};

/// A split (rows with feature <= threshold go left), or a leaf where `feature` is negative.
struct TreeNode {
  std::int64_t feature = -1;
  double threshold = 0;
  double value = 0;  // mean target of the rows that reach the node
  std::size_t left = 0;
  std::size_t right = 0;

  bool is_leaf() const { return feature < 0; }
  bool operator==(const TreeNode&) const = default;
};

/// Node 0 is the root.
using Tree = std::vector<TreeNode>;

/// Random forest regression (Breiman 2001).
struct Forest {
  std::vector<Tree> trees;
  std::size_t features = 0;
  /// 1 - squared error / variance, each row predicted by the trees that did not see it; NaN for
  /// constant targets or where no row was ever left out.
  double out_of_bag_r2 = 0;
};

/// Grows variance-reducing trees on bootstrap samples of the rows; at least one row and one
/// feature, categories as numbers.
Forest fit_forest(std::span<const std::vector<double>> rows, std::span<const double> targets,
                  const ForestSettings& settings = {});

double predict(const Tree& tree, std::span<const double> features);
/// Mean of the trees' predictions.
double predict(const Forest& forest, std::span<const double> features);

}  // namespace vitlab::stats
