#include "train/train.h"

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "tiny_training.h"

namespace vitlab::train {

TEST_CASE("a training learns 32 images by heart") {
  TrainRequest request = tiny_request();
  request.data = "synthetic:classes=4,size=16,count=64,validation=0.25,test=0.25";
  request.recipe = sweep::Recipe{};
  request.recipe.epochs = 60;
  request.recipe.batch_size = 32;
  request.recipe.learning_rate = 5e-3;
  request.recipe.label_smoothing = 0;
  const TrainResult result = train(request);
  REQUIRE(result.images[0] == 32);
  CHECK(result.epochs.back().train_accuracy == 1);
  CHECK(result.epochs.back().train_loss < 0.1);
  CHECK(result.epochs.front().train_loss > 1);
}

TEST_CASE("the same seed gives the same bytes whatever the loader's threads, another seed others") {
  const TrainResult result = train(tiny_request());
  REQUIRE(result.state == TrainState::kDone);
  REQUIRE(result.steps == 18);
  REQUIRE(result.epochs.size() == 3);
  TrainRequest threaded = tiny_request();
  threaded.loader_threads = 2;
  CHECK(are_same(result, train(threaded)));
  TrainRequest other = tiny_request();
  other.seed = 8;
  CHECK_FALSE(are_same(result.last, train(other).last));
}

TEST_CASE("validation alone chooses the best epoch, and the test split is told of both") {
  const TrainResult result = train(tiny_request());
  graph::Index best = 0;
  for (const EpochRecord& record : result.epochs)
    if (best == 0 || record.validation.correct >
                         result.epochs[static_cast<std::size_t>(best - 1)].validation.correct)
      best = record.epoch;
  CHECK(result.best_epoch == best);
  REQUIRE(result.test);
  CHECK(result.test->images == 20);
  const model::Executor executor(architecture::build_graph(tiny_spec()));
  const auto dataset = data::open_dataset(data::parse_data_spec(tiny_request().data));
  CHECK(evaluate(executor, result.last, *dataset, data::Split::kTest) == *result.test);
  CHECK(evaluate(executor, result.best, *dataset, data::Split::kTest) == *result.best_test);
}

TEST_CASE("a model with two heads trains both") {
  TrainRequest request = tiny_request();
  request.spec.heads.push_back(request.spec.heads[0]);
  request.recipe.epochs = 1;
  const TrainResult result = train(request);
  const graph::Graph graph = architecture::build_graph(request.spec);
  const model::Weights before = model::initial_weights(graph, request.seed);
  REQUIRE(graph.outputs.size() == 2);
  int changed = 0;
  for (const graph::ParameterId i : graph.parameters.ids())
    if (graph.parameter_name(i).starts_with("heads.") && !result.last[i].equal(before[i]))
      ++changed;
  CHECK(changed >= 4);
}

TEST_CASE("a small V-MoE learns, its routers too") {
  TrainRequest request = tiny_request();
  request.spec = architecture::expand_knobs(
      core::Json::parse(R"({"template": "vit", "image_size": 16, "classes": 4,
    "patch": 4, "width": 16, "heads": 2, "depth": 2, "experts": 3, "capacity": 0.8})"),
      "tiny vmoe");
  request.data = "synthetic:classes=4,size=16,count=64,validation=0.25,test=0.25";
  request.recipe = sweep::Recipe{};
  request.recipe.epochs = 40;
  request.recipe.batch_size = 16;
  request.recipe.learning_rate = 5e-3;
  request.recipe.label_smoothing = 0;
  const TrainResult result = train(request);
  REQUIRE(result.state == TrainState::kDone);
  CHECK(result.epochs.back().train_loss < 0.8 * result.epochs.front().train_loss);
  const graph::Graph graph = architecture::build_graph(request.spec);
  const model::Weights before = model::initial_weights(graph, request.seed);
  int routers = 0;
  for (const graph::ParameterId i : graph.parameters.ids()) {
    if (graph.parameters[i].name != "router.weight") continue;
    ++routers;
    CHECK_FALSE(result.last[i].equal(before[i]));
  }
  CHECK(routers == 1);
}

TEST_CASE("a training can start from given weights") {
  TrainRequest request = tiny_request();
  const TrainResult first = train(request);
  request.start = StartingPoint{first.last, {}, {}};
  request.recipe.learning_rate = 1e-9;
  request.recipe.min_learning_rate = 0;
  request.recipe.epochs = 1;
  request.recipe.warmup_epochs = 0;
  request.recipe.weight_decay = 0;
  const TrainResult second = train(request);
  const graph::Graph graph = architecture::build_graph(request.spec);
  for (const graph::ParameterId i : graph.parameters.ids())
    if (graph.parameters[i].trained) CHECK(at::allclose(second.last[i], first.last[i], 1e-5, 1e-6));
}

TEST_CASE("a loss that is no number ends the training as diverged and keeps what came before") {
  TrainRequest request = tiny_request();
  request.recipe.learning_rate = 1e30;
  request.recipe.clip_norm = 0;
  const TrainResult result = train(request);
  CHECK(result.state == TrainState::kDiverged);
  REQUIRE(result.diverged_at);
  CHECK(*result.diverged_at >= 2);
  CHECK(*result.diverged_at <= 12);
  CHECK_FALSE(result.test);
}

TEST_CASE("progress is told every step with epochs and steps counted from one") {
  graph::Index calls = 0;
  TrainStep last;
  train(tiny_request(), [&](const TrainStep& step) {
    CHECK(step.step == ++calls);
    CHECK(step.epoch == (calls - 1) / 6 + 1);
    CHECK(step.loss > 0);
    CHECK((step.accuracy >= 0 && step.accuracy <= 1));
    last = step;
  });
  CHECK(calls == 18);
  CHECK(last.steps == 18);
  CHECK(last.images_per_second > 0);
}

}  // namespace vitlab::train
