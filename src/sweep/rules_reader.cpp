#include "sweep/rules_reader.h"

#include <algorithm>

#include "architecture/solve.h"
#include "core/embedded.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/named_config.h"
#include "sweep/solve_lock.h"

namespace vitlab::sweep {

namespace {

class RulesReader {
 public:
  RulesReader(core::ConfigReader& sweep, KnobCheck& knobs, SweepSpec& spec,
              const std::filesystem::path& near)
      : reader_(sweep), problems_(sweep.problems()), knobs_(knobs), spec_(spec), near_(near) {}

  void read() {
    read_derive();
    read_when();
    read_where();
  }

 private:
  PlacedExpression read_expression(const core::ConfigNode& node, const std::string& path,
                                   bool may_use_metrics) {
    PlacedExpression placed;
    placed.place = node.place;
    placed.place.column += node.quoted ? 1 : 0;
    if (!node.is_scalar()) {
      problems_.add(node.place, path + " must be an expression, got " + core::describe(node));
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
    std::vector<std::string> known = knobs_.names();
    known.emplace_back(kBudgetName);
    const auto& metrics = expression_metrics();
    if (may_use_metrics) known.insert(known.end(), metrics.begin(), metrics.end());
    for (const Expression::Name& use : placed.expression.names()) {
      if (std::find(known.begin(), known.end(), use.name) != known.end()) continue;
      const bool is_metric = std::find(metrics.begin(), metrics.end(), use.name) != metrics.end();
      const std::string hint = core::did_you_mean(use.name, known);
      fail(use.offset,
           is_metric ? use.name + " is known only after the widths are; `where` may use it"
                     : use.name + " is neither a knob nor a metric" +
                           (hint.empty() ? "; a text needs quotes: '" + use.name + "'" : hint));
    }
    return placed;
  }

  bool is_on_axis(const std::string& knob) const {
    for (const SweepAxis& axis : spec_.axes)
      if (std::find(axis.knobs.begin(), axis.knobs.end(), knob) != axis.knobs.end()) return true;
    return false;
  }

  void read_derive() {
    const core::ConfigNode* derive = reader_.node("derive");
    if (!derive || derive->is_null()) return;
    if (!derive->is_map()) return reader_.fail("derive", "must map knobs to expressions");
    for (const core::ConfigNode& entry : derive->items) {
      const std::string path = "derive." + entry.key;
      if (is_on_axis(entry.key))
        problems_.add(entry.key_place, path + " is on an axis already; remove one of the two");
      if (entry.is_map()) {
        read_solve(entry, path);
        continue;
      }
      knobs_.name(entry.key, entry.key_place, path);
      spec_.derive.push_back({entry.key, read_expression(entry, path, false)});
    }
    sort_derivations(derive->key_place);
  }

  /// Puts each derivation behind those that it reads; a circle is a problem.
  void sort_derivations(core::Place place) {
    std::vector<Derivation> sorted, waiting = std::move(spec_.derive);
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
    spec_.derive = std::move(sorted);
  }

  void read_solve(const core::ConfigNode& node, const std::string& path) {
    core::ConfigReader outer(node, problems_, path);
    if (node.key != "widths" && node.key != "width")
      outer.fail_here("cannot be solved; widths can");
    else if (spec_.solve)
      outer.fail_here("is solved a second time");
    auto reader = outer.child("solve");
    if (!reader && !outer.has("solve")) outer.fail("solve", "is missing");
    outer.finish();
    if (!reader) return;
    WidthSolve solve;
    std::size_t metric = 0;
    std::vector<std::string> metrics = architecture::cost_metric_names();
    metrics.insert(metrics.end(), speed_metric_names().begin(), speed_metric_names().end());
    if (reader->choice("metric", metrics, metric)) solve.metric = metrics[metric];
    read_measuring(*reader, metric >= architecture::cost_metric_names().size(), solve);
    const core::ConfigNode* equals = reader->node("equals");
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
    spec_.solve = std::move(solve);
  }

  /// What only a measured metric takes: a protocol, and the model that it is relative to.
  void read_measuring(core::ConfigReader& reader, bool is_measured, WidthSolve& solve) {
    std::string protocol = "configs/measure/quick.yaml", model;
    const bool has_protocol = reader.optional("protocol", protocol);
    const bool has_model = reader.optional("relative_to", model);
    if (!is_measured) {
      if (has_protocol) reader.fail("protocol", "is for throughput and latency_ms only");
      if (has_model) reader.fail("relative_to", "is for throughput and latency_ms only");
      return;
    }
    solve.tolerance = 0.03;
    const auto guarded = [&](const char* key, const auto& read) {
      try {
        read();
      } catch (const core::UserError& error) {
        reader.fail(key, error.what());
      }
    };
    solve.protocol = Protocol{};
    guarded("protocol", [&] { solve.protocol = load_protocol(protocol, near_); });
    if (!has_model) return;
    guarded("relative_to", [&] {
      const std::filesystem::path beside = find_named_path(model, near_);
      const bool is_preset = core::embedded_file("configs/models/" + model + ".yaml").has_value();
      solve.relative_to =
          architecture::resolve_model(is_preset || beside.empty() ? model : beside.string());
    });
  }

  core::Json read_set(const core::ConfigNode* node, const std::string& path) {
    if (!node || !node->is_map()) return core::Json::object();
    for (const core::ConfigNode& entry : node->items) {
      knobs_.name(entry.key, entry.key_place, path + "." + entry.key);
      knobs_.value(entry.key, entry, path + "." + entry.key);
    }
    return value_of(*node);
  }

  void read_when() {
    const core::ConfigNode* list = reader_.node("when");
    if (!list || list->is_null()) return;
    if (!list->is_sequence()) return reader_.fail("when", "must be a list of {if: …, set: {…}}");
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const std::string path = "when[" + std::to_string(i) + "]";
      core::ConfigReader reader(list->items[i], problems_, path);
      Conditional conditional;
      if (const core::ConfigNode* condition = reader.node("if"))
        conditional.condition = read_expression(*condition, path + ".if", false);
      else if (list->items[i].is_map())
        reader.fail("if", "is missing");
      const core::ConfigNode* set = reader.node("set");
      if (list->items[i].is_map() && (!set || !set->is_map()))
        reader.fail("set", "must be a map of knobs");
      conditional.set = read_set(set, path + ".set");
      reader.finish();
      spec_.when.push_back(std::move(conditional));
    }
  }

  void read_where() {
    const core::ConfigNode* list = reader_.node("where");
    if (!list || list->is_null()) return;
    if (list->is_scalar()) {
      spec_.where.push_back(read_expression(*list, "where", true));
      return;
    }
    if (!list->is_sequence()) return reader_.fail("where", "must be a list of conditions");
    for (std::size_t i = 0; i < list->items.size(); ++i)
      spec_.where.push_back(
          read_expression(list->items[i], "where[" + std::to_string(i) + "]", true));
  }

  core::ConfigReader& reader_;
  core::Problems& problems_;
  KnobCheck& knobs_;
  SweepSpec& spec_;
  const std::filesystem::path& near_;
};

}  // namespace

void read_rules(core::ConfigReader& sweep, KnobCheck& knobs, SweepSpec& spec,
                const std::filesystem::path& near) {
  RulesReader(sweep, knobs, spec, near).read();
}

}  // namespace vitlab::sweep
