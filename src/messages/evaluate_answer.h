#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "messages/train_answer.h"

namespace vitlab::messages {

/// The images of one class and those that were told right.
struct ClassRow {
  std::string name;
  std::int64_t images = 0;
  std::optional<AccuracyShare> top1;  // none without images

  bool operator==(const ClassRow&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("class", &ClassRow::name),
                      core::required("images", &ClassRow::images),
                      core::required("top1", &ClassRow::top1)};
  }
};

/// How well weights answer on a split of a data set.
struct EvaluateAnswer {
  std::string model, id;
  std::string weights;  // where they came from, in words
  std::string data;     // the grammar of data/data_spec.h
  std::string fingerprint;
  data::Split split = data::Split::kTest;
  AccuracyShare top1, top5;
  double loss = 0;  // mean cross entropy, in nats
  std::vector<ClassRow> per_class;
  std::vector<std::vector<std::int64_t>> confusion;  // images, by class and class that was told
  std::string right;  // a bit an image in the split's order, as hexadecimal digits: told right
  double images_per_s = 0;  // with reading and preparing them
  architecture::Preprocessing preprocessing;
  bool knows_preprocessing = false;  // the weights said it; else the data set's own was taken
  std::vector<std::string> notes;
  std::vector<std::string> resized;  // tensors that were made for another image size

  bool operator==(const EvaluateAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("model", &EvaluateAnswer::model),
        core::required("id", &EvaluateAnswer::id),
        core::required("weights", &EvaluateAnswer::weights),
        core::required("data", &EvaluateAnswer::data),
        core::required("data_fingerprint", &EvaluateAnswer::fingerprint),
        core::required("split", &EvaluateAnswer::split),
        core::required("top1", &EvaluateAnswer::top1),
        core::required("top5", &EvaluateAnswer::top5),
        core::required("loss", &EvaluateAnswer::loss),
        core::required("per_class", &EvaluateAnswer::per_class),
        core::required("confusion", &EvaluateAnswer::confusion),
        core::required("right", &EvaluateAnswer::right),
        core::required("images_per_s", &EvaluateAnswer::images_per_s),
        core::required("preprocessing", &EvaluateAnswer::preprocessing),
        core::required("preprocessing_of_weights", &EvaluateAnswer::knows_preprocessing),
        core::required("notes", &EvaluateAnswer::notes),
        core::optional("resized", &EvaluateAnswer::resized)};
  }
};

}  // namespace vitlab::messages
