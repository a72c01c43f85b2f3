#pragma once

#include <map>
#include <string>
#include <utility>

#include "architecture/model_spec.h"
#include "messages/prune_answer.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"

namespace vitlab::engine {

/// Seconds of a model as the sum over its layers, each on a line measured for layers of its kind
/// and stage: a + b · (the larger of work and traffic on paper). The lines are fitted to profiles
/// of the model and of smaller ones, so that candidates of a search cost no measurement.
class LatencyTable {
 public:
  /// Profiles the model and three shrunk ones, with the axes that `settings` name at 3/4, 1/2 and
  /// 1/4 of their units. Throws Failure if memory runs out.
  LatencyTable(const architecture::ModelSpec& spec, const sweep::PruneSettings& settings,
               const sweep::Protocol& protocol);

  /// Estimated seconds of one batch of the protocol.
  double seconds(const architecture::ModelSpec& spec) const;

  /// What was measured, without estimates.
  messages::LatencyEstimates lines() const;

 private:
  struct Line {
    double fixed = 0;  // seconds
    double slope = 0;  // seconds per unit of work on paper
    int points = 0;
  };
  using Key = std::pair<std::int32_t, std::string>;  // stage and kind

  sweep::Protocol protocol_;
  std::map<Key, Line> lines_;
};

}  // namespace vitlab::engine
