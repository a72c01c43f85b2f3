#include "train/evaluate.h"

#include "core/error.h"
#include "model/small_models.h"
#include "test.hpp"
#include "tiny_training.h"
#include "tolerance.h"
#include "train/loss.h"

namespace vitlab::train {

TEST_CASE("an evaluation counts what a loop over single images counts, whatever the batch") {
  const model::Executor executor(architecture::build_graph(tiny_spec()));
  const model::Weights weights = model::initial_weights(executor.graph(), 1);
  const auto dataset =
      data::open_dataset(data::parse_data_spec("synthetic:classes=4,size=16,count=120"));
  graph::Index correct = 0;
  double loss = 0;
  data::BatchLoader loader(*dataset, plain_loading(executor.graph(), data::Split::kTest, 1));
  loader.start(0);
  for (data::Batch batch; loader.next(batch);) {
    const at::Tensor logits =
        executor.run(weights, images_of(batch, executor.graph())).outputs[0][0];
    correct += logits.argmax().item<graph::Index>() == batch.labels[0] ? 1 : 0;
    loss -= at::log_softmax(logits, 0)[batch.labels[0]].item<double>();
  }
  const auto images = dataset->size(data::Split::kTest);
  const double share = rounding(model::additions(executor.graph()));
  for (const graph::Index batch_size : {7, 64}) {
    const Evaluation evaluation =
        evaluate(executor, weights, *dataset, data::Split::kTest, batch_size);
    CHECK(evaluation.images == images);
    CHECK(evaluation.correct == correct);
    CHECK(evaluation.loss == Approx(loss / static_cast<double>(images)).epsilon(share));
    CHECK(evaluation.interval().contains(evaluation.accuracy()));
  }
}

TEST_CASE("a model with other classes than the data is refused with both numbers") {
  const model::Executor executor(architecture::build_graph(tiny_spec()));
  const auto dataset = data::open_dataset(data::parse_data_spec("digits"));
  CHECK_THROWS_WITH(
      evaluate(executor, model::initial_weights(executor.graph(), 0), *dataset, data::Split::kTest),
      Catch::Contains("4 classes") && Catch::Contains("has 10"));
}

}  // namespace vitlab::train
