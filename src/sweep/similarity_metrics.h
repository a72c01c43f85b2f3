#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::sweep {

/// One measure of how alike the heads of an attention layer are, or of what each looks at. Ranges
/// and meanings are those of one layer; `metrics` are the names that results carry.
struct SimilarityMeasure {
  std::string_view name;      // what settings name it
  std::string_view metrics;   // "head_cosine.{max_max,mean_max,mean_mean}.{map,output}"
  std::string_view compares;  // what of what
  std::string_view range;
  std::string_view unit;
  std::string_view zero, one;  // what these values mean; "" where they mean nothing special
  std::string_view caveat;
  bool is_core;  // cheap enough to be on by default
};

/// All measures, in the order in which results list them.
std::span<const SimilarityMeasure> similarity_measures();

/// The measures that words name ("core", "all" or names), each once, in the table's order. Throws
/// UserError for a word that is none, or for none at all.
std::vector<std::string> chosen_measures(const std::vector<std::string>& words);

/// The unit of a metric by its name in results: that of the measure whose name it begins with.
std::string_view similarity_unit(std::string_view metric);

}  // namespace vitlab::sweep
