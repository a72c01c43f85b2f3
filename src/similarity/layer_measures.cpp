#include "similarity/layer_measures.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "similarity/head_weights.h"
#include "stats/intervals.h"
#include "stats/summary.h"

namespace vitlab::similarity {

namespace {

constexpr graph::Index kSmallGrid = 4;  // tokens
// Percentiles of a mean over images are stable long before the default number of draws.
constexpr std::int64_t kDraws = 1000;

bool named(const std::vector<std::string>& measures, std::string_view measure) {
  return std::find(measures.begin(), measures.end(), measure) != measures.end();
}

graph::Index keys_of(const graph::Graph& graph, const graph::AttentionTap& tap) {
  return graph.value(tap.maps.front()).shape.back();
}

RowChoice choice_of(const std::vector<std::string>& measures, graph::Index heads) {
  return {.entropy = named(measures, "entropy"),
          .distance = named(measures, "attention_distance"),
          .confidence = named(measures, "confidence"),
          .divergence = heads > 1 && named(measures, "jensen_shannon")};
}

/// Rows of `columns` values each: the mean of each row.
std::vector<double> row_means(const std::vector<double>& values, std::size_t columns) {
  std::vector<double> means;
  for (std::size_t i = 0; i + columns <= values.size(); i += columns)
    means.push_back(stats::mean(std::span(values).subspan(i, columns)));
  return means;
}

std::vector<double> column_means(const std::vector<double>& values, std::size_t columns) {
  std::vector<double> means(columns);
  const double rows = static_cast<double>(values.size() / columns);
  for (std::size_t i = 0; i < values.size(); ++i) means[i % columns] += values[i] / rows;
  return means;
}

/// A value for each pair i < j to heads x heads by rows, with `diagonal`.
std::vector<double> squared(const std::vector<double>& upper, std::size_t heads, double diagonal) {
  std::vector<double> all(heads * heads, diagonal);
  auto next = upper.begin();
  for (std::size_t i = 0; i < heads; ++i)
    for (std::size_t j = i + 1; j < heads; ++j) all[i * heads + j] = all[j * heads + i] = *next++;
  return all;
}

}  // namespace

LayerMeasures::LayerMeasures(const graph::Graph& graph, const graph::AttentionTap& tap,
                             const model::Weights& weights,
                             const std::vector<std::string>& measures)
    : measures_(measures),
      maps_(tap.windows, 1.0 / static_cast<double>(keys_of(graph, tap))),
      outputs_(tap.windows),
      rows_(token_grid(graph, tap), choice_of(measures, tap.heads)) {
  const graph::Shape& map = graph.value(tap.maps.front()).shape;
  about_.layer = graph.attention_name(tap);
  about_.heads = tap.heads;
  about_.queries = map[map.rank() - 2];
  about_.keys = map[map.rank() - 1];
  about_.windows = tap.windows;
  about_.class_tokens = token_grid(graph, tap).class_tokens;
  about_.is_small_grid = about_.queries <= kSmallGrid;
  if (tap.heads < 2) return;
  if (wants("output_cka")) cka_.emplace(graph, tap);
  add_weights(graph, tap, weights);
}

bool LayerMeasures::wants(std::string_view measure) const { return named(measures_, measure); }

void LayerMeasures::add(const model::AttentionResult& attention) {
  const at::Tensor maps =
      attention.maps.scalar_type() == at::kDouble ? attention.maps : attention.maps.to(at::kFloat);
  images_ += maps.size(0) / about_.windows;
  rows_.add(maps);
  if (about_.heads < 2) return;
  if (wants("head_cosine") || wants("centred_cosine") || wants("effective_heads")) maps_.add(maps);
  const std::vector<at::Tensor>& outputs = attention.head_outputs;
  outputs_fit_ = std::all_of(outputs.begin(), outputs.end(), [&](const at::Tensor& output) {
    return output.sizes() == outputs.front().sizes();
  });
  if (wants("head_cosine") && outputs_fit_) outputs_.add(at::stack(outputs, 1));
  if (cka_) cka_->add(outputs);
}

LayerSimilarity LayerMeasures::finish(std::uint64_t seed) {
  const std::vector<HeadMetric> of_weights = std::move(about_.metrics);
  about_.metrics.clear();
  if (about_.heads < 2)
    say("one head: there are no pairs");
  else
    finish_maps(seed);
  if (about_.heads >= 2) finish_outputs(seed);
  finish_rows(seed);
  if (about_.is_small_grid && about_.heads >= 2)
    say(std::to_string(about_.queries) +
        " tokens or fewer are alike by themselves: read value minus null");
  about_.metrics.insert(about_.metrics.end(), of_weights.begin(), of_weights.end());
  return about_;
}

void LayerMeasures::finish_maps(std::uint64_t seed) {
  maps_.close();
  if (wants("head_cosine")) add_cosines("head_cosine", "map", maps_.raw(), seed);
}

void LayerMeasures::finish_outputs(std::uint64_t seed) {
  const auto images = static_cast<double>(images_);
  if (wants("head_cosine")) {
    outputs_.close();
    if (outputs_fit_)
      add_cosines("head_cosine", "output", outputs_.raw(), seed);
    else
      say("heads of unequal V have no cosine of outputs");
  }
  if (wants("centred_cosine")) add_cosines("centred_cosine", "map", maps_.centred(), seed);
  if (wants("effective_heads")) add_metric("effective_heads", maps_.effective_heads(), {}, seed);
  if (!cka_) return;
  cka_->close();
  const auto heads = static_cast<std::size_t>(about_.heads);
  const auto off_diagonal = [&](const std::vector<double>& pairs) {
    return head_reductions().back().reduce(pairs.data(), heads);
  };
  HeadMetric metric;
  metric.name = "output_cka.mean";
  metric.value = off_diagonal(cka_->pairs());
  if (images > 1) metric.null_value = off_diagonal(cka_->null_pairs());
  about_.metrics.push_back(std::move(metric));
  add_pairs("output_cka", cka_->pairs(), 1);
}

void LayerMeasures::finish_rows(std::uint64_t seed) {
  rows_.close();
  const auto heads = static_cast<std::size_t>(about_.heads);
  if (!rows_.divergence().empty()) {
    const std::size_t pairs = heads * (heads - 1) / 2;
    add_metric("jensen_shannon.mean", row_means(rows_.divergence(), pairs),
               row_means(rows_.null_divergence(), pairs), seed);
    add_pairs("jensen_shannon", squared(column_means(rows_.divergence(), pairs), heads, 0), 1);
  }
  add_per_head("entropy", rows_.entropy(), seed);
  add_per_head("attention_distance", rows_.distance(), seed);
  add_per_head("confidence", rows_.confidence(), seed);
  if (wants("entropy") && about_.keys == 1) say("a single key has no entropy");
}

void LayerMeasures::add_metric(std::string name, const std::vector<double>& per_image,
                               const std::vector<double>& null, std::uint64_t seed) {
  HeadMetric metric;
  metric.name = std::move(name);
  metric.value = stats::mean(per_image);
  if (per_image.size() > 1) {
    const stats::Estimate interval =
        stats::bootstrap_mean(per_image, {.draws = kDraws, .seed = seed});
    metric.low = interval.low;
    metric.high = interval.high;
  }
  if (!null.empty()) metric.null_value = stats::mean(null);
  metric.per_image = per_image;
  about_.metrics.push_back(std::move(metric));
}

void LayerMeasures::add_cosines(const std::string& measure, const std::string& what,
                                const HeadPairs& pairs, std::uint64_t seed) {
  for (std::size_t r = 0; r < kHeadReductions; ++r)
    add_metric(measure + "." + std::string(head_reductions()[r].name) + "." + what, pairs.values[r],
               pairs.null_values[r], seed);
  add_pairs(measure == "head_cosine" ? what : measure, pairs.sums, static_cast<double>(images_));
}

void LayerMeasures::add_per_head(const std::string& name, const std::vector<double>& by_image,
                                 std::uint64_t seed) {
  if (by_image.empty()) return;
  const auto heads = static_cast<std::size_t>(about_.heads);
  add_metric(name + ".mean", row_means(by_image, heads), {}, seed);
  about_.per_head.emplace_back(name, column_means(by_image, heads));
}

void LayerMeasures::add_pairs(const std::string& name, std::vector<double> sums, double count) {
  for (double& sum : sums) sum /= count;
  about_.pairs.emplace_back(name, std::move(sums));
}

void LayerMeasures::add_weights(const graph::Graph& graph, const graph::AttentionTap& tap,
                                const model::Weights& weights) {
  if (!wants("weight_cosine") && !wants("weight_subspace")) return;
  const std::vector<HeadProjectionWeights> heads = head_projections(graph, tap, weights);
  if (heads.empty()) return say("its projections are not told apart by head");
  using Part = at::Tensor HeadProjectionWeights::*;
  constexpr std::array<std::pair<const char*, Part>, 3> kParts{{{"q", &HeadProjectionWeights::q},
                                                                {"k", &HeadProjectionWeights::k},
                                                                {"v", &HeadProjectionWeights::v}}};
  for (const auto& [name, part] : kParts) {
    std::vector<double> cosines, overlaps, chances;
    for (std::size_t i = 0; i < heads.size(); ++i)
      for (std::size_t j = i + 1; j < heads.size(); ++j) {
        const at::Tensor &a = heads[i].*part, &b = heads[j].*part;
        if (const auto cosine = entry_cosine(a, b)) cosines.push_back(*cosine);
        if (a.size(1) != b.size(1)) continue;
        overlaps.push_back(subspace_overlap(a, b));
        chances.push_back(std::min(1.0, static_cast<double>(std::max(a.size(0), b.size(0))) /
                                            static_cast<double>(a.size(1))));
      }
    const std::string suffix = std::string(".") + name + ".mean";
    if (wants("weight_cosine") && !cosines.empty())
      about_.metrics.push_back({{.value = stats::mean(cosines)}, "weight_cosine" + suffix, {}});
    if (wants("weight_subspace") && !overlaps.empty())
      about_.metrics.push_back(
          {{.value = stats::mean(overlaps), .null_value = stats::mean(chances)},
           "weight_subspace" + suffix,
           {}});
  }
}

void LayerMeasures::say(const std::string& note) {
  about_.note += (about_.note.empty() ? "" : "; ") + note;
}

}  // namespace vitlab::similarity
