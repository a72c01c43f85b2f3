#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "core/json.h"

namespace vitlab::architecture {

/// A model with the name that users gave or read.
struct NamedModel {
  std::string name;
  ModelSpec spec;
  core::Json knobs = core::Json::object();  // as given, `template` first; empty for explicit models
  std::filesystem::path folder;             // where it came from, if it was a folder with weights
};

/// Names of the built-in models (configs/models/*.yaml), in alphabetical order.
std::vector<std::string> preset_names();

/// Resolves what a user calls a model: a preset's name, the path of a YAML file (knobs or
/// explicit), or a folder with spec.yaml. `overrides` are "key=value" with a YAML value, for
/// templates only. Throws UserError with every problem and its place.
NamedModel resolve_model(const std::string& reference,
                         const std::vector<std::string>& overrides = {});

/// A spec from knobs ({"template": "efficientvit", …}) or from an explicit model.
ModelSpec read_model(const core::ConfigNode& root, core::Problems& problems);
/// The same for knobs held as JSON; throws UserError naming `source`.
ModelSpec expand_knobs(const core::Json& knobs, const std::string& source);
/// The same without trying whether the layers fit one another, which costs far more than the rest:
/// for callers that go on to CostCounter::count or build_graph, which refuse what does not fit.
ModelSpec expand_knobs_untried(const core::Json& knobs, const std::string& source);
ModelSpec expand_knobs_untried(const core::Json& knobs, core::Problems& problems);

/// A JSON value as a config node (places are all 1:1), and a config node as JSON.
core::ConfigNode node_from_json(const core::Json& value);
core::Json json_from_node(const core::ConfigNode& node);

}  // namespace vitlab::architecture
