#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages/prune_answer.h"
#include "prune/pruner.h"
#include "store/record.h"
#include "sweep/protocol.h"
#include "sweep/recipe.h"
#include "train/evaluate.h"

namespace vitlab::engine {

/// Pruning with what stands around it: accuracy before and after, and training after the cut.
struct PruneStage {
  architecture::ModelSpec spec;
  model::Weights weights;
  std::string data;
  data::OnBroken on_broken = data::OnBroken::kRefuse;
  sweep::PruneSettings settings;
  sweep::Recipe recipe;  // of the fine-tuning; its epochs are settings.finetune_epochs
  std::uint64_t seed = 0;
  architecture::TrainedOn trained_on;  // what `weights` know of their images
  /// How speed is measured where budgets or costs name latency; without, naming it is refused.
  std::optional<sweep::Protocol> protocol;
};

struct PrunedModel {
  prune::PruneResult result;
  train::Evaluation test_before, test_cut,
      test_after;  // of the test split; after = after fine-tuning
  graph::Index finetune_epochs = 0;
  std::string fingerprint;  // of the data
  architecture::TrainedOn trained_on;
  sweep::PruneSettings settings;
  std::optional<messages::LatencyEstimates> latency;
};

using OnPruneProgress =
    std::function<void(graph::Index done, graph::Index total, const std::string& note)>;

PrunedModel run_prune_stage(const PruneStage& stage, const OnPruneProgress& on_progress);

/// What is told of it, but for measured speed.
messages::PrunedFacts facts_of(const PrunedModel& pruned);

/// spec.yaml and model.safetensors of the pruned model.
void write_pruned_folder(const std::filesystem::path& folder, const PrunedModel& pruned);

/// `prune.keep.<axis>` (share of units left, by layer), `prune.macs`, `prune.params`,
/// `prune.accuracy.top1` and the same `.cut`, before fine-tuning. Those of random scores, the
/// control, begin with `prune.random.`.
std::vector<store::MetricValue> metrics_of(const PrunedModel& pruned);
/// "prune.", or "prune.random." of random scores.
std::string prune_metric_prefix(const sweep::PruneSettings& settings);

/// The roundings to 8 and to 16, those that change nothing too.
std::vector<messages::RoundedSpec> rounded_specs(const prune::PruneResult& result);

/// What is timed beside each other; weights do not matter to that.
struct PrunedSpeed {
  architecture::ModelSpec before, after;
  std::vector<messages::RoundedSpec> rounded;
  sweep::Protocol protocol;
  std::optional<double> latency_gain;  // as latencies were estimated; else MACs say what to expect
};

/// Throughput before and after, measured in turns, their ratio, and `notes` where less than 80 % of
/// the estimated gain was measured: fewer MACs are not always faster; and where a rounded model is
/// faster than what was cut, beyond the spread of both. A Failure where the two could not be timed.
messages::PrunedSpeeds measure_pruned(const PrunedSpeed& speed);

/// `<prefix>speed_ratio` of a measure_pruned(), over the model before; behind it, of each rounding
/// that changes something, `.multiples_of_8` with its MACs as `<prefix>macs.multiples_of_8`.
std::vector<store::MetricValue> pruned_speed_metrics(const messages::PrunedSpeedRows& measured,
                                                     const std::string& prefix);

/// The protocol where none is given: a second of each model in deploy form on one thread.
sweep::Protocol default_prune_protocol();

}  // namespace vitlab::engine
