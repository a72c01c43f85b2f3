#include "core/error.h"
#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "engine/start_weights.h"
#include "model/weight_files.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

std::string describe(const train::TrainStep& step) {
  return "epoch " + std::to_string(step.epoch) + "/" + std::to_string(step.epochs) + ", loss " +
         std::to_string(step.loss).substr(0, 6) + ", " +
         std::to_string(static_cast<graph::Index>(step.images_per_second)) + " images/s";
}

/// What the folder holds if that is this very training, done. Throws UserError if it is another one
/// that nobody asked to replace.
std::optional<messages::TrainReport> finished(const messages::TrainRequest& request,
                                              const std::string& identity) {
  if (request.force) return std::nullopt;
  auto report = train::report_in(request.out);
  if (!report || report->identity == identity) return report;
  throw core::UserError("--out " + request.out.string() +
                        " holds another training, finished: model " + report->model_id + ", data " +
                        report->data + ", seed " + std::to_string(report->seed) +
                        "; name another folder, or replace it with --force");
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
  training.on_broken = data::skipping(request.skip_broken);
  std::vector<std::string> resized;
  if (!request.start.empty())
    training.start =
        start_weights(request.start, request.layout, training.spec, training.seed, resized);
  tell_resized(resized);
  train::OpenTraining open(training);
  if (auto done = finished(request, open.identity()))
    return {*std::move(done), request.model.name, request.out.string(), resized, true};
  const store::DeviceLock turn = beside_others(events);
  const train::TrainResult result = open.run([&](const train::TrainStep& step) {
    events.progress(step.step, step.steps, describe(step));
  });
  train::write_train_folder(training, result, request.out);
  return {train::report_of(training, result), request.model.name, request.out.string(), resized};
}

}  // namespace vitlab::engine
