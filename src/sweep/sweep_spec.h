#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "architecture/presets.h"
#include "core/config_node.h"
#include "core/json.h"
#include "sweep/expression.h"
#include "sweep/protocol.h"
#include "sweep/recipe.h"
#include "sweep/stage_settings.h"

namespace vitlab::sweep {

/// Knobs that change together and the values they take, one after the other; a sweep is the product
/// of its axes.
struct SweepAxis {
  std::vector<std::string> knobs;
  std::vector<std::vector<core::Json>> points;  // one value per knob
};

/// An expression and where it stands.
struct PlacedExpression {
  std::string text;
  core::Place place;  // of the first byte of the expression
  Expression expression;
};

/// `knob` is computed from others.
struct Derivation {
  std::string knob;
  PlacedExpression value;
};

/// Where `condition` holds, the knobs are set.
struct Conditional {
  PlacedExpression condition;
  core::Json set = core::Json::object();
};

/// Widths are solved so that `metric` comes to each of the budgets in turn. A measured metric
/// (throughput, latency_ms) has a protocol, and may be a factor of another model's, measured in the
/// same run; its solutions stand in the sweep's lock file.
struct WidthSolve {
  std::string metric = "macs";
  std::vector<double> budgets;
  double tolerance = 0.02;
  graph::Index multiple_of = 8;
  bool is_axis = false;  // the budgets were given as a list
  std::optional<Protocol> protocol;
  std::optional<architecture::NamedModel> relative_to;

  bool is_measured() const { return protocol.has_value(); }
  /// The metric as records name it: throughput_ratio where it is a factor of another model's.
  std::string metric_name() const {
    if (!relative_to) return metric;
    return metric == "latency_ms" ? "latency_ratio" : "throughput_ratio";
  }
};

/// A sweep file, read and checked: what plan.h expands.
struct SweepSpec {
  std::string name;
  std::string source;  // path and text of the file, for problems found while expanding
  std::string text;
  core::Json base = core::Json::object();
  std::vector<SweepAxis> axes;
  std::vector<Conditional> when;
  std::vector<Derivation> derive;  // each after those that it reads
  std::optional<WidthSolve> solve;
  std::vector<PlacedExpression> where;
  std::vector<std::int64_t> seeds{0};
  std::optional<core::Json> reference;
  core::Place reference_place;
  std::vector<StageRequest> stages{CostStage{}};
  std::string data;          // canonical text; "" if the sweep names none
  bool skip_broken = false;  // images that do not decode are left out
  std::string recipe_name = "default";
  Recipe recipe;
  /// Models that the knob `model` names (a preset, a YAML file, a folder): its knobs stand under
  /// those of the sweep. One without knobs is explicit.
  std::map<std::string, architecture::NamedModel> models;
};

/// Numbers that expressions may use beside knobs, once a model is built.
const std::vector<std::string>& expression_metrics();

/// Reads a sweep. Files that it names are looked for as load_named_config does, with `near` the
/// folder of the sweep file. Problems of every part are gathered in `problems`.
SweepSpec read_sweep(const core::ConfigNode& root, core::Problems& problems,
                     const std::filesystem::path& near = {});
/// Reads a sweep file; throws UserError with every problem and its place.
SweepSpec load_sweep(const std::filesystem::path& path);
SweepSpec parse_sweep(const std::string& source, const std::string& text,
                      const std::filesystem::path& near = {});

}  // namespace vitlab::sweep
