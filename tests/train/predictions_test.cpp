#include "train/predictions.h"

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "tiny_training.h"
#include "train/evaluate.h"
#include "train/train_folder.h"

namespace vitlab::train {

TEST_CASE("predictions count what an evaluation counts, and every image once") {
  const model::Executor executor(architecture::build_graph(tiny_spec()));
  const model::Weights weights = model::initial_weights(executor.graph(), 1);
  const auto dataset =
      data::open_dataset(data::parse_data_spec("synthetic:classes=4,size=16,count=120"));
  for (const data::SplitRow& split : data::kSplitRows) {
    INFO(split.word);
    const Evaluation evaluation = evaluate(executor, weights, *dataset, split.value);
    graph::Index last = 0;
    const Predictions told = predictions(executor, weights, *dataset, split.value, 7,
                                         [&](graph::Index done, graph::Index total) {
                                           CHECK(done > last);
                                           CHECK(total == dataset->size(split.value));
                                           last = done;
                                         });
    CHECK(last == dataset->size(split.value));
    CHECK(static_cast<graph::Index>(told.labels.size()) == evaluation.images);
    CHECK(told.right() == evaluation.correct);
    CHECK(told.loss == Approx(evaluation.loss));
    CHECK(told.right_in_top5 == evaluation.images);  // of four classes
    for (std::size_t i = 0; i < told.labels.size(); ++i)
      CHECK(told.labels[i] == dataset->label(split.value, static_cast<graph::Index>(i)));
  }
}

TEST_CASE("images are prepared as the weights say, else as the recipe says, whatever is trained") {
  const auto digits = data::open_dataset(data::parse_data_spec("digits"));
  sweep::Recipe recipe;
  recipe.crop_fraction = 0.5;
  recipe.interpolation = architecture::Interpolation::kBicubic;
  prepare(*digits, recipe);
  CHECK(digits->preprocessing().interpolation == architecture::Interpolation::kBicubic);
  CHECK(digits->preprocessing().crop_fraction == 1);  // images of one size are taken whole
  architecture::Preprocessing known{architecture::imagenet_normalisation(), 0.9};
  prepare(*digits, recipe, known);
  CHECK(digits->preprocessing() == known);
}

TEST_CASE("a training records how its images were prepared and its classes, and so do its files") {
  TemporaryFolder folder;
  const TrainRequest request = tiny_request();
  const TrainResult result = train(request);
  REQUIRE(result.trained_on.preprocessing);
  CHECK(result.trained_on.class_names.size() == 4);
  write_train_folder(request, result, folder / "run");
  const auto report = report_in(folder / "run");
  REQUIRE(report);
  CHECK(report->preprocessing == result.trained_on.preprocessing);
  CHECK(report->class_names == result.trained_on.class_names);
  CHECK_FALSE(report->identity.empty());
  for (const char* file : {"model.safetensors", "best.safetensors"}) {
    const model::TensorFile tensors = model::read_tensors(folder / "run" / file);
    CHECK((model::trained_on(tensors.metadata, file) == result.trained_on));
  }
}

TEST_CASE("weights that know classes are refused on data of others, with both names") {
  const auto digits = data::open_dataset(data::parse_data_spec("digits"));
  check_class_names({}, *digits);
  check_class_names(digits->class_names(), *digits);
  CHECK_THROWS_WITH(check_class_names({"cat", "dog"}, *digits),
                    Catch::Contains("2 classes (cat, dog)") && Catch::Contains("10 classes (0, 1"));
}

TEST_CASE("a start that knows other classes keeps all but its head") {
  TrainRequest request = tiny_request();
  request.recipe.epochs = 1;
  const TrainResult first = train(request);
  const graph::Graph graph = architecture::build_graph(request.spec);
  const model::Weights fresh = model::with_new_classes(graph, first.last, 3);
  graph::Index redrawn = 0;
  for (const graph::ParameterId id : graph.parameters.ids()) {
    const bool is_head = graph::class_dim(graph, id).has_value();
    redrawn += is_head ? 1 : 0;
    if (!is_head) CHECK(at::equal(fresh[id], first.last[id]));
    if (is_head) CHECK(at::equal(fresh[id], model::initial_weights(graph, 3)[id]));
  }
  CHECK(redrawn > 0);

  request.start = StartingPoint{first.last, first.trained_on, {}};
  const TrainResult same = train(request);
  request.start->trained_on.class_names = {"a", "b", "c", "d"};
  const TrainResult other = train(request);
  CHECK_THAT(other.notes, Catch::VectorContains(std::string(
                              "the starting weights know other classes: the head is drawn anew")));
  CHECK_FALSE(are_same(same.last, other.last));
  CHECK(same.identity != other.identity);
}

}  // namespace vitlab::train
