#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"
#include "prune_models.h"
#include "train/train.h"

namespace vitlab::prune {

/// A net trained for a few seconds.
struct TrainedNet {
  train::TrainRequest training;
  std::unique_ptr<data::Dataset> dataset;
  model::Executor executor;
  model::Weights weights;

  TrainedNet(architecture::ModelSpec spec, const std::string& data, graph::Index epochs)
      : training(request(std::move(spec), data, epochs)),
        dataset(data::open_dataset(data::parse_data_spec(data))),
        executor(architecture::build_graph(training.spec)),
        weights(train::train(training).last) {}

  static train::TrainRequest request(architecture::ModelSpec spec, const std::string& data,
                                     graph::Index epochs) {
    train::TrainRequest training;
    training.spec = std::move(spec);
    training.data = data;
    training.recipe.epochs = epochs;
    training.recipe.batch_size = 16;
    training.recipe.learning_rate = 3e-3;
    training.recipe.warmup_epochs = 1;
    training.recipe.label_smoothing = 0;
    return training;
  }

  Scores scores(const sweep::PruneSettings& settings, std::uint64_t seed) const {
    return scores_of({training.spec, executor, weights, *dataset,
                      prune_candidates(training.spec, executor.graph(), settings), settings, seed});
  }
};

/// EfficientViT with full attention of four heads, which reads 97 % of the test digits.
inline const TrainedNet& net_trained_on_digits() {
  static const TrainedNet net(
      architecture::expand_knobs(
          core::Json::parse(R"({"template": "efficientvit", "image_size": 16, "classes": 10,
          "stem_stride": 4, "widths": [16, 24], "depths": [1, 1], "heads": 4, "qk_dim": 8,
          "kernels": [3, 3], "window": 4, "mixer": "full"})"),
          "test"),
      "digits", 4);
  return net;
}

}  // namespace vitlab::prune
