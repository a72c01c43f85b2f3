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

std::optional<messages::AccuracyShare> share_of(const std::optional<Evaluation>& evaluation) {
  if (!evaluation) return std::nullopt;
  const stats::Interval interval = evaluation->interval();
  return messages::AccuracyShare{evaluation->accuracy(), interval.low, interval.high,
                                 evaluation->images};
}

}  // namespace

messages::TrainReport report_of(const TrainRequest& request, const TrainResult& result) {
  messages::TrainReport report;
  report.version = VITLAB_VERSION;
  report.state = result.state;
  report.diverged_at = result.diverged_at;
  report.accuracy = share_of(result.test);
  if (result.test) report.test_loss = result.test->loss;
  report.best_accuracy = share_of(result.best_test);
  report.best_epoch = result.best_epoch;
  report.epochs_done = static_cast<graph::Index>(result.epochs.size());
  report.steps = result.steps;
  report.seconds = result.seconds;
  report.model_id = architecture::model_id(request.spec);
  report.data = data::canonical_text(data::parse_data_spec(request.data));
  report.fingerprint = result.fingerprint;
  report.identity = result.identity;
  report.images = {result.images[0], result.images[1], result.images[2]};
  report.classes = static_cast<std::int64_t>(result.trained_on.class_names.size());
  report.class_names = result.trained_on.class_names;
  report.preprocessing = result.trained_on.preprocessing;
  report.recipe = request.recipe;
  report.seed = request.seed;
  report.threads = request.recipe.threads;
  report.device = request.device;
  report.device_class = result.device_class;
  report.epochs = result.epochs;
  report.notes = result.notes;
  return report;
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
  const interop::Metadata metadata = model::weight_metadata(request.spec, result.trained_on);
  core::write_file_atomically(folder / "spec.yaml", architecture::spec_yaml(request.spec));
  model::save_weights(folder / "model.safetensors", graph, result.last, metadata);
  if (result.best_epoch > 0)
    model::save_weights(folder / "best.safetensors", graph, result.best, metadata);
  core::write_file_atomically(folder / "metrics.csv", metrics_csv(result));
  core::write_file_atomically(folder / kEventFile, training_events(result));
  core::write_file_atomically(folder / "train.json",
                              core::dump_json(core::to_json(report_of(request, result)), 2) + "\n");
}

std::optional<messages::TrainReport> report_in(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "train.json";
  if (!std::filesystem::is_regular_file(file)) return std::nullopt;
  return core::from_json<messages::TrainReport>(
      core::parse_json(core::read_text_file(file, kMaxTrainingBytes), file.string()),
      file.string());
}

std::optional<messages::TrainReport> training_of(const std::filesystem::path& weights,
                                                 const architecture::ModelSpec& spec) {
  const bool is_trained =
      weights.filename() == "model.safetensors" || weights.filename() == "best.safetensors";
  if (!is_trained) return std::nullopt;
  auto report = report_in(weights.parent_path());
  if (report && report->model_id != architecture::model_id(spec)) return std::nullopt;
  return report;
}

}  // namespace vitlab::train
