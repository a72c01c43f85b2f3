#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config_reader.h"
#include "core/json.h"
#include "graph/shape.h"

namespace vitlab {

/// Head similarity on test images of a data set.
struct SimilaritySettings {
  Index images = 256;  // the first so many of the test split
  Index batch = 32;
  std::uint64_t seed = 0;  // of the bootstrap and of the shuffled-image null
  /// Names of sweep/similarity_metrics.h in its order; a file may also say core or all.
  std::vector<std::string> metrics{"head_cosine"};
  Index control = 0;  // how many models of random initial weights are looked at beside

  friend bool operator==(const SimilaritySettings&, const SimilaritySettings&) = default;
};

/// Structured pruning to a budget. `keep` maps a cost metric to the share that is left.
struct PruneSettings {
  std::map<std::string, double> keep{{"macs", 0.7}};
  std::vector<std::string> axes{"hidden", "qk", "v"};  // kinds of axes (graph/axis.h)
  std::string criterion = "gate_taylor";               // gate_taylor | magnitude | random
  Index batches = 20;  // training batches that scores are averaged over
  Index batch_size = 64;
  Index steps = 5;        // rounds of scoring and cutting
  Index multiple_of = 1;  // sizes are kept multiples of this where they were
  Index floor_qk = 4, floor_v = 4, floor_hidden = 8;
  Index finetune_epochs = 0;  // with the recipe's other settings, after cutting

  friend bool operator==(const PruneSettings&, const PruneSettings&) = default;
};

SimilaritySettings read_similarity_settings(ConfigReader& reader);
Json similarity_settings_json(const SimilaritySettings& settings);
PruneSettings read_prune_settings(ConfigReader& reader);
Json prune_settings_json(const PruneSettings& settings);

}  // namespace vitlab
