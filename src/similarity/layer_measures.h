#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/executor.h"
#include "similarity/head_cka.h"
#include "similarity/head_cosine.h"
#include "similarity/head_similarity.h"
#include "similarity/row_metrics.h"

namespace vitlab::similarity {

/// Gathers the chosen measures of one attention layer, batch by batch.
class LayerMeasures {
 public:
  /// `tap` belongs to `graph`; weights are read at once and not kept.
  LayerMeasures(const graph::Graph& graph, const graph::AttentionTap& tap,
                const model::Weights& weights, const std::vector<std::string>& measures);

  /// The next images; their maps hold numbers only.
  void add(const model::AttentionResult& attention);
  LayerSimilarity finish(std::uint64_t seed);

 private:
  bool wants(std::string_view measure) const;
  void add_weights(const graph::Graph& graph, const graph::AttentionTap& tap,
                   const model::Weights& weights);
  void finish_maps(std::uint64_t seed);
  void finish_outputs(std::uint64_t seed);
  void finish_rows(std::uint64_t seed);
  void add_metric(std::string name, const std::vector<double>& per_image,
                  const std::vector<double>& null, std::uint64_t seed);
  void add_cosines(const std::string& measure, const std::string& what, const HeadPairs& pairs,
                   std::uint64_t seed);
  void add_per_head(const std::string& name, const std::vector<double>& by_image,
                    std::uint64_t seed);
  void add_pairs(const std::string& name, std::vector<double> sums, double count);
  void say(const std::string& note);

  LayerSimilarity about_;
  std::vector<std::string> measures_;
  graph::Index images_ = 0;
  HeadCosines maps_, outputs_;
  RowMetrics rows_;
  std::optional<HeadCka> cka_;
  bool outputs_fit_ = true;
};

}  // namespace vitlab::similarity
