#include "train/evaluate.h"

#include "core/error.h"
#include "test.hpp"
#include "tiny_training.h"
#include "train/loss.h"

namespace vitlab {

TEST_CASE("an evaluation counts what a loop over single images counts, whatever the batch") {
  const Executor executor(build_graph(tiny_spec()));
  const Weights weights = initial_weights(executor.graph(), 1);
  const auto dataset = open_dataset(parse_data_spec("synthetic:classes=4,size=16,count=120"));
  Index correct = 0;
  double loss = 0;
  BatchLoader loader(*dataset, plain_loading(executor.graph(), Split::kTest, 1));
  loader.start(0);
  for (Batch batch; loader.next(batch);) {
    const at::Tensor logits =
        executor.run(weights, images_of(batch, executor.graph())).outputs[0][0];
    correct += logits.argmax().item<Index>() == batch.labels[0] ? 1 : 0;
    loss -= at::log_softmax(logits, 0)[batch.labels[0]].item<double>();
  }
  const auto images = dataset->size(Split::kTest);
  for (const Index batch_size : {7, 64}) {
    const Evaluation evaluation = evaluate(executor, weights, *dataset, Split::kTest, batch_size);
    CHECK(evaluation.images == images);
    CHECK(evaluation.correct == correct);
    CHECK(evaluation.loss == Approx(loss / static_cast<double>(images)).epsilon(1e-5));
    CHECK(evaluation.interval().contains(evaluation.accuracy()));
  }
}

TEST_CASE("a model with other classes than the data is refused with both numbers") {
  const Executor executor(build_graph(tiny_spec()));
  const auto dataset = open_dataset(parse_data_spec("digits"));
  CHECK_THROWS_WITH(
      evaluate(executor, initial_weights(executor.graph(), 0), *dataset, Split::kTest),
      Catch::Contains("4 classes") && Catch::Contains("has 10"));
}

}  // namespace vitlab
