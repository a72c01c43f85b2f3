#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "data/dataset.h"
#include "sweep/knob_check.h"
#include "sweep/plan.h"
#include "sweep/point.h"
#include "sweep/spec_text.h"

namespace vitlab::sweep {

namespace {

constexpr double kMostPoints = 1e6;

std::string on_one_line(std::string words) {
  std::replace(words.begin(), words.end(), '\n', ';');
  return words;
}

/// The least number of classes that a head of the model tells apart.
graph::Index classes_of(const architecture::ModelSpec& spec) {
  graph::Index least = std::numeric_limits<graph::Index>::max();
  for (const layers::Layer& head : spec.heads)
    least = std::min(least, layers::class_count(head).value_or(least));
  return least;
}

class Expander {
 public:
  Expander(const SweepSpec& sweep, const SolveLock& lock)
      : sweep_(sweep), problems_(sweep.source, sweep.text), builder_(sweep, lock, problems_) {}

  Plan run() {
    plan_.name = sweep_.name;
    plan_.recipe_name = sweep_.recipe_name;
    plan_.recipe = sweep_.recipe;
    check_size();
    open_data();
    list_varying();
    std::vector<std::size_t> at(builder_.axes().size(), 0);
    do {
      core::check_interrupt();
      ++plan_.points;
      take(at);
    } while (advance(at));
    find_reference();
    return std::move(plan_);
  }

 private:
  void check_size() const {
    double points = 1;
    for (const SweepAxis& axis : builder_.axes()) points *= static_cast<double>(axis.points.size());
    if (points <= kMostPoints) return;
    throw core::UserError(
        fmt::format("{}: the axes span {} points, over the limit of {}; narrow them or "
                    "draw a sample",
                    sweep_.source, core::significant(points, 3), core::shortest(kMostPoints)));
  }

  void open_data() {
    if (sweep_.data.empty()) return;
    const auto dataset = data::open_dataset(data::parse_data_spec(sweep_.data),
                                            {.on_broken = data::skipping(sweep_.skip_broken)});
    plan_.data = sweep_.data;
    plan_.skip_broken = sweep_.skip_broken;
    plan_.data_fingerprint = dataset->fingerprint();
    classes_ = dataset->classes();
  }

  void list_varying() {
    for (const SweepAxis& axis : sweep_.axes)
      for (std::size_t k = 0; k < axis.knobs.size(); ++k) {
        const auto differs = [&](const std::vector<core::Json>& point) {
          return point[k] != axis.points.front()[k];
        };
        if (std::any_of(axis.points.begin(), axis.points.end(), differs))
          plan_.knobs.push_back(axis.knobs[k]);
      }
  }

  /// The last axis turns fastest.
  bool advance(std::vector<std::size_t>& at) const {
    for (std::size_t i = at.size(); i-- > 0;) {
      if (++at[i] < builder_.axes()[i].points.size()) return true;
      at[i] = 0;
    }
    return false;
  }

  void take(const std::vector<std::size_t>& at) {
    Point point;
    try {
      builder_.lay_knobs(at, point);
      builder_.build(point);
      check_classes(point.spec);
      accept(point);
      if (point.imprecise)
        plan_.imprecise.push_back(
            {point.given, point.solution.achieved, point.imprecise->low, point.imprecise->high});
      return;
    } catch (StillUnsolved& open) {
      plan_.unsolved.push_back({point.given, std::move(open.key), std::move(open.target)});
      return;
    } catch (const Refusal& refusal) {
      plan_.rejected.push_back({point.given, refusal.reason});
    } catch (const core::UserError& error) {
      if (!problems_.empty()) throw;  // the sweep is wrong, not this point of it
      plan_.rejected.push_back({point.given, on_one_line(error.what())});
    }
    if (is_reference(point)) rejected_reference_ = plan_.rejected.back().reason;
  }

  void check_classes(const architecture::ModelSpec& spec) const {
    if (classes_ == 0) return;
    const graph::Index classes = classes_of(spec);
    if (classes < classes_)
      throw Refusal{fmt::format("the model has {} classes, the data {}; set classes: {}", classes,
                                classes_, classes_)};
  }

  void accept(Point& point) {
    PlannedModel model;
    model.spec_text = texts_.write(point.spec);
    model.id = core::identity(model.spec_text);
    if (is_reference(point)) references_.insert(model.id);
    if (plan_.models.contains(model.id)) {
      ++plan_.merged;
      return;
    }
    name_model(point, model);
    model.params = point.cost->parameters;
    model.macs = point.cost->macs;
    model.mhsa_share = point.share;
    if (sweep_.solve) {
      model.budget_metric = sweep_.solve->metric_name();
      model.budget = point.budget;
      model.residual = point.solution.residual;
    }
    model.knobs = std::move(point.knobs);
    add_trials(plan_, sweep_, model);
    plan_.models.emplace(model.id, std::move(model));
  }

  /// Sets the point and the name of a model: the knobs that vary, as `when` and `derive` left them.
  void name_model(const Point& point, PlannedModel& model) const {
    const auto add_word = [&](const std::string& key, const std::string& value) {
      model.name += (model.name.empty() ? "" : " ") + key + "=" + value;
    };
    for (const std::string& knob : plan_.knobs) {
      const auto set = point.knobs.find(knob);
      const core::Json& value = set != point.knobs.end() ? *set : point.given.at(knob);
      model.point[knob] = value;
      add_word(knob, shown_value(value));
    }
    if (sweep_.solve && sweep_.solve->is_axis)
      add_word(sweep_.solve->metric_name(), core::shortest(*point.budget));
    if (model.name.empty()) model.name = point.model ? point.model->name : sweep_.name;
  }

  bool is_reference(const Point& point) const {
    if (!sweep_.reference) return false;
    const auto matches = [&](const std::string& knob, const core::Json& value) {
      try {
        return plain_numbers(builder_.look_up(knob, point)) == value;
      } catch (const ExpressionError&) {
        return false;
      }
    };
    for (const auto& [knob, value] : sweep_.reference->items())
      if (!matches(knob, value)) return false;
    return true;
  }

  void find_reference() {
    if (!sweep_.reference || plan_.models.empty()) return;
    if (!plan_.unsolved.empty() && references_.empty()) return;  // it may be among those
    if (references_.size() == 1) {
      plan_.reference = *references_.begin();
      return;
    }
    std::string message = fmt::format("reference matches {} models; name knobs until one is left",
                                      references_.size());
    if (references_.empty())
      message = rejected_reference_.empty()
                    ? "reference matches no point of the sweep"
                    : "reference is a point that is rejected: " + rejected_reference_;
    problems_.add(sweep_.reference_place, message);
    problems_.throw_if_any();
  }

  const SweepSpec& sweep_;
  core::Problems problems_;
  PointBuilder builder_;
  SpecText texts_;
  Plan plan_;
  graph::Index classes_ = 0;  // of the data set; 0 without one
  std::set<std::string> references_;
  std::string rejected_reference_;
};

}  // namespace

Plan expand(const SweepSpec& sweep, const SolveLock& lock) { return Expander(sweep, lock).run(); }

}  // namespace vitlab::sweep
