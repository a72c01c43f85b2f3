#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "architecture/presets.h"
#include "core/random.h"
#include "graph/fold.h"
#include "predict/model_space.h"
#include "predict/train_predictor.h"

namespace vitlab::predict {

/// A device whose rule of time is known: calls, rates per kind, slow rows that are no multiples of
/// 16, and copies; with noise on every time that it gives.
struct RuledDevice {
  double noise = 0.02;
  core::Random random{5};

  static double op_seconds(const OpFeatures& op) {
    const double rate = op.kind.find("depthwise") != std::string::npos ? 6e9
                        : op.kind == "matrix_product"                  ? 2e10
                                                                       : 4e10;
    const double ragged = op.shape[11] > 0 ? 1.3 : 1;  // columns_mod_16
    return 2e-6 + ragged * op.flops / rate + op.bytes / 1e10 + op.copied_bytes / 4e9;
  }
  double noisy(double seconds) { return seconds * std::exp(noise * random.normal()); }

  TimedGraph time(const graph::Graph& graph) {
    TimedGraph timed;
    timed.ops = op_features(graph, 4, 4);
    double sum = 1e-4;  // belongs to no op
    for (const OpFeatures& op : timed.ops) {
      sum += op_seconds(op) + 1e-6;
      timed.op_seconds.push_back(noisy(op_seconds(op)));
    }
    timed.seconds = noisy(sum);
    return timed;
  }

  std::vector<TimedGraph> time_drawn(std::size_t count, std::uint64_t seed) {
    core::Random draws(seed);
    std::vector<TimedGraph> timed;
    for (const core::Json& knobs : draw_models(draws, count, {}))
      timed.push_back(time(
          graph::fold(architecture::build_graph(architecture::expand_knobs(knobs, "test"))).graph));
    return timed;
  }
};

/// Few trees: enough for a rule, and quick.
inline TrainSettings quick_training() {
  TrainSettings settings;
  settings.ensembles = 2;
  settings.folds = 3;
  settings.boost.trees = 60;
  return settings;
}

}  // namespace vitlab::predict
