#include "stats/fanova.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "stats/summary.h"

namespace vitlab::stats {
namespace {

using Domain = std::span<const std::vector<double>>;

/// The values of one feature, by index [begin, end) into its domain, that reach a leaf.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Leaf {
  std::vector<Range> ranges;
  std::vector<double> shares;  // of each feature's domain
  double value = 0;
};

void collect_leaves(const Tree& tree, std::size_t node, const std::vector<Range>& ranges,
                    Domain domain, std::vector<Leaf>& leaves) {
  const TreeNode& at = tree[node];
  if (at.is_leaf()) {
    Leaf leaf{ranges, {}, at.value};
    for (std::size_t j = 0; j < ranges.size(); ++j) {
      leaf.shares.push_back(static_cast<double>(ranges[j].end - ranges[j].begin) /
                            static_cast<double>(domain[j].size()));
    }
    leaves.push_back(std::move(leaf));
    return;
  }
  const auto feature = static_cast<std::size_t>(at.feature);
  const std::vector<double>& values = domain[feature];
  const auto cut = static_cast<std::size_t>(
      std::upper_bound(values.begin(), values.end(), at.threshold) - values.begin());
  std::vector<Range> below = ranges;
  std::vector<Range> above = ranges;
  below[feature].end = std::clamp(cut, ranges[feature].begin, ranges[feature].end);
  above[feature].begin = below[feature].end;
  // A side that no value of the domain reaches weighs nothing.
  if (below[feature].begin < below[feature].end) {
    collect_leaves(tree, at.left, below, domain, leaves);
  }
  if (above[feature].begin < above[feature].end) {
    collect_leaves(tree, at.right, above, domain, leaves);
  }
}

std::vector<Leaf> leaves_of(const Tree& tree, Domain domain) {
  std::vector<Range> whole;
  for (const std::vector<double>& values : domain) whole.push_back({0, values.size()});
  std::vector<Leaf> leaves;
  collect_leaves(tree, 0, whole, domain, leaves);
  return leaves;
}

double volume(const Leaf& leaf) {
  double product = 1;
  for (const double share : leaf.shares) product *= share;
  return product;
}

/// Variance of the tree's mean over all other features, as a function of feature j.
double main_variance(const std::vector<Leaf>& leaves, Domain domain, std::size_t j, double centre) {
  std::vector<double> marginal(domain[j].size(), -centre);
  for (const Leaf& leaf : leaves) {
    const double weight = leaf.value * volume(leaf) / leaf.shares[j];
    for (std::size_t v = leaf.ranges[j].begin; v < leaf.ranges[j].end; ++v) marginal[v] += weight;
  }
  double sum = 0;
  for (const double m : marginal) sum += m * m;
  return sum / static_cast<double>(marginal.size());
}

/// The same as a function of features j and k together.
double joint_variance(const std::vector<Leaf>& leaves, Domain domain, std::size_t j, std::size_t k,
                      double centre) {
  const std::size_t width = domain[k].size();
  std::vector<double> marginal(domain[j].size() * width, -centre);
  for (const Leaf& leaf : leaves) {
    const double weight = leaf.value * volume(leaf) / leaf.shares[j] / leaf.shares[k];
    for (std::size_t u = leaf.ranges[j].begin; u < leaf.ranges[j].end; ++u) {
      for (std::size_t v = leaf.ranges[k].begin; v < leaf.ranges[k].end; ++v) {
        marginal[u * width + v] += weight;
      }
    }
  }
  double sum = 0;
  for (const double m : marginal) sum += m * m;
  return sum / static_cast<double>(marginal.size());
}

/// Adds one tree's shares; false if the tree is constant over the domain.
bool add_tree(const Tree& tree, Domain domain, Importance& importance) {
  const std::vector<Leaf> leaves = leaves_of(tree, domain);
  double centre = 0;
  for (const Leaf& leaf : leaves) centre += volume(leaf) * leaf.value;
  double total = 0;
  double scale = 0;
  for (const Leaf& leaf : leaves) {
    total += volume(leaf) * (leaf.value - centre) * (leaf.value - centre);
    scale = std::max(scale, leaf.value * leaf.value);
  }
  if (total <= 1e-24 * scale) return false;
  std::vector<double> variances;
  for (std::size_t j = 0; j < domain.size(); ++j) {
    variances.push_back(main_variance(leaves, domain, j, centre));
    importance.main[j] += variances[j] / total;
  }
  for (PairImportance& pair : importance.pairs) {
    const double joint = joint_variance(leaves, domain, pair.first, pair.second, centre);
    const double alone = variances[pair.first] + variances[pair.second];
    pair.share += std::max(0.0, joint - alone) / total;  // below zero is rounding
  }
  return true;
}

}  // namespace

std::vector<std::vector<double>> feature_domain(std::span<const std::vector<double>> rows,
                                                std::size_t most) {
  core::ensure(!rows.empty() && most >= 2, "a domain is taken of rows, with room for two values");
  std::vector<std::vector<double>> domain;
  for (std::size_t j = 0; j < rows.front().size(); ++j) {
    std::vector<double> values;
    for (const std::vector<double>& row : rows) {
      core::ensure(row.size() == rows.front().size(), "all rows have the same features");
      values.push_back(row[j]);
    }
    values = sorted_copy(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > most) {
      std::vector<double> thinned;
      for (std::size_t i = 0; i < most; ++i) {
        thinned.push_back(
            quantile_of_sorted(values, static_cast<double>(i) / static_cast<double>(most - 1)));
      }
      values = std::move(thinned);
    }
    domain.push_back(std::move(values));
  }
  return domain;
}

Importance fanova(const Forest& forest, std::span<const std::vector<double>> domain) {
  core::ensure(domain.size() == forest.features, "a domain has the forest's features");
  for (const std::vector<double>& values : domain) {
    core::ensure(!values.empty() && std::is_sorted(values.begin(), values.end()),
                 "a feature's domain is ascending and not empty");
  }
  Importance importance;
  importance.main.assign(domain.size(), 0);
  for (std::size_t j = 0; j < domain.size(); ++j) {
    for (std::size_t k = j + 1; k < domain.size(); ++k) importance.pairs.push_back({j, k, 0});
  }
  double trees = 0;
  for (const Tree& tree : forest.trees) trees += add_tree(tree, domain, importance) ? 1 : 0;
  if (trees == 0) return importance;
  for (double& share : importance.main) share /= trees;
  for (PairImportance& pair : importance.pairs) pair.share /= trees;
  return importance;
}

}  // namespace vitlab::stats
