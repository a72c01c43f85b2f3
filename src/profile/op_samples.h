#pragma once

#include <string>
#include <utility>
#include <vector>

#include "messages/events.h"
#include "profile/timed_model.h"

namespace vitlab::profile {

/// Times of one model and of its ops where they stand, in the order of its graph's nodes.
struct ModelSample {
  std::vector<double> seconds;      // of each plain forward
  std::vector<double> reference;    // of the reference's forwards before them
  std::size_t disturbed = 0;        // rounds that were set aside
  std::vector<double> op_seconds;   // median by node
  std::vector<double> op_isolated;  // by node, each op alone with random inputs; empty unless asked
};

/// Times models one after the other beside a reference that stays in memory. Rounds in which the
/// reference, before or behind the model, took over 15 % longer than at its fastest so far are
/// disturbed (another program, a lower clock) and are set aside; drift below that can be divided
/// out.
class OpSampler {
 public:
  /// One forward, the ops of another right behind it, and the reference before them.
  struct Turn {
    double seconds = 0;
    double reference = 0;
    double disturbance = 1;                             // of the reference, over its fastest
    std::vector<std::pair<graph::NodeId, double>> ops;  // with its seconds
  };

  OpSampler(const NamedGraph& reference, const sweep::Protocol& protocol);

  /// Turns of reference, plain and profiled forward, until timed_seconds and min_samples are full
  /// of undisturbed ones, five times as long at most; then the least disturbed ones serve.
  /// `isolated` also times each distinct op (as `signature` tells them apart, by node) alone.
  ModelSample sample(const NamedGraph& model, const std::vector<std::string>* signatures);

 private:
  std::size_t least_turns() const;
  std::vector<Turn> turns(TimedModel& model);

  sweep::Protocol protocol_;
  at::Device device_;
  TimedModel reference_;
  double fastest_ = 0;  // seconds of the reference
};

/// What is told of a sample, but for its index.
messages::Sample sample_message(const ModelSample& sample);

}  // namespace vitlab::profile
