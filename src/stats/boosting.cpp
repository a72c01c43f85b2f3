#include "stats/boosting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/hash.h"
#include "core/random.h"

namespace vitlab::stats {

namespace {

constexpr std::size_t kMostBins = 64;

/// Features as small numbers: the bin of each value, and the thresholds between bins.
struct BinnedRows {
  std::vector<std::vector<double>> thresholds;     // by feature, ascending; bin b is <= threshold b
  std::vector<std::vector<std::uint8_t>> columns;  // by feature, by row
};

std::vector<double> thresholds_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<double> thresholds;
  const std::size_t steps = std::min(values.size(), kMostBins);
  for (std::size_t i = 1; i < steps; ++i) {
    const std::size_t at = i * values.size() / steps;
    thresholds.push_back(0.5 * (values[at - 1] + values[at]));
  }
  return thresholds;
}

BinnedRows binned(std::span<const std::vector<double>> rows) {
  BinnedRows result;
  for (std::size_t f = 0; f < rows[0].size(); ++f) {
    std::vector<double> values;
    for (const std::vector<double>& row : rows) values.push_back(row[f]);
    const std::vector<double> thresholds = thresholds_of(values);
    std::vector<std::uint8_t> bins;
    for (const double value : values) {
      const auto at = std::lower_bound(thresholds.begin(), thresholds.end(), value);
      bins.push_back(static_cast<std::uint8_t>(at - thresholds.begin()));
    }
    result.thresholds.push_back(thresholds);
    result.columns.push_back(std::move(bins));
  }
  return result;
}

struct Split {
  double gain = 0;
  std::size_t feature = 0;
  std::size_t bin = 0;  // rows with this bin or less go left
};

/// Sums over the rows of one bin.
struct BinSum {
  double weight = 0, target = 0;
  std::int64_t rows = 0;
};

class BoostedTreeGrower {
 public:
  BoostedTreeGrower(const BinnedRows& binned, const std::vector<double>& residuals,
                    std::span<const double> weights, const BoostSettings& settings, double shrink)
      : binned_(binned),
        residuals_(residuals),
        weights_(weights),
        settings_(settings),
        shrink_(shrink) {}

  Tree grow(std::vector<std::size_t> rows, std::vector<std::size_t> features) {
    features_ = std::move(features);
    tree_.clear();
    grow_node(std::move(rows), 0);
    return std::move(tree_);
  }

 private:
  double score(const BinSum& sum) const { return sum.target * sum.target / (sum.weight + shrink_); }

  std::size_t grow_node(std::vector<std::size_t> rows, std::int64_t depth) {
    const std::size_t index = tree_.size();
    tree_.emplace_back();
    BinSum total;
    for (const std::size_t row : rows) add(total, row);
    tree_[index].value = settings_.rate * total.target / (total.weight + shrink_);
    const Split split = depth < settings_.depth ? best_split(rows, total) : Split{};
    if (!(split.gain > 0)) return index;
    std::vector<std::size_t> left, right;
    for (const std::size_t row : rows)
      (binned_.columns[split.feature][row] <= split.bin ? left : right).push_back(row);
    rows.clear();
    tree_[index].feature = static_cast<std::int64_t>(split.feature);
    tree_[index].threshold = binned_.thresholds[split.feature][split.bin];
    const std::size_t left_node = grow_node(std::move(left), depth + 1);
    const std::size_t right_node = grow_node(std::move(right), depth + 1);
    tree_[index].left = left_node;
    tree_[index].right = right_node;
    return index;
  }

  void add(BinSum& sum, std::size_t row) const {
    sum.weight += weights_[row];
    sum.target += weights_[row] * residuals_[row];
    ++sum.rows;
  }

  Split best_split(const std::vector<std::size_t>& rows, const BinSum& total) const {
    Split best;
    best.gain = 1e-12;
    bool found = false;
    for (const std::size_t feature : features_) {
      const std::size_t bins = binned_.thresholds[feature].size() + 1;
      std::array<BinSum, kMostBins> sums{};
      for (const std::size_t row : rows) add(sums[binned_.columns[feature][row]], row);
      BinSum left;
      for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
        left.weight += sums[bin].weight;
        left.target += sums[bin].target;
        left.rows += sums[bin].rows;
        const BinSum right{total.weight - left.weight, total.target - left.target,
                           total.rows - left.rows};
        if (std::min(left.rows, right.rows) < settings_.smallest_leaf) continue;
        const double gain = score(left) + score(right) - score(total);
        if (gain <= best.gain) continue;
        best = {gain, feature, bin};
        found = true;
      }
    }
    return found ? best : Split{};
  }

  const BinnedRows& binned_;
  const std::vector<double>& residuals_;
  std::span<const double> weights_;
  const BoostSettings& settings_;
  double shrink_;
  std::vector<std::size_t> features_;
  Tree tree_;
};

/// The first part of a permutation: a draw without replacement, in ascending order.
std::vector<std::size_t> drawn(core::Random& random, std::size_t count, double share) {
  const auto wanted =
      static_cast<std::size_t>(std::max(1.0, std::ceil(share * static_cast<double>(count) - 1e-9)));
  std::vector<std::size_t> result;
  for (const std::int64_t i : random.permutation(static_cast<std::int64_t>(count))) {
    if (result.size() == wanted) break;
    result.push_back(static_cast<std::size_t>(i));
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

BoostedTrees fit_boosted(std::span<const std::vector<double>> rows, std::span<const double> targets,
                         std::span<const double> weights, const BoostSettings& settings) {
  core::ensure(!rows.empty() && !rows[0].empty(), "boosting needs rows and features");
  core::ensure(rows.size() == targets.size() && rows.size() == weights.size(),
               "a target and a weight for each row");
  double weight = 0, sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    core::ensure(weights[i] > 0 && std::isfinite(targets[i]),
                 "weights are positive, targets finite");
    weight += weights[i];
    sum += weights[i] * targets[i];
  }
  BoostedTrees model;
  model.start = sum / weight;
  std::vector<double> residuals(targets.begin(), targets.end());
  for (double& residual : residuals) residual -= model.start;
  const BinnedRows bins = binned(rows);
  BoostedTreeGrower grower(bins, residuals, weights, settings,
                           weight / static_cast<double>(rows.size()));
  core::Random random(core::mix64(settings.seed, "boosting"));
  for (std::int64_t i = 0; i < settings.trees; ++i) {
    Tree tree = grower.grow(drawn(random, rows.size(), settings.row_share),
                            drawn(random, rows[0].size(), settings.feature_share));
    if (tree.size() == 1) continue;  // this draw holds nothing to split on
    for (std::size_t row = 0; row < rows.size(); ++row) residuals[row] -= predict(tree, rows[row]);
    model.trees.push_back(std::move(tree));
  }
  return model;
}

double predict(const BoostedTrees& model, std::span<const double> features) {
  double value = model.start;
  for (const Tree& tree : model.trees) value += predict(tree, features);
  return value;
}

}  // namespace vitlab::stats
