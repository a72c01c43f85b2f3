#include "train/train_folder.h"

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "tiny_training.h"

namespace vitlab::train {

namespace fs = std::filesystem;

TEST_CASE("a run folder holds a model that reads back, curves, and the results with intervals") {
  TemporaryFolder folder;
  const TrainRequest request = tiny_request();
  const TrainResult result = train(request);
  write_train_folder(request, result, folder / "run");

  const architecture::NamedModel model = architecture::resolve_model((folder / "run").string());
  CHECK(model.spec == request.spec);
  const graph::Graph graph = architecture::build_graph(model.spec);
  CHECK(are_same(model::load_weights(folder / "run/model.safetensors", graph), result.last));
  CHECK(are_same(model::load_weights(folder / "run/best.safetensors", graph), result.best));

  const auto report = training_of(folder / "run/model.safetensors", request.spec);
  REQUIRE(report);
  CHECK(*report == report_of(request, result));
  CHECK(report->state == TrainState::kDone);
  REQUIRE(report->accuracy);
  CHECK(report->accuracy->value == result.test->accuracy());
  CHECK(report->accuracy->low <= result.test->accuracy());
  CHECK(report->accuracy->high >= result.test->accuracy());
  CHECK(report->accuracy->samples == 20);
  CHECK(report->fingerprint == result.fingerprint);
  CHECK_THAT(report->notes, Catch::VectorContains(std::string("small data set: 20 test images")));
  const core::Json json =
      core::parse_json(core::read_text_file(folder / "run/train.json", 1 << 20), "train.json");
  CHECK(json.at("accuracy.top1").at("value") == result.test->accuracy());
  CHECK(fs::exists(folder / "run" / kEventFile));
}

TEST_CASE("metrics.csv has a header and a row per epoch with as many cells") {
  const TrainResult result = train(tiny_request());
  const std::string csv = metrics_csv(result);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK(std::count(csv.begin(), csv.end(), ',') == 4 * 7);
  CHECK(csv.starts_with("epoch,step,learning_rate,loss.train,"));
  CHECK(csv.find("\n3,18,") != std::string::npos);
}

TEST_CASE("a diverged training says so, and its JSON has no bare null or NaN") {
  TemporaryFolder folder;
  TrainRequest request = tiny_request();
  request.recipe.learning_rate = 1e30;
  request.recipe.clip_norm = 0;
  const TrainResult result = train(request);
  write_train_folder(request, result, folder / "run");
  const std::string text = core::read_text_file(folder / "run/train.json", 1 << 20);
  const core::Json json = core::parse_json(text, "train.json");
  CHECK(json.at("status") == "diverged");
  CHECK(json.at("diverged_at_step") == *result.diverged_at);
  CHECK(text.find("null") == std::string::npos);
  CHECK_FALSE(json.contains("accuracy.top1"));
}

}  // namespace vitlab::train
