#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/shape.h"

namespace vitlab::train {

/// Scalars of one step: the tag under which TensorBoard draws each, and its value.
struct ScalarEvent {
  double wall_time = 0;  // Unix time in seconds
  graph::Index step = 0;
  std::vector<std::pair<std::string, double>> scalars;
};

/// The bytes of an event file: TFRecord frames (length, masked CRC-32C, content, masked CRC-32C)
/// around Event messages of tensorflow/core/util/event.proto, encoded by hand.
std::string tensorboard_bytes(const std::vector<ScalarEvent>& events);

/// One TFRecord frame around `content`.
std::string record_frame(std::string_view content);

}  // namespace vitlab::train
