#include <algorithm>
#include <functional>
#include <set>

#include "architecture/solve.h"
#include "architecture/templates.h"
#include "core/embedded.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "sweep/axes_reader.h"
#include "sweep/knob_check.h"
#include "sweep/named_config.h"
#include "sweep/rules_reader.h"
#include "sweep/stages_reader.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

namespace {

namespace fs = std::filesystem;

class SweepReader {
 public:
  SweepReader(const core::ConfigNode& root, core::Problems& problems, const fs::path& near)
      : reader_(root, problems), problems_(problems), near_(near) {}

  SweepSpec read() {
    sweep_.source = problems_.source();
    read_name();
    read_base();
    KnobCheck knobs(templates_in_use(), problems_);
    knobs_ = &knobs;
    check_base();
    sweep_.axes = read_axes(reader_, knobs);
    read_rules(reader_, knobs, sweep_, near_);
    read_seeds();
    read_reference();
    sweep_.stages = read_stages(reader_, near_);
    read_recipe_of(reader_, near_, sweep_);
    read_data();
    reader_.optional("skip_broken", sweep_.skip_broken);
    tell_counterparts();
    reader_.finish();
    return std::move(sweep_);
  }

 private:
  void read_name() {
    if (!reader_.required("sweep", sweep_.name)) return;
    try {
      core::check_label(sweep_.name, "sweep");
    } catch (const core::UserError& error) {
      problems_.add(reader_.node("sweep")->place, error.what());
    }
  }

  /// Says how the keys of a W&B sweep are spelt here.
  void tell_counterparts() {
    if (reader_.node("parameters"))
      reader_.fail(
          "parameters",
          "is of a W&B sweep; here: `axes: - grid: {x: [1, 2]}` for values, `base: {x: 1}` "
          "for a value, and lr, epochs and the like go into the recipe");
    if (reader_.node("method"))
      reader_.fail("method",
                   "is of a W&B sweep; here each axis says it: `axes: - grid: …` or `- sample: …`");
  }

  void read_base() {
    const core::ConfigNode* base = reader_.node("base");
    if (!base) return;
    if (base->is_scalar()) {
      sweep_.base[std::string(kModelKnob)] = base->scalar;
      add_model(*base, "base");
    } else if (base->is_map()) {
      sweep_.base = value_of(*base);
    } else {
      reader_.fail("base", "must be a map of knobs, a preset or the path of a YAML file");
    }
  }

  /// Resolves what the knob `model` names, once.
  void add_model(const core::ConfigNode& node, const std::string& path) {
    if (!node.is_scalar() || sweep_.models.contains(node.scalar)) return;
    try {
      const fs::path beside = find_named_path(node.scalar, near_);
      const bool is_preset =
          core::embedded_file("configs/models/" + node.scalar + ".yaml").has_value();
      sweep_.models[node.scalar] =
          architecture::resolve_model(is_preset || beside.empty() ? node.scalar : beside.string());
    } catch (const core::UserError& error) {
      problems_.add(node.place, path + ": " + error.what());
    }
  }

  /// The nodes of all values that a knob takes in base and on grid and zip axes, and in samples.
  void each_value(
      std::string_view knob,
      const std::function<void(const core::ConfigNode&, const std::string&)>& visit) const {
    const auto in_map = [&](const core::ConfigNode* map, const std::string& path) {
      const core::ConfigNode* found = map && map->is_map() ? map->entry(knob) : nullptr;
      if (!found) return;
      const std::string inner = path + "." + std::string(knob);
      if (found->is_scalar()) return visit(*found, inner);
      for (const core::ConfigNode& item : found->items) visit(item, inner);
    };
    in_map(reader_.self().entry("base"), "base");
    const core::ConfigNode* axes = reader_.self().entry("axes");
    if (!axes || !axes->is_sequence()) return;
    for (const core::ConfigNode& axis : axes->items)
      for (const core::ConfigNode& entry : axis.items)
        in_map(entry.key == "sample" ? entry.entry("of") : &entry, "axes." + entry.key);
  }

  std::vector<std::string> templates_in_use() {
    std::set<std::string> found;
    each_value(kModelKnob, [&](const core::ConfigNode& node, const std::string& path) {
      add_model(node, path);
    });
    each_value("template", [&](const core::ConfigNode& node, const std::string&) {
      if (architecture::find_template(node.scalar)) found.insert(node.scalar);
    });
    for (const auto& [name, model] : sweep_.models)
      if (const std::string family = architecture::template_name(model.knobs); !family.empty())
        found.insert(family);
    return {found.begin(), found.end()};
  }

  void check_base() {
    const core::ConfigNode* base = reader_.self().entry("base");
    bool has_template = false;
    for (const char* knob : {"template", "model"})
      each_value(knob, [&](const core::ConfigNode&, const std::string&) { has_template = true; });
    if (!has_template && !(base && base->is_scalar()))
      reader_.fail("base", "must name a template, as in {template: efficientvit}, or a preset");
    if (!base || !base->is_map()) return;
    for (const core::ConfigNode& entry : base->items) {
      knobs_->name(entry.key, entry.key_place, "base." + entry.key);
      knobs_->value(entry.key, entry, "base." + entry.key);
    }
  }

  void read_seeds() {
    if (!reader_.optional("seeds", sweep_.seeds)) return;
    if (sweep_.seeds.empty()) reader_.fail("seeds", "must hold at least one seed");
    std::set<std::int64_t> seen;
    for (const std::int64_t seed : sweep_.seeds) {
      if (seed < 0) reader_.fail("seeds", "must not be negative");
      if (!seen.insert(seed).second)
        reader_.fail("seeds", "names " + std::to_string(seed) + " twice");
    }
  }

  void read_reference() {
    const core::ConfigNode* node = reader_.node("reference");
    if (!node || node->is_null()) return;
    if (!node->is_map()) return reader_.fail("reference", "must map knobs to values");
    for (const core::ConfigNode& entry : node->items)
      if (entry.key != kBudgetName)
        knobs_->name(entry.key, entry.key_place, "reference." + entry.key);
    sweep_.reference = value_of(*node);
    sweep_.reference_place = node->key_place;
  }

  void read_data() {
    std::string text;
    if (reader_.optional("data", text)) {
      try {
        data::DataSpec spec = data::parse_data_spec(text);
        if (const fs::path found = find_named_path(spec.path, near_);
            !spec.path.empty() && !found.empty())
          spec.path = found.string();
        sweep_.data = data::canonical_text(spec);
      } catch (const core::UserError& error) {
        problems_.add(reader_.node("data")->place, error.what());
      }
      return;
    }
    if (reader_.has("data")) return;
    for (const StageRequest& stage : sweep_.stages) {
      const StageKindRow& kind = core::choice_row(kind_of(stage));
      if (kind.needs_data)
        return reader_.fail("data", "is missing; stage " + std::string(kind.word) + " needs it");
    }
  }

  core::ConfigReader reader_;
  core::Problems& problems_;
  fs::path near_;
  SweepSpec sweep_;
  KnobCheck* knobs_ = nullptr;
};

}  // namespace

const std::vector<std::string>& expression_metrics() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = architecture::cost_metric_names();
    all.emplace_back("mhsa_share");
    return all;
  }();
  return names;
}

SweepSpec read_sweep(const core::ConfigNode& root, core::Problems& problems, const fs::path& near) {
  if (!root.is_map()) {
    problems.add(root.place, "a sweep is a map with `sweep: NAME`, base, axes, stages, …");
    return {};
  }
  return SweepReader(root, problems, near).read();
}

SweepSpec parse_sweep(const std::string& source, const std::string& text, const fs::path& near) {
  core::ConfigDocument document = core::parse_document(source, text);
  SweepSpec sweep = read_sweep(document.root, document.problems, near);
  document.problems.throw_if_any();
  sweep.text = text;
  return sweep;
}

SweepSpec load_sweep(const fs::path& path) {
  const std::string text = core::read_text_file(path, core::ConfigLimits{}.bytes);
  const fs::path folder = path.parent_path();
  return parse_sweep(path.string(), text, folder.empty() ? fs::path(".") : folder);
}

}  // namespace vitlab::sweep
