#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

std::string describe(const train::TrainStep& step) {
  return "epoch " + std::to_string(step.epoch) + "/" + std::to_string(step.epochs) + ", loss " +
         std::to_string(step.loss).substr(0, 6) + ", " +
         std::to_string(static_cast<graph::Index>(step.images_per_second)) + " images/s";
}

}  // namespace

messages::TrainAnswer answer(const messages::TrainRequest& request, Events& events) {
  train::TrainRequest training;
  training.spec = request.model.spec;
  training.data = request.data;
  training.recipe = request.recipe;
  training.seed = request.seed;
  training.device = request.device;
  training.checkpoint_folder = request.out / "checkpoints";
  training.loader_threads = static_cast<int>(request.loader_threads);
  if (request.skip_broken) training.on_broken = data::OnBroken::kSkip;
  std::vector<std::string> resized;
  if (!request.start.empty())
    training.start = model::load_weights(request.start, architecture::build_graph(training.spec),
                                         at::kFloat, &resized);
  tell_resized(resized);
  const store::DeviceLock turn = beside_others(events);
  const train::TrainResult result = train::train(training, [&](const train::TrainStep& step) {
    events.progress(step.step, step.steps, describe(step));
  });
  train::write_train_folder(training, result, request.out);
  return {train::report_of(training, result), request.model.name, request.out.string(), resized};
}

}  // namespace vitlab::engine
