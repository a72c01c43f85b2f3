#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "sweep/named_config.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

std::string describe(const train::TrainStep& step) {
  return "epoch " + std::to_string(step.epoch) + "/" + std::to_string(step.epochs) + ", loss " +
         std::to_string(step.loss).substr(0, 6) + ", " +
         std::to_string(static_cast<graph::Index>(step.images_per_second)) + " images/s";
}

}  // namespace

core::Json run_train_request(const core::Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const std::filesystem::path out = request.at("out").get<std::string>();
  train::TrainRequest training;
  training.spec = model.spec;
  training.data = request.at("data").get<std::string>();
  training.recipe = sweep::recipe_from_json(request.at("recipe"), "recipe");
  training.seed = request.value("seed", std::uint64_t{0});
  training.device = request.value("device", std::string("cpu"));
  training.checkpoint_folder = out / "checkpoints";
  training.loader_threads = static_cast<int>(request.value("loader_threads", std::int64_t{0}));
  if (request.value("skip_broken", false)) training.on_broken = data::OnBroken::kSkip;
  std::vector<std::string> resized;
  if (request.contains("start"))
    training.start =
        model::load_weights(request.at("start").get<std::string>(),
                            architecture::build_graph(model.spec), at::kFloat, &resized);
  tell_resized(resized);
  const store::DeviceLock turn = beside_others(events);
  const train::TrainResult result = train::train(training, [&](const train::TrainStep& step) {
    events.progress(step.step, step.steps, describe(step));
  });
  train::write_train_folder(training, result, out);
  core::Json payload = train::train_json(training, result);
  payload["model"] = model.name;
  payload["out"] = out.string();
  if (!resized.empty()) payload["resized"] = resized;
  return payload;
}

}  // namespace vitlab::engine
