#include "train/history.h"

namespace vitlab::train {

namespace {

double number(const core::Json& json, const char* key) {
  return core::number_from_json(json.at(key), key);
}

core::Json epoch_json(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"step", record.step},
          {"learning_rate", core::json_number(record.learning_rate)},
          {"train_loss", core::json_number(record.train_loss)},
          {"train_accuracy", core::json_number(record.train_accuracy)},
          {"validation", evaluation_json(record.validation)},
          {"seconds", core::json_number(record.seconds)},
          {"finished_at_unix_s", core::json_number(record.finished_at)}};
}

}  // namespace

core::Json evaluation_json(const Evaluation& evaluation) {
  return {{"images", evaluation.images},
          {"correct", evaluation.correct},
          {"loss", core::json_number(evaluation.loss)}};
}

Evaluation evaluation_from_json(const core::Json& json) {
  return {json.at("images").get<graph::Index>(), json.at("correct").get<graph::Index>(),
          number(json, "loss")};
}

core::Json epochs_json(const std::vector<EpochRecord>& epochs) {
  core::Json list = core::Json::array();
  for (const EpochRecord& record : epochs) list.push_back(epoch_json(record));
  return list;
}

std::vector<EpochRecord> epochs_from_json(const core::Json& json) {
  std::vector<EpochRecord> epochs;
  for (const core::Json& item : json)
    epochs.push_back({item.at("epoch").get<graph::Index>(), item.at("step").get<graph::Index>(),
                      number(item, "learning_rate"), number(item, "train_loss"),
                      number(item, "train_accuracy"), evaluation_from_json(item.at("validation")),
                      number(item, "seconds"), number(item, "finished_at_unix_s")});
  return epochs;
}

}  // namespace vitlab::train
