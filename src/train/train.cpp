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
    for (const at::Tensor& tensor : request.start->tensors) {
      const at::Tensor dense = tensor.detach().cpu().contiguous();
      hashes += core::sha256({static_cast<const char*>(dense.const_data_ptr()), dense.nbytes()});
    }
    json["start"] = core::identity(hashes);
  }
  return core::identity(core::canonical_json(json));
}

}  // namespace

TrainResult train(const TrainRequest& request, const TrainProgress& progress) {
  model::keep_freed_memory();
  model::set_threads(static_cast<int>(request.recipe.threads));
  data::OpenOptions opening;
  opening.on_broken = request.on_broken;
  const std::unique_ptr<data::Dataset> dataset =
      data::open_dataset(data::parse_data_spec(request.data), opening);
  std::optional<CheckpointFolder> checkpoints;
  if (!request.checkpoint_folder.empty())
    checkpoints.emplace(request.checkpoint_folder, training_identity(request, *dataset));
  if (checkpoints && !request.resumes) checkpoints->clear();
  Training training(request, *dataset, checkpoints ? &*checkpoints : nullptr);
  TrainResult result = training.run(progress);
  if (checkpoints) checkpoints->clear();
  return result;
}

}  // namespace vitlab::train
