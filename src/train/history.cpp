#include "train/history.h"

namespace vitlab {

namespace {

double number(const Json& json, const char* key) { return number_from_json(json.at(key), key); }

Json epoch_json(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"step", record.step},
          {"learning_rate", json_number(record.learning_rate)},
          {"train_loss", json_number(record.train_loss)},
          {"train_accuracy", json_number(record.train_accuracy)},
          {"validation", evaluation_json(record.validation)},
          {"seconds", json_number(record.seconds)},
          {"finished_at_unix_s", json_number(record.finished_at)}};
}

}  // namespace

Json evaluation_json(const Evaluation& evaluation) {
  return {{"images", evaluation.images},
          {"correct", evaluation.correct},
          {"loss", json_number(evaluation.loss)}};
}

Evaluation evaluation_from_json(const Json& json) {
  return {json.at("images").get<Index>(), json.at("correct").get<Index>(), number(json, "loss")};
}

Json epochs_json(const std::vector<EpochRecord>& epochs) {
  Json list = Json::array();
  for (const EpochRecord& record : epochs) list.push_back(epoch_json(record));
  return list;
}

std::vector<EpochRecord> epochs_from_json(const Json& json) {
  std::vector<EpochRecord> epochs;
  for (const Json& item : json)
    epochs.push_back({item.at("epoch").get<Index>(), item.at("step").get<Index>(),
                      number(item, "learning_rate"), number(item, "train_loss"),
                      number(item, "train_accuracy"), evaluation_from_json(item.at("validation")),
                      number(item, "seconds"), number(item, "finished_at_unix_s")});
  return epochs;
}

}  // namespace vitlab
