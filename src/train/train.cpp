#include "train/train.h"

#include "core/error.h"
#include "core/hash.h"
#include "data/data_spec.h"
#include "model/device.h"
#include "train/training.h"

namespace vitlab::train {

namespace {

/// What a checkpoint must agree with to be gone on from.
std::string training_identity(const TrainRequest& request, const data::Dataset& dataset) {
  core::Json json{{"version", 1},
                  {"model", architecture::model_id(request.spec)},
                  {"data", dataset.fingerprint()},
                  {"recipe", sweep::recipe_json(request.recipe)},
                  {"seed", request.seed},
                  {"device", request.device}};
  if (request.start) {
    std::string hashes;
    for (const at::Tensor& tensor : request.start->weights.tensors) {
      const at::Tensor dense = tensor.detach().cpu().contiguous();
      hashes += core::sha256({static_cast<const char*>(dense.const_data_ptr()), dense.nbytes()});
    }
    json["start"] = core::identity(hashes);
    json["start_classes"] = request.start->trained_on.class_names;
    json["preprocessing"] = core::to_json(dataset.preprocessing());
  }
  return core::identity(core::canonical_json(json));
}

}  // namespace

OpenTraining::OpenTraining(TrainRequest request) : request_(std::move(request)) {
  data::OpenOptions opening;
  opening.on_broken = request_.on_broken;
  dataset_ = data::open_dataset(data::parse_data_spec(request_.data), opening);
  prepare(*dataset_, request_.recipe,
          request_.start ? request_.start->trained_on.preprocessing : std::nullopt);
}

std::string OpenTraining::identity() const { return training_identity(request_, *dataset_); }

TrainResult OpenTraining::run(const TrainProgress& progress) {
  model::keep_freed_memory();
  model::set_threads(static_cast<int>(request_.recipe.threads));
  std::optional<CheckpointFolder> checkpoints;
  const std::string own = identity();
  if (!request_.checkpoint_folder.empty()) checkpoints.emplace(request_.checkpoint_folder, own);
  if (checkpoints && !request_.resumes) checkpoints->clear();
  Training training(request_, *dataset_, checkpoints ? &*checkpoints : nullptr);
  TrainResult result = training.run(progress);
  result.identity = own;
  if (checkpoints) checkpoints->clear();
  return result;
}

TrainResult train(const TrainRequest& request, const TrainProgress& progress) {
  return OpenTraining(request).run(progress);
}

}  // namespace vitlab::train
