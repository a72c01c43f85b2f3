#include "core/files.h"
#include "core/hash.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"

namespace vitlab {

Json run_export_request(const Json& request, Events& /*events*/) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const auto out = request.at("out").get<std::string>();
  StagedFolder folder(out);
  Json files = Json::array();
  std::string sums;
  const auto wrote = [&](const std::string& name) {
    files.push_back(name);
    sums += sha256_file(folder.path() / name) + "  " + name + "\n";
  };
  for (const Json& format : request.at("formats")) {
    if (format == "yaml") {
      write_file_atomically(folder.path() / "spec.yaml", spec_yaml(model.spec));
      wrote("spec.yaml");
    } else {
      const Graph graph = build_graph(model.spec);
      save_weights(folder.path() / "model.safetensors", graph, loaded.weights,
                   weight_metadata(model.spec));
      wrote("model.safetensors");
    }
  }
  write_file_atomically(folder.path() / "SHA256SUMS", sums);
  folder.commit();
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(model.spec);
  add_origin(payload, loaded);
  payload["files"] = files;
  payload["out"] = out;
  return payload;
}

}  // namespace vitlab
