#include "core/files.h"
#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/prune_stage.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"

namespace vitlab::engine {

messages::PruneAnswer answer(const messages::PruneRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  PruneStage stage;
  stage.spec = request.model.spec;
  stage.weights = model::converted(loaded.weights, at::kFloat);
  stage.settings = request.settings;
  stage.recipe = request.recipe;
  stage.data = request.data;
  stage.on_broken = data::skipping(request.skip_broken);
  stage.trained_on = loaded.trained_on;
  stage.protocol = request.protocol.value_or(default_prune_protocol());
  stage.seed = request.seed;
  const bool measures = stage.settings.cost == sweep::kLatencyMetric ||
                        stage.settings.keep.count(sweep::kLatencyMetric) != 0;
  const PrunedModel pruned = [&] {
    const store::DeviceLock turn =
        measures ? alone_on(stage.protocol->device, events) : beside_others(events);
    return run_prune_stage(stage,
                           [&](graph::Index done, graph::Index total, const std::string& note) {
                             events.progress(done, total, note);
                           });
  }();

  core::StagedFolder folder(request.out);
  write_pruned_folder(folder.path(), pruned);
  messages::PruneAnswer told{facts_of(pruned)};
  told.model = request.model.name;
  told.seed = stage.seed;
  told.weights = loaded.origin;
  told.resized = loaded.resized;
  const prune::PruneResult& result = pruned.result;
  PrunedSpeed speed{stage.spec, result.spec, {}, *stage.protocol, {}};
  if (request.measure_rounded) speed.rounded = rounded_specs(result);
  if (result.after.latency > 0) speed.latency_gain = result.before.latency / result.after.latency;
  told.measured = [&] {
    const store::DeviceLock alone = alone_on(stage.protocol->device, events);
    return measure_pruned(speed);
  }();
  core::Json file{{"schema", 1}, {"command", "prune"}};
  file.update(core::to_json(told));
  core::write_file_atomically(folder.path() / "prune.json", core::dump_json(file, 2) + "\n");
  folder.commit();
  told.out = request.out;
  return told;
}

}  // namespace vitlab::engine
