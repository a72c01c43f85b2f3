#include <algorithm>
#include <functional>
#include <set>

#include "core/embedded.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "spec/solve.h"
#include "spec/templates.h"
#include "sweep/axes_reader.h"
#include "sweep/knob_check.h"
#include "sweep/named_config.h"
#include "sweep/stages_reader.h"
#include "sweep/sweep_spec.h"

namespace vitlab {

namespace {

namespace fs = std::filesystem;

class SweepReader {
 public:
  SweepReader(const ConfigNode& root, Problems& problems, const fs::path& near)
      : reader_(root, problems), problems_(problems), near_(near) {}

  SweepSpec read() {
    sweep_.source = problems_.source();
    read_name();
    read_base();
    KnobCheck knobs(templates_in_use(), problems_);
    knobs_ = &knobs;
    check_base();
    sweep_.axes = read_axes(reader_, knobs);
    read_derive();
    read_when();
    read_where();
    read_seeds();
    read_reference();
    sweep_.stages = read_stages(reader_, near_);
    read_recipe_of(reader_, near_, sweep_);
    read_data();
    reader_.finish();
    return std::move(sweep_);
  }

 private:
  void read_name() {
    if (!reader_.required("sweep", sweep_.name)) return;
    try {
      check_label(sweep_.name, "the name of a sweep");
    } catch (const UserError& error) {
      reader_.fail("sweep", error.what());
    }
  }

  void read_base() {
    const ConfigNode* base = reader_.node("base");
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
  void add_model(const ConfigNode& node, const std::string& path) {
    if (!node.is_scalar() || sweep_.models.contains(node.scalar)) return;
    try {
      const fs::path beside = find_named_path(node.scalar, near_);
      const bool is_preset = embedded_file("configs/models/" + node.scalar + ".yaml").has_value();
      sweep_.models[node.scalar] =
          resolve_model(is_preset || beside.empty() ? node.scalar : beside.string());
    } catch (const UserError& error) {
      problems_.add(node.place, path + ": " + error.what());
    }
  }

  /// The nodes of all values that a knob takes in base and on grid and zip axes, and in samples.
  void each_value(std::string_view knob,
                  const std::function<void(const ConfigNode&, const std::string&)>& visit) const {
    const auto in_map = [&](const ConfigNode* map, const std::string& path) {
      const ConfigNode* found = map && map->is_map() ? map->find(knob) : nullptr;
      if (!found) return;
      const std::string inner = path + "." + std::string(knob);
      if (found->is_scalar()) return visit(*found, inner);
      for (const ConfigNode& item : found->items) visit(item, inner);
    };
    in_map(reader_.self().find("base"), "base");
    const ConfigNode* axes = reader_.self().find("axes");
    if (!axes || !axes->is_sequence()) return;
    for (const ConfigNode& axis : axes->items)
      for (const ConfigNode& entry : axis.items)
        in_map(entry.key == "sample" ? entry.find("of") : &entry, "axes." + entry.key);
  }

  std::vector<std::string> templates_in_use() {
    std::set<std::string> found;
    each_value(kModelKnob,
               [&](const ConfigNode& node, const std::string& path) { add_model(node, path); });
    each_value("template", [&](const ConfigNode& node, const std::string&) {
      if (find_template(node.scalar)) found.insert(node.scalar);
    });
    for (const auto& [name, model] : sweep_.models)
      if (model.knobs.contains("template"))
        found.insert(model.knobs["template"].get<std::string>());
    return {found.begin(), found.end()};
  }

  void check_base() {
    const ConfigNode* base = reader_.self().find("base");
    bool has_template = false;
    for (const char* knob : {"template", "model"})
      each_value(knob, [&](const ConfigNode&, const std::string&) { has_template = true; });
    if (!has_template && !(base && base->is_scalar()))
      reader_.fail("base", "must name a template, as in {template: efficientvit}, or a preset");
    if (!base || !base->is_map()) return;
    for (const ConfigNode& entry : base->items) {
      knobs_->name(entry.key, entry.key_place, "base." + entry.key);
      knobs_->value(entry.key, entry, "base." + entry.key);
    }
  }

  PlacedExpression read_expression(const ConfigNode& node, const std::string& path,
                                   bool may_use_metrics) {
    PlacedExpression placed;
    placed.place = node.place;
    placed.place.column += node.quoted ? 1 : 0;
    if (!node.is_scalar()) {
      problems_.add(node.place, path + " must be an expression, got " + describe(node));
      return placed;
    }
    placed.text = node.scalar;
    const auto fail = [&](std::size_t offset, const std::string& message) {
      problems_.add({placed.place.line, placed.place.column + static_cast<int>(offset)},
                    path + ": " + message);
    };
    try {
      placed.expression = Expression::parse(node.scalar);
    } catch (const ExpressionError& error) {
      fail(error.offset(), error.what());
    }
    std::vector<std::string> known = knobs_->names();
    known.emplace_back(kBudgetName);
    const auto& metrics = expression_metrics();
    if (may_use_metrics) known.insert(known.end(), metrics.begin(), metrics.end());
    for (const Expression::Name& use : placed.expression.names()) {
      if (std::find(known.begin(), known.end(), use.name) != known.end()) continue;
      const bool is_metric = std::find(metrics.begin(), metrics.end(), use.name) != metrics.end();
      const std::string hint = did_you_mean(use.name, known);
      fail(use.offset,
           is_metric ? use.name + " is known only after the widths are; `where` may use it"
                     : use.name + " is neither a knob nor a metric" +
                           (hint.empty() ? "; a text needs quotes: '" + use.name + "'" : hint));
    }
    return placed;
  }

  bool is_on_axis(const std::string& knob) const {
    for (const SweepAxis& axis : sweep_.axes)
      if (std::find(axis.knobs.begin(), axis.knobs.end(), knob) != axis.knobs.end()) return true;
    return false;
  }

  void read_derive() {
    const ConfigNode* derive = reader_.node("derive");
    if (!derive || derive->is_null()) return;
    if (!derive->is_map()) return reader_.fail("derive", "must map knobs to expressions");
    for (const ConfigNode& entry : derive->items) {
      const std::string path = "derive." + entry.key;
      if (is_on_axis(entry.key))
        problems_.add(entry.key_place, path + " is on an axis already; remove one of the two");
      if (entry.is_map()) {
        read_solve(entry, path);
        continue;
      }
      knobs_->name(entry.key, entry.key_place, path);
      sweep_.derive.push_back({entry.key, read_expression(entry, path, false)});
    }
    sort_derivations(derive->key_place);
  }

  /// Puts each derivation behind those that it reads; a circle is a problem.
  void sort_derivations(Place place) {
    std::vector<Derivation> sorted, waiting = std::move(sweep_.derive);
    const auto reads_waiting = [&](const Derivation& one) {
      for (const Expression::Name& use : one.value.expression.names())
        for (const Derivation& other : waiting)
          if (other.knob == use.name) return true;
      return false;
    };
    while (!waiting.empty()) {
      const auto ready = std::find_if_not(waiting.begin(), waiting.end(), reads_waiting);
      if (ready == waiting.end()) {
        std::string names;
        for (const Derivation& one : waiting) names += (names.empty() ? "" : ", ") + one.knob;
        problems_.add(place, "derive goes in a circle: " + names);
        break;
      }
      sorted.push_back(std::move(*ready));
      waiting.erase(ready);
    }
    sweep_.derive = std::move(sorted);
  }

  void read_solve(const ConfigNode& node, const std::string& path) {
    ConfigReader outer(node, problems_, path);
    if (node.key != "widths" && node.key != "width")
      outer.fail_here("cannot be solved; widths can");
    else if (sweep_.solve)
      outer.fail_here("is solved a second time");
    auto reader = outer.child("solve");
    if (!reader && !outer.has("solve")) outer.fail("solve", "is missing");
    outer.finish();
    if (!reader) return;
    WidthSolve solve;
    std::size_t metric = 0;
    if (reader->choice("metric", cost_metric_names(), metric))
      solve.metric = cost_metric_names()[metric];
    const ConfigNode* equals = reader->node("equals");
    solve.is_axis = equals && equals->is_sequence();
    if (!equals) reader->fail("equals", "is missing: the budget, or a list of budgets");
    reader->one_or_many("equals", solve.budgets);
    reader->optional("tolerance", solve.tolerance);
    reader->optional("multiple_of", solve.multiple_of);
    reader->finish();
    for (const double budget : solve.budgets)
      if (!(budget > 0)) reader->fail("equals", "must be positive");
    if (equals && equals->is_sequence() && equals->items.empty())
      reader->fail("equals", "must hold at least one budget");
    if (solve.tolerance < 0 || solve.tolerance > 1)
      reader->fail("tolerance", "must lie in 0..1, a share of the budget");
    if (solve.multiple_of < 1 || solve.multiple_of > 4096)
      reader->fail("multiple_of", "must lie in 1..4096");
    sweep_.solve = std::move(solve);
  }

  Json read_set(const ConfigNode* node, const std::string& path) {
    if (!node || !node->is_map()) return Json::object();
    for (const ConfigNode& entry : node->items) {
      knobs_->name(entry.key, entry.key_place, path + "." + entry.key);
      knobs_->value(entry.key, entry, path + "." + entry.key);
    }
    return value_of(*node);
  }

  void read_when() {
    const ConfigNode* list = reader_.node("when");
    if (!list || list->is_null()) return;
    if (!list->is_sequence()) return reader_.fail("when", "must be a list of {if: …, set: {…}}");
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const std::string path = "when[" + std::to_string(i) + "]";
      ConfigReader reader(list->items[i], problems_, path);
      Conditional conditional;
      if (const ConfigNode* condition = reader.node("if"))
        conditional.condition = read_expression(*condition, path + ".if", false);
      else if (list->items[i].is_map())
        reader.fail("if", "is missing");
      const ConfigNode* set = reader.node("set");
      if (list->items[i].is_map() && (!set || !set->is_map()))
        reader.fail("set", "must be a map of knobs");
      conditional.set = read_set(set, path + ".set");
      reader.finish();
      sweep_.when.push_back(std::move(conditional));
    }
  }

  void read_where() {
    const ConfigNode* list = reader_.node("where");
    if (!list || list->is_null()) return;
    if (list->is_scalar()) {
      sweep_.where.push_back(read_expression(*list, "where", true));
      return;
    }
    if (!list->is_sequence()) return reader_.fail("where", "must be a list of conditions");
    for (std::size_t i = 0; i < list->items.size(); ++i)
      sweep_.where.push_back(
          read_expression(list->items[i], "where[" + std::to_string(i) + "]", true));
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
    const ConfigNode* node = reader_.node("reference");
    if (!node || node->is_null()) return;
    if (!node->is_map()) return reader_.fail("reference", "must map knobs to values");
    for (const ConfigNode& entry : node->items)
      if (entry.key != kBudgetName)
        knobs_->name(entry.key, entry.key_place, "reference." + entry.key);
    sweep_.reference = value_of(*node);
    sweep_.reference_place = node->key_place;
  }

  void read_data() {
    std::string text;
    if (reader_.optional("data", text)) {
      try {
        sweep_.data = canonical_text(parse_data_spec(text));
      } catch (const UserError& error) {
        reader_.fail("data", std::string(": ") + error.what());
      }
      return;
    }
    if (reader_.has("data")) return;
    for (const StageRequest& stage : sweep_.stages)
      if (stage_kind(stage.kind).needs_data)
        return reader_.fail("data", "is missing; stage " + stage.kind + " needs it");
  }

  ConfigReader reader_;
  Problems& problems_;
  fs::path near_;
  SweepSpec sweep_;
  KnobCheck* knobs_ = nullptr;
};

}  // namespace

const std::vector<StageKind>& stage_kinds() {
  static const std::vector<StageKind> rows{
      {"cost", 1, false, false},   {"train", 1, false, true}, {"similarity", 1, false, true},
      {"measure", 1, true, false}, {"prune", 1, false, true},
  };
  return rows;
}

const StageKind& stage_kind(std::string_view name) {
  for (const StageKind& row : stage_kinds())
    if (row.name == name) return row;
  throw std::logic_error("a stage's name was checked when it was read");
}

const std::vector<std::string>& expression_metrics() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = cost_metric_names();
    all.emplace_back("mhsa_share");
    return all;
  }();
  return names;
}

SweepSpec read_sweep(const ConfigNode& root, Problems& problems, const fs::path& near) {
  if (!root.is_map()) {
    problems.add(root.place, "a sweep is a map with `sweep: NAME`, base, axes, stages, …");
    return {};
  }
  return SweepReader(root, problems, near).read();
}

SweepSpec parse_sweep(const std::string& source, const std::string& text, const fs::path& near) {
  ConfigDocument document = parse_document(source, text);
  SweepSpec sweep = read_sweep(document.root, document.problems, near);
  document.problems.throw_if_any();
  sweep.text = text;
  return sweep;
}

SweepSpec load_sweep(const fs::path& path) {
  const std::string text = read_text_file(path, ConfigLimits{}.bytes);
  const fs::path folder = path.parent_path();
  return parse_sweep(path.string(), text, folder.empty() ? fs::path(".") : folder);
}

}  // namespace vitlab
