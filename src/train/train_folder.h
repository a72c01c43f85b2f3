#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "messages/train_answer.h"
#include "train/train.h"

namespace vitlab::train {

/// What a training found, without its weights.
messages::TrainReport report_of(const TrainRequest& request, const TrainResult& result);

/// One row an epoch: epoch, step, learning rate, losses and accuracies of the training and the
/// validation split, seconds. Empty cells where there is no validation split.
std::string metrics_csv(const TrainResult& result);

/// The curves for TensorBoard, one event an epoch.
std::string training_events(const TrainResult& result);
constexpr const char* kEventFile = "events.out.tfevents.0000000000.vitlab";

/// spec.yaml, model.safetensors (last), best.safetensors, metrics.csv, the event file and, last,
/// train.json; each whole or not at all. Makes the folder.
void write_train_folder(const TrainRequest& request, const TrainResult& result,
                        const std::filesystem::path& folder);

/// What train.json in a folder holds, if there is one; throws UserError with the place for a file
/// that is none.
std::optional<messages::TrainReport> report_in(const std::filesystem::path& folder);

/// train.json beside the weights, if they are what that training of the model wrote. Throws
/// UserError with the place for a train.json that is none.
std::optional<messages::TrainReport> training_of(const std::filesystem::path& weights,
                                                 const architecture::ModelSpec& spec);

}  // namespace vitlab::train
