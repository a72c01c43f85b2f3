#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"
#include "prune_models.h"
#include "train/train.h"

namespace vitlab {

/// A net trained for a few seconds.
struct TrainedNet {
  TrainRequest training;
  std::unique_ptr<Dataset> dataset;
  Executor executor;
  Weights weights;

  TrainedNet(ModelSpec spec, const std::string& data, Index epochs)
      : training(request(std::move(spec), data, epochs)),
        dataset(open_dataset(parse_data_spec(data))),
        executor(build_graph(training.spec)),
        weights(train(training).last) {}

  static TrainRequest request(ModelSpec spec, const std::string& data, Index epochs) {
    TrainRequest training;
    training.spec = std::move(spec);
    training.data = data;
    training.recipe.epochs = epochs;
    training.recipe.batch_size = 16;
    training.recipe.learning_rate = 3e-3;
    training.recipe.warmup_epochs = 1;
    training.recipe.label_smoothing = 0;
    return training;
  }

  Scores scores(const PruneSettings& settings, std::uint64_t seed) const {
    return scores_of({training.spec, executor, weights, *dataset,
                      prune_candidates(training.spec, executor.graph(), settings), settings, seed});
  }
};

/// EfficientViT with full attention of four heads, which reads 97 % of the test digits.
inline const TrainedNet& net_trained_on_digits() {
  static const TrainedNet net(
      expand_knobs(Json::parse(R"({"template": "efficientvit", "image_size": 16, "classes": 10,
          "stem_stride": 4, "widths": [16, 24], "depths": [1, 1], "heads": 4, "qk_dim": 8,
          "kernels": [3, 3], "window": 4, "mixer": "full"})"),
                   "test"),
      "digits", 4);
  return net;
}

}  // namespace vitlab
