#include "design/family.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "core/error.h"
#include "core/text.h"
#include "design/design_space.h"

namespace vitlab::design {
namespace {

constexpr std::size_t kMostCombinations = 1000000;
constexpr std::size_t kKeptCombinations = 32;  // of those that break the same guidelines

/// Levels of the swept knobs, and which rules they break.
struct Combination {
  std::vector<std::size_t> levels;
  std::vector<bool> broken;
};

/// The best model of one combination within a budget.
struct Choice {
  const Combination* combination = nullptr;
  std::vector<graph::Index> widths;
  graph::Cost cost;
  Prediction prediction;
  double use = 0;
};

bool is_better(const Choice& a, const Choice& b) {
  const auto key = [](const Choice& choice) {
    return std::tuple(-choice.prediction.value, -choice.use, choice.cost.parameters,
                      std::cref(choice.combination->levels), std::cref(choice.widths));
  };
  const auto [value_a, use_a, size_a, levels_a, widths_a] = key(a);
  const auto [value_b, use_b, size_b, levels_b, widths_b] = key(b);
  if (value_a != value_b) return value_a < value_b;
  if (use_a != use_b) return use_a < use_b;
  if (size_a != size_b) return size_a < size_b;
  if (levels_a.get() != levels_b.get()) return levels_a.get() < levels_b.get();
  return widths_a.get() < widths_b.get();
}

class FamilySearch {
 public:
  FamilySearch(const store::ResultsTable& table, const std::vector<guide::Guideline>& guidelines,
               const DesignRequest& request)
      : table_(table),
        request_(request),
        knobs_(swept_knobs(table, architecture::template_name(request.base), foreign_)),
        rules_(design_rules(guidelines, knobs_, family_.notes)),
        surrogate_(table, knobs_, family_.notes) {
    for (const std::string& name : foreign_)
      family_.notes.push_back("the template has no knob '" + name +
                              "': what the table says of it "
                              "is left out");
    make_combinations();
  }

  Family run() {
    family_.template_name = architecture::template_name(request_.base);
    family_.base = request_.base;
    family_.multiple_of = request_.multiple_of;
    family_.budgets = ordered_budgets(request_.budgets);
    if (family_.budgets.empty())
      throw core::UserError("budgets: none given; write macs=80e6,200e6");
    for (const CostBudget& budget : family_.budgets) {
      note_extrapolation(budget);
      solve(budget);
    }
    return std::move(family_);
  }

 private:
  void make_combinations() {
    std::size_t count = 1;
    for (const SweptKnob& knob : knobs_) {
      count *= knob.cells.size();
      if (count > kMostCombinations)
        throw core::UserError("the swept knobs have more than " +
                              core::with_thousands(static_cast<std::int64_t>(kMostCombinations)) +
                              " combinations of levels; design from a table with fewer");
    }
    std::vector<Combination> all;
    for (std::size_t index = 0; index < count; ++index) {
      Combination combination;
      std::size_t rest = index;
      for (const SweptKnob& knob : knobs_) {
        combination.levels.push_back(rest % knob.cells.size());
        rest /= knob.cells.size();
      }
      for (const DesignRule& rule : rules_)
        combination.broken.push_back(rule.is_broken(knobs_, combination.levels));
      all.push_back(std::move(combination));
    }
    keep_promising(std::move(all));
  }

  /// Of combinations that break the same rules, the best by the levels' part of the prediction.
  void keep_promising(std::vector<Combination> all) {
    graph::Cost nominal;
    nominal.macs = nominal.parameters = 1000000;
    std::map<std::vector<bool>, std::vector<std::pair<double, std::size_t>>> groups;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double score = surrogate_.predict(all[i].levels, nominal, "macs").value;
      groups[all[i].broken].emplace_back(-score, i);
    }
    for (auto& [broken, members] : groups) {
      std::sort(members.begin(), members.end());
      if (members.size() > kKeptCombinations) {
        family_.notes.push_back(
            "of " + std::to_string(members.size()) + " combinations of levels only the " +
            std::to_string(kKeptCombinations) +
            (surrogate_.is_fitted() ? " best predicted" : " first") + " were searched");
        members.resize(kKeptCombinations);
      }
      for (const auto& [score, index] : members) combinations_.push_back(std::move(all[index]));
    }
  }

  core::Json knobs_of(const Combination& combination) const {
    core::Json knobs = request_.base;
    for (std::size_t k = 0; k < knobs_.size(); ++k)
      knobs[knobs_[k].name] = knobs_[k].values[combination.levels[k]];
    return knobs;
  }

  /// Fills choices_, counts_ and problems_ for one budget.
  void search(const CostBudget& budget) {
    choices_.clear();
    problem_.clear();
    counts_ = 0;
    const double more_than = dearest_[budget.metric];
    for (const Combination& combination : combinations_) {
      const WidthPoints found =
          widths_within(knobs_of(combination), budget, more_than, request_.multiple_of, counter_);
      const bool is_allowed = !breaks_but(combination, rules_.size());
      if (found.points.empty() && (problem_.empty() || is_allowed)) problem_ = found.problem;
      if (is_allowed) counts_ += static_cast<std::int64_t>(found.points.size());
      std::optional<Choice> best;
      for (const WidthPoint& point : found.points) {
        Choice choice{&combination, point.widths, point.cost,
                      surrogate_.predict(combination.levels, point.cost, budget.metric),
                      architecture::cost_metric(point.cost, budget.metric)};
        if (!best || is_better(choice, *best)) best = std::move(choice);
      }
      if (best) choices_.push_back(std::move(*best));
    }
  }

  /// Whether a combination breaks a rule other than `dropped`.
  static bool breaks_but(const Combination& combination, std::size_t dropped) {
    for (std::size_t r = 0; r < combination.broken.size(); ++r)
      if (r != dropped && combination.broken[r]) return true;
    return false;
  }

  /// The best choice when rule `dropped` does not count; null if there is none.
  const Choice* best_without(std::size_t dropped) const {
    const Choice* best = nullptr;
    for (const Choice& choice : choices_)
      if (!breaks_but(*choice.combination, dropped) && (!best || is_better(choice, *best)))
        best = &choice;
    return best;
  }

  const Choice* best_of_all() const {
    const auto best = std::min_element(choices_.begin(), choices_.end(), is_better);
    return best == choices_.end() ? nullptr : &*best;
  }

  void solve(const CostBudget& budget) {
    search(budget);
    const Choice* chosen = best_without(rules_.size());
    if (chosen == nullptr) {
      UnsolvedBudget unsolved{budget, problem_, ""};
      for (std::size_t r = 0; r < rules_.size() && unsolved.binding.empty(); ++r)
        if (best_without(r) != nullptr) unsolved.binding = rules_[r].id;
      if (!unsolved.binding.empty()) unsolved.reason += "; one guideline forbids those that fit";
      family_.unsolved.push_back(unsolved);
      return;
    }
    dearest_[budget.metric] = chosen->use;
    family_.variants.push_back(variant_of(*chosen, budget));
  }

  architecture::ModelSpec spec_of(const Choice& choice, core::Json& knobs) const {
    architecture::BudgetSolution solution;
    solution.widths = choice.widths;
    knobs = architecture::with_widths(knobs_of(*choice.combination), solution);
    return architecture::expand_knobs(knobs, "design");
  }

  Variant variant_of(const Choice& chosen, const CostBudget& budget) const {
    Variant variant;
    variant.name = "M" + std::to_string(family_.variants.size());
    variant.budget = budget;
    variant.spec = spec_of(chosen, variant.knobs);
    variant.id = architecture::model_id(variant.spec);
    variant.cost = chosen.cost;
    variant.predicted = chosen.prediction;
    variant.candidates = counts_;
    variant.regret = best_of_all()->prediction.value - chosen.prediction.value;
    for (const store::ResultRow& row : table_.rows)
      if (row.model == variant.id && (row.metric == "throughput" || row.metric == "latency"))
        variant.measured.push_back(row);
    double most = -1;
    for (std::size_t r = 0; r < rules_.size(); ++r) {
      const Choice& other = *best_without(r);
      core::Json knobs;
      WithoutGuideline without{rules_[r].id, architecture::model_id(spec_of(other, knobs)), false,
                               other.prediction.value - chosen.prediction.value};
      without.is_changed = without.id != variant.id;
      if (without.is_changed && without.gain > most) {
        most = without.gain;
        variant.binding_guideline = without.guideline;
      }
      variant.without.push_back(std::move(without));
    }
    return variant;
  }

  void note_extrapolation(const CostBudget& budget) {
    double low = std::numeric_limits<double>::max();
    double high = 0;
    for (const store::ResultRow& row : table_.rows) {
      if (row.metric != budget.metric || !row.subject.empty()) continue;
      low = std::min(low, row.value);
      high = std::max(high, row.value);
    }
    if (high == 0 || (budget.limit >= kLeastUse * low && budget.limit <= high / kLeastUse)) return;
    family_.notes.push_back(budget_text(budget) + " lies outside what the table covers (" +
                            core::shortest(low) + " to " + core::shortest(high) +
                            "): guidelines and predictions are extrapolated");
  }

  const store::ResultsTable& table_;
  const DesignRequest& request_;
  Family family_;
  std::vector<std::string> foreign_;
  std::vector<SweptKnob> knobs_;
  std::vector<DesignRule> rules_;
  Surrogate surrogate_;
  architecture::CostCounter counter_;
  std::vector<Combination> combinations_;
  std::map<std::string, double> dearest_;  // metric -> cost of the variant before
  std::vector<Choice> choices_;
  std::string problem_;
  std::int64_t counts_ = 0;
};

}  // namespace

Family design_family(const store::ResultsTable& table,
                     const std::vector<guide::Guideline>& guidelines,
                     const DesignRequest& request) {
  architecture::width_knob(request.base);  // throws for what is no template with widths
  for (const CostBudget& budget : request.budgets)
    architecture::cost_metric({}, budget.metric);  // or throws
  if (request.multiple_of < 1) throw core::UserError("multiple_of must be at least 1");
  return FamilySearch(table, guidelines, request).run();
}

}  // namespace vitlab::design
