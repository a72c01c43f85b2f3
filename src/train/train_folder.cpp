#include "train/train_folder.h"

#include <fmt/format.h>

#include "core/config_node.h"
#include "core/files.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "model/weight_files.h"
#include "train/tensorboard.h"

namespace vitlab::train {

namespace {

constexpr std::size_t kMaxTrainingBytes = 100'000'000;

core::Json accuracy_json(const Evaluation& evaluation) {
  const stats::Interval interval = evaluation.interval();
  return {{"value", evaluation.accuracy()},
          {"low", interval.low},
          {"high", interval.high},
          {"samples", evaluation.images}};
}

core::Json images_json(const TrainResult& result) {
  return {
      {"train", result.images[0]}, {"validation", result.images[1]}, {"test", result.images[2]}};
}

}  // namespace

core::Json train_json(const TrainRequest& request, const TrainResult& result) {
  core::Json json{{"schema", 1},
                  {"command", "train"},
                  {"vitlab_version", VITLAB_VERSION},
                  {"status", train_state_name(result.state)}};
  if (result.diverged_at) json["diverged_at_step"] = *result.diverged_at;
  if (result.test) {
    json["accuracy.top1"] = accuracy_json(*result.test);
    json["loss.test"] = core::json_number(result.test->loss);
  }
  if (result.best_test) json["accuracy.top1.best"] = accuracy_json(*result.best_test);
  json["best_epoch"] = result.best_epoch;
  json["epochs_done"] = result.epochs.size();
  json["steps"] = result.steps;
  json["seconds"] = result.seconds;
  json["model_id"] = architecture::model_id(request.spec);
  json["data"] = data::canonical_text(data::parse_data_spec(request.data));
  json["data_fingerprint"] = result.fingerprint;
  json["images"] = images_json(result);
  json["classes"] = result.classes;
  json["recipe"] = sweep::recipe_json(request.recipe);
  json["seed"] = request.seed;
  json["threads"] = request.recipe.threads;
  json["device"] = request.device;
  json["device_class"] = result.device_class;
  json["epochs"] = epochs_json(result.epochs);
  json["notes"] = result.notes;
  return json;
}

std::string metrics_csv(const TrainResult& result) {
  std::string text =
      "epoch,step,learning_rate,loss.train,accuracy.train,loss.validation,accuracy.validation,"
      "seconds\n";
  for (const EpochRecord& record : result.epochs) {
    const bool is_validated = record.validation.images > 0;
    text += fmt::format("{},{},{},{},{},{},{},{}\n", record.epoch, record.step,
                        core::shortest(record.learning_rate), core::shortest(record.train_loss),
                        core::shortest(record.train_accuracy),
                        is_validated ? core::shortest(record.validation.loss) : "",
                        is_validated ? core::shortest(record.validation.accuracy()) : "",
                        core::shortest(record.seconds));
  }
  return text;
}

std::string training_events(const TrainResult& result) {
  std::vector<ScalarEvent> events;
  for (const EpochRecord& record : result.epochs) {
    ScalarEvent event{record.finished_at,
                      record.step,
                      {{"loss/train", record.train_loss},
                       {"accuracy/train", record.train_accuracy},
                       {"learning_rate", record.learning_rate}}};
    if (record.validation.images > 0) {
      event.scalars.emplace_back("loss/validation", record.validation.loss);
      event.scalars.emplace_back("accuracy/validation", record.validation.accuracy());
    }
    events.push_back(std::move(event));
  }
  if (result.test && !events.empty()) {
    events.back().scalars.emplace_back("loss/test", result.test->loss);
    events.back().scalars.emplace_back("accuracy/test", result.test->accuracy());
  }
  return tensorboard_bytes(events);
}

void write_train_folder(const TrainRequest& request, const TrainResult& result,
                        const std::filesystem::path& folder) {
  const graph::Graph graph = architecture::build_graph(request.spec);
  const interop::Metadata metadata = model::weight_metadata(request.spec);
  core::write_file_atomically(folder / "spec.yaml", architecture::spec_yaml(request.spec));
  model::save_weights(folder / "model.safetensors", graph, result.last, metadata);
  if (result.best_epoch > 0)
    model::save_weights(folder / "best.safetensors", graph, result.best, metadata);
  core::write_file_atomically(folder / "metrics.csv", metrics_csv(result));
  core::write_file_atomically(folder / kEventFile, training_events(result));
  core::write_file_atomically(folder / "train.json",
                              core::dump_json(train_json(request, result), 2) + "\n");
}

core::Json training_of(const std::filesystem::path& weights, const architecture::ModelSpec& spec) {
  const std::filesystem::path file = weights.parent_path() / "train.json";
  const bool is_trained =
      weights.filename() == "model.safetensors" || weights.filename() == "best.safetensors";
  if (!is_trained || !std::filesystem::is_regular_file(file)) return nullptr;
  core::Json training =
      core::parse_json(core::read_text_file(file, kMaxTrainingBytes), file.string());
  return training.value("model_id", std::string()) == architecture::model_id(spec)
             ? training
             : core::Json(nullptr);
}

}  // namespace vitlab::train
