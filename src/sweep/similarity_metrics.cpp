#include "sweep/similarity_metrics.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/error.h"
#include "core/names.h"

namespace vitlab::sweep {

std::span<const SimilarityMeasure> similarity_measures() {
  static constexpr std::array kRows{
      SimilarityMeasure{
          "head_cosine", "head_cosine.{max_max,mean_max,mean_mean}.{map,output}",
          "attention maps of two heads, and map times V; all windows of an image end to end, class "
          "tokens included",
          "-1 to 1 (maps: 0 to 1)", "1", "orthogonal", "equal but for scale",
          "Maps have no negative entries, so unrelated heads are not at 0: read it beside its "
          "null. Outputs need V of one size.",
          true},
      SimilarityMeasure{"centred_cosine", "centred_cosine.{max_max,mean_max,mean_mean}.map",
                        "attention maps less their mean, which is 1/keys (Pearson's correlation)",
                        "-1 to 1", "1", "uncorrelated", "equal but for scale and offset",
                        "A uniform map has no direction left and counts as 0.", true},
      SimilarityMeasure{
          "jensen_shannon", "jensen_shannon.mean",
          "rows of two heads' maps as distributions over keys: divergence in bits, mean over "
          "queries and pairs",
          "0 to 1", "1", "equal rows", "rows without a common key",
          "A distance is its square root. The null pairs i < j only.", true},
      SimilarityMeasure{"effective_heads", "effective_heads",
                        "maps of all heads at once: the effective rank (Roy and Vetterli 2007) of "
                        "the heads x map matrix, from its Gram matrix",
                        "1 to heads", "heads", "", "all heads alike",
                        "Counts directions by size: a head of large entries counts for more.",
                        true},
      SimilarityMeasure{"entropy", "entropy.mean", "each row of a map, divided by ln(keys)",
                        "0 to 1", "1", "one key takes all", "all keys alike",
                        "Keys are those of the window, padding and class tokens included.", true},
      SimilarityMeasure{
          "attention_distance", "attention_distance.mean",
          "pixels of the image between a query and what it attends to (Raghu et al. 2021)",
          "0 to the window's diagonal", "px", "each token attends to itself", "",
          "Rows and columns of class tokens are dropped, without dividing what is left by its sum. "
          "Inside the window.",
          true},
      SimilarityMeasure{
          "confidence", "confidence.mean", "the largest entry of each row (Voita et al. 2019)",
          "1/keys to 1", "1", "", "one key takes all",
          "Maps of unlike windows are not comparable: its least value is 1/keys.", false},
      SimilarityMeasure{
          "output_cka", "output_cka.mean",
          "outputs of two heads over images and tokens: linear CKA (Kornblith et al. 2019)",
          "0 to 1", "1", "uncorrelated", "equal but for rotation, scale and offset",
          "Moved by outliers, and changes where the function does not (Davari et al. 2022): never "
          "the only evidence. A ratio of sums over all images: no interval. V may be unequal.",
          false},
      SimilarityMeasure{
          "weight_cosine", "weight_cosine.{q,k,v}.mean",
          "projections of two heads, entry by entry, over pairs of equal size; needs no images",
          "-1 to 1", "1", "orthogonal", "equal but for scale",
          "Depends on the basis inside a head, which the model is free to rotate. Heads that read "
          "a split each: weights of unlike inputs.",
          false},
      SimilarityMeasure{
          "weight_subspace", "weight_subspace.{q,k,v}.mean",
          "what two heads' projections read: mean squared cosine of the principal angles between "
          "their row spaces; needs no images",
          "0 to 1", "1", "orthogonal", "one contains the other",
          "Random subspaces are not at 0: the null is (larger dimension) / (input channels).",
          false},
      SimilarityMeasure{
          "gate_importance", "per head only",
          "mean over images of |dLoss/dgate| of a gate on the head's output (Michel et al. 2019), "
          "divided by the layer's length",
          "0 to 1", "1", "nothing changes at first order", "the only head that matters",
          "Needs labels, and a gradient an image. Heads that stand in for each other may each look "
          "unimportant.",
          false},
  };
  return kRows;
}

std::vector<std::string> chosen_measures(const std::vector<std::string>& words) {
  std::vector<std::string> known{"core", "all"};
  for (const SimilarityMeasure& row : similarity_measures()) known.emplace_back(row.name);
  for (const std::string& word : words)
    if (std::find(known.begin(), known.end(), word) == known.end())
      throw core::UserError("'" + word + "' is not a measure of similarity" +
                            core::did_you_mean(word, known));
  if (words.empty()) throw core::UserError("name at least one measure of similarity, core or all");
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  std::vector<std::string> chosen;
  for (const SimilarityMeasure& row : similarity_measures())
    if (has("all") || (row.is_core && has("core")) || has(row.name)) chosen.emplace_back(row.name);
  return chosen;
}

std::string_view similarity_unit(std::string_view metric) {
  const std::string_view name = metric.substr(0, metric.find('.'));
  for (const SimilarityMeasure& row : similarity_measures())
    if (row.name == name) return row.unit;
  throw std::logic_error("a metric of similarity begins with its measure's name");
}

}  // namespace vitlab::sweep
