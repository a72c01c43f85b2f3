#include "stats/forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/random.h"

namespace vitlab::stats {
namespace {

struct Sample {
  std::vector<double> features;
  double target = 0;

  friend auto operator<=>(const Sample&, const Sample&) = default;
};

/// Rows sorted by content, so that the forest does not depend on the order they came in.
std::vector<Sample> canonical_samples(std::span<const std::vector<double>> rows,
                                      std::span<const double> targets) {
  core::ensure(!rows.empty() && rows.size() == targets.size(), "a forest has one target per row");
  core::ensure(!rows.front().empty(), "a forest has at least one feature");
  std::vector<Sample> samples;
  samples.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    core::ensure(rows[i].size() == rows.front().size(), "all rows have the same features");
    core::ensure(
        std::isfinite(targets[i]) &&
            std::all_of(rows[i].begin(), rows[i].end(), [](double x) { return std::isfinite(x); }),
        "a forest is grown on finite values");
    samples.push_back({rows[i], targets[i]});
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return (a <=> b) < 0; });
  return samples;
}

struct TreeSplit {
  std::int64_t feature = -1;
  double threshold = 0;
  double gain = 0;  // squared error saved
};

class TreeGrower {
 public:
  TreeGrower(const std::vector<Sample>& samples, const ForestSettings& settings,
             core::Random& random)
      : samples_(samples), settings_(settings), random_(random) {}

  Tree grow(std::vector<std::size_t> rows) {
    grow_node(std::move(rows), 0);
    return std::move(tree_);
  }

 private:
  std::size_t grow_node(std::vector<std::size_t> rows, std::int64_t depth) {
    const std::size_t node = tree_.size();
    tree_.push_back({.value = mean_target(rows)});
    if (depth >= settings_.depth) return node;
    const TreeSplit split = best_split(rows);
    if (split.feature < 0) return node;
    const auto middle = std::stable_partition(rows.begin(), rows.end(), [&](std::size_t row) {
      return samples_[row].features[static_cast<std::size_t>(split.feature)] <= split.threshold;
    });
    const std::size_t left = grow_node({rows.begin(), middle}, depth + 1);
    const std::size_t right = grow_node({middle, rows.end()}, depth + 1);
    tree_[node].feature = split.feature;
    tree_[node].threshold = split.threshold;
    tree_[node].left = left;
    tree_[node].right = right;
    return node;
  }

  double mean_target(const std::vector<std::size_t>& rows) const {
    double sum = 0;
    for (const std::size_t row : rows) sum += samples_[row].target;
    return sum / static_cast<double>(rows.size());
  }

  /// Tries features in random order: at least the asked share of them, then on until one splits.
  TreeSplit best_split(std::vector<std::size_t>& rows) {
    const auto features = static_cast<std::int64_t>(samples_.front().features.size());
    const auto wanted =
        std::llround(std::ceil(settings_.feature_share * static_cast<double>(features) - 1e-9));
    TreeSplit best;
    std::int64_t tried = 0;
    for (const std::int64_t feature : random_.permutation(features)) {
      if (tried++ >= wanted && best.feature >= 0) break;
      improve_split(rows, feature, best);
    }
    return best;
  }

  void improve_split(std::vector<std::size_t>& rows, std::int64_t feature, TreeSplit& best) const {
    const auto value = [&](std::size_t row) {
      return samples_[row].features[static_cast<std::size_t>(feature)];
    };
    std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
      return value(a) != value(b) ? value(a) < value(b) : a < b;
    });
    const double centre = mean_target(rows);  // sums of deviations cancel less
    double all = 0;
    double square = 0;
    for (const std::size_t row : rows) {
      all += samples_[row].target - centre;
      square += (samples_[row].target - centre) * (samples_[row].target - centre);
    }
    const double count = static_cast<double>(rows.size());
    const double smallest_gain = 1e-12 * square;  // less is rounding
    const auto leaf = static_cast<std::size_t>(settings_.smallest_leaf);
    double left_sum = 0;
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      left_sum += samples_[rows[i]].target - centre;
      if (value(rows[i]) == value(rows[i + 1])) continue;
      if (i + 1 < leaf || rows.size() - i - 1 < leaf) continue;
      const double left = static_cast<double>(i + 1);
      const double right_sum = all - left_sum;
      const double gain =
          left_sum * left_sum / left + right_sum * right_sum / (count - left) - all * all / count;
      if (gain <= smallest_gain || gain <= best.gain * (1 + 1e-9)) continue;
      best = {feature, std::midpoint(value(rows[i]), value(rows[i + 1])), gain};
    }
  }

  const std::vector<Sample>& samples_;
  const ForestSettings& settings_;
  core::Random& random_;
  Tree tree_;
};

/// Sums the predictions that trees make of rows they did not see.
class OutOfBag {
 public:
  explicit OutOfBag(std::size_t rows) : sums_(rows, 0), counts_(rows, 0) {}

  void add(const Tree& tree, const std::vector<Sample>& samples,
           const std::vector<std::size_t>& seen) {
    std::vector<bool> is_seen(samples.size(), false);
    for (const std::size_t row : seen) is_seen[row] = true;
    for (std::size_t row = 0; row < samples.size(); ++row) {
      if (is_seen[row]) continue;
      sums_[row] += predict(tree, samples[row].features);
      counts_[row] += 1;
    }
  }

  double r2(const std::vector<Sample>& samples) const {
    double count = 0;
    double sum = 0;
    for (std::size_t row = 0; row < samples.size(); ++row) {
      if (counts_[row] == 0) continue;
      count += 1;
      sum += samples[row].target;
    }
    double error = 0;
    double total = 0;
    for (std::size_t row = 0; row < samples.size(); ++row) {
      if (counts_[row] == 0) continue;
      const double miss = samples[row].target - sums_[row] / counts_[row];
      const double deviation = samples[row].target - sum / count;
      error += miss * miss;
      total += deviation * deviation;
    }
    return total > 0 ? 1 - error / total : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  std::vector<double> sums_;
  std::vector<double> counts_;
};

}  // namespace

Forest fit_forest(std::span<const std::vector<double>> rows, std::span<const double> targets,
                  const ForestSettings& settings) {
  core::ensure(settings.trees > 0 && settings.smallest_leaf > 0 && settings.depth >= 0 &&
                   settings.feature_share > 0 && settings.feature_share <= 1,
               "a forest has trees, leaves and features to try");
  const std::vector<Sample> samples = canonical_samples(rows, targets);
  Forest forest;
  forest.features = samples.front().features.size();
  OutOfBag out_of_bag(samples.size());
  core::Random random(settings.seed);
  for (std::int64_t t = 0; t < settings.trees; ++t) {
    std::vector<std::size_t> drawn(samples.size());
    for (std::size_t& row : drawn) row = random.below(samples.size());
    forest.trees.push_back(TreeGrower(samples, settings, random).grow(drawn));
    out_of_bag.add(forest.trees.back(), samples, drawn);
  }
  forest.out_of_bag_r2 = out_of_bag.r2(samples);
  return forest;
}

double predict(const Tree& tree, std::span<const double> features) {
  std::size_t node = 0;
  while (!tree[node].is_leaf()) {
    const bool goes_left =
        features[static_cast<std::size_t>(tree[node].feature)] <= tree[node].threshold;
    node = goes_left ? tree[node].left : tree[node].right;
  }
  return tree[node].value;
}

double predict(const Forest& forest, std::span<const double> features) {
  core::ensure(features.size() == forest.features, "a point has the forest's features");
  double sum = 0;
  for (const Tree& tree : forest.trees) sum += predict(tree, features);
  return sum / static_cast<double>(forest.trees.size());
}

}  // namespace vitlab::stats
