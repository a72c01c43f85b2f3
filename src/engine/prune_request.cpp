#include "core/files.h"
#include "data/dataset.h"
#include "engine/device_turn.h"
#include "engine/prune_stage.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "sweep/named_config.h"

namespace vitlab::engine {

core::Json run_prune_request(const core::Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  PruneStage stage;
  stage.spec = model.spec;
  stage.weights = model::converted(loaded.weights, at::kFloat);
  stage.settings = sweep::prune_settings_from_json(request.at("settings"), "settings");
  stage.recipe = sweep::recipe_from_json(request.at("recipe"), "recipe");
  stage.data = request.at("data").get<std::string>();
  stage.protocol = request.contains("protocol")
                       ? sweep::protocol_from_json(request.at("protocol"), "protocol")
                       : default_prune_protocol();
  stage.seed = request.value("seed", std::uint64_t{0});
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

  core::StagedFolder folder(request.at("out").get<std::string>());
  write_pruned_folder(folder.path(), pruned);
  core::Json payload = prune_json(pruned);
  payload["model"] = model.name;
  payload["seed"] = stage.seed;
  add_origin(payload, loaded);
  const prune::PruneResult& result = pruned.result;
  PrunedSpeed speed{stage.spec, result.spec, {}, *stage.protocol, {}};
  if (request.value("measure_rounded", false)) speed.rounded = rounded_specs(result);
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
  payload["out"] = request.at("out");
  return payload;
}

}  // namespace vitlab::engine
