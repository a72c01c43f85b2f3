#include "similarity/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/error.h"
#include "stats/intervals.h"
#include "stats/summary.h"

namespace vitlab::similarity {

namespace {

constexpr std::int64_t kComparisonDraws = 1000;

template <typename Items>
auto find_named(const Items& items, const std::string& name, std::string Items::value_type::*key) {
  return std::find_if(items.begin(), items.end(),
                      [&](const auto& item) { return item.*key == name; });
}

std::vector<double> minus(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  std::transform(a.begin(), a.end(), b.begin(), difference.begin(), std::minus<>());
  return difference;
}

void set_interval(messages::MetricDifference& difference, const std::vector<double>& by_image,
                  std::uint64_t seed) {
  if (by_image.size() < 2) return;
  const stats::Estimate interval =
      stats::bootstrap_mean(by_image, {.draws = kComparisonDraws, .seed = seed});
  difference.low = interval.low;
  difference.high = interval.high;
}

/// What the layers of one metric add up to.
struct Gathered {
  std::vector<double> values;    // by layer
  std::vector<double> by_image;  // sums over layers; empty if some layer has none
};

std::string signed_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.3g", value);
  return text;
}

std::string sentence_of(const messages::SimilarityComparison& comparison) {
  if (comparison.summary.empty()) return "";
  const auto& [name, first] = comparison.summary.front();
  std::string text = name + " differs by " + signed_text(first.difference) + " on average of " +
                     std::to_string(first.layers) + " layers";
  if (first.low)
    text += " (95 % interval over images " + signed_text(*first.low) + " to " +
            signed_text(*first.high) + ")";
  return text + "; " + std::to_string(first.opposite) + " of them differ the other way";
}

}  // namespace

messages::SimilarityComparison compare_similarity(const SimilarityResult& a,
                                                  const SimilarityResult& b, std::uint64_t seed) {
  if (a.images != b.images)
    throw core::UserError("the two models saw " + std::to_string(a.images) + " and " +
                          std::to_string(b.images) + " images: compare them on the same ones");
  messages::SimilarityComparison comparison;
  std::vector<std::string> order;
  std::map<std::string, Gathered> gathered;
  for (const LayerSimilarity& layer : a.layers) {
    const auto other = find_named(b.layers, layer.layer, &LayerSimilarity::layer);
    if (other == b.layers.end()) {
      comparison.only_a.push_back(layer.layer);
      continue;
    }
    messages::LayerDifferences row{.layer = layer.layer};
    for (const HeadMetric& metric : layer.metrics) {
      const auto twin = find_named(other->metrics, metric.name, &HeadMetric::name);
      if (twin == other->metrics.end()) continue;
      messages::MetricDifference difference{.difference = metric.value - twin->value};
      const bool is_paired = !metric.per_image.empty() && !twin->per_image.empty();
      const std::vector<double> by_image =
          is_paired ? minus(metric.per_image, twin->per_image) : std::vector<double>();
      set_interval(difference, by_image, seed);
      row.metrics.emplace_back(metric.name, difference);
      if (!gathered.contains(metric.name)) order.push_back(metric.name);
      Gathered& all = gathered[metric.name];
      if (all.values.empty()) all.by_image.assign(by_image.size(), 0);
      if (by_image.empty()) all.by_image.clear();
      all.values.push_back(difference.difference);
      for (std::size_t i = 0; i < all.by_image.size(); ++i) all.by_image[i] += by_image[i];
    }
    comparison.layers.push_back(std::move(row));
  }
  if (comparison.layers.empty())
    throw core::UserError(
        "the two models have no attention layer in common, so nothing is compared");
  for (const LayerSimilarity& layer : b.layers)
    if (find_named(a.layers, layer.layer, &LayerSimilarity::layer) == a.layers.end())
      comparison.only_b.push_back(layer.layer);
  for (const std::string& name : order) {
    Gathered& all = gathered[name];
    const auto layers = static_cast<graph::Index>(all.values.size());
    messages::MeanDifference summary;
    summary.difference = stats::mean(all.values);
    summary.layers = layers;
    summary.opposite = std::count_if(all.values.begin(), all.values.end(),
                                     [&](double value) { return value * summary.difference < 0; });
    for (double& value : all.by_image) value /= static_cast<double>(layers);
    set_interval(summary, all.by_image, seed);
    comparison.summary.emplace_back(name, summary);
  }
  comparison.sentence = sentence_of(comparison);
  return comparison;
}

}  // namespace vitlab::similarity
