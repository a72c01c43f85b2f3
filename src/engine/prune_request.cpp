#include "core/files.h"
#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/prune_stage.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"

namespace vitlab::engine {

core::Json answer(const messages::PruneRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  PruneStage stage;
  stage.spec = request.model.spec;
  stage.weights = model::converted(loaded.weights, at::kFloat);
  stage.settings = request.settings;
  stage.recipe = request.recipe;
  stage.data = request.data;
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
  core::Json payload = prune_json(pruned);
  payload["model"] = request.model.name;
  payload["seed"] = stage.seed;
  add_origin(payload, loaded);
  const prune::PruneResult& result = pruned.result;
  PrunedSpeed speed{stage.spec, result.spec, {}, *stage.protocol, {}};
  if (request.measure_rounded) speed.rounded = rounded_specs(result);
  if (result.after.latency > 0) speed.latency_gain = result.before.latency / result.after.latency;
  payload["measured"] = [&] {
    const store::DeviceLock alone = alone_on(stage.protocol->device, events);
    return measure_pruned(speed);
  }();
  core::Json file = core::Json::object();
  file["schema"] = 1;
  file["command"] = "prune";
  file.update(payload);
  core::write_file_atomically(folder.path() / "prune.json", core::dump_json(file, 2) + "\n");
  folder.commit();
  payload["out"] = request.out.string();
  return payload;
}

}  // namespace vitlab::engine
