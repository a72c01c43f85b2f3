#pragma once

#include <functional>
#include <memory>
#include <string>

#include <ATen/ATen.h>

#include "graph/shape.h"
#include "messages/measure_answer.h"
#include "sweep/protocol.h"

namespace vitlab::profile {

/// Told after each turn what is done of how much, and with which model.
using TimingNotice =
    std::function<void(std::int64_t done, std::int64_t total, const std::string& name)>;

/// A model opened in a runtime with a batch of fixed images, ready to be timed.
class TimedRun {
 public:
  virtual ~TimedRun() = default;

  /// One forward of the batch: its seconds on the device. Throws what the runtime throws when
  /// memory runs out (see out_of_memory()), Failure where it cannot go on, Interrupted.
  virtual double forward() = 0;
  /// What a record tells of the runtime: its version, how far its logits are from vitlab's.
  virtual messages::RuntimeFacts about() const { return {}; }

  /// Forwards until `seconds` have passed, two at least.
  void warm_up(double seconds);
};

/// One of the things that a measurement takes turns with.
struct Candidate {
  std::string name;
  sweep::Protocol protocol;
  /// About what it holds in memory while it is open, images and feature maps included.
  graph::Index bytes = 0;
  /// Throws as TimedRun::forward does; Failure if the runtime computes something else.
  std::function<std::unique_ptr<TimedRun>()> open;
};

/// The images (batch, C, H, W) that every candidate of a batch is timed on: the same normal draws.
at::Tensor timed_images(const graph::Shape& image, graph::Index batch);

}  // namespace vitlab::profile
