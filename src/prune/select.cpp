#include "prune/select.h"

#include <algorithm>
#include <map>

#include "architecture/solve.h"
#include "core/error.h"
#include "core/text.h"
#include "prune/prune_groups.h"

namespace vitlab::prune {

namespace {

class Selector {
 public:
  Selector(const architecture::ModelSpec& spec, const graph::Graph& graph, const Scores& scores,
           const std::vector<CutTarget>& targets, const sweep::PruneSettings& settings,
           CutCounter& counter)
      : spec_(spec),
        graph_(graph),
        scores_(scores),
        targets_(targets),
        settings_(settings),
        counter_(counter),
        cut_(graph) {}

  Selection run(const Candidates& candidates) {
    groups_ = prune_groups(graph_, candidates, scores_, settings_);
    CutCost cost = counter_.count(spec_);
    for (PruneGroup& group : groups_) update_savings(group, cost);
    while (!holds(cost)) {
      PruneGroup* next = next_group(cost);
      if (!next) {
        // What a lump saves of a peak hangs on all the other layers: look again before giving up.
        for (PruneGroup& group : groups_) update_savings(group, cost);
        next = next_group(cost);
      }
      if (!next) next = least_important();
      if (!next) refuse(cost);
      next->removed += next->lump;
      apply(*next);
      cost = counted();
      for (PruneGroup& group : groups_)
        if (!next->layer.valid() || group.layer == next->layer) update_savings(group, cost);
    }
    return {cut_, cost};
  }

 private:
  CutCost counted() { return counter_.count(cut_spec(spec_, graph_, cut_)); }

  /// An axis goes with the head that owns it.
  bool is_alive(graph::AxisId a) const {
    const graph::Axis& axis = graph_.axes[a];
    if (!axis.owner.valid()) return true;
    const auto& heads = cut_.kept[axis.owner];
    return !heads || std::binary_search(heads->begin(), heads->end(), axis.owner_unit);
  }

  bool is_open(const PruneGroup& group) const {
    if (group.removed + group.lump > group.most) return false;
    if (group.layer.valid() && cut_.left_out[group.layer]) return false;
    return group.drops_layer || std::any_of(group.axes.begin(), group.axes.end(),
                                            [&](graph::AxisId a) { return is_alive(a); });
  }

  void apply(const PruneGroup& group) {
    if (group.drops_layer) cut_.left_out[group.layer] = group.removed > 0;
    for (std::size_t i = 0; i < group.axes.size(); ++i) {
      auto& kept = cut_.kept[group.axes[i]];
      kept.reset();
      if (group.removed == 0) continue;
      kept.emplace(group.order[i].begin() + group.removed, group.order[i].end());
      std::sort(kept->begin(), kept->end());
    }
  }

  /// What the next lump of the group would save, counted exactly on the model as it stands.
  void update_savings(PruneGroup& group, const CutCost& now) {
    group.savings.assign(targets_.size(), 0.0);
    group.cost_saving = 0;
    if (!is_open(group)) return;
    group.removed += group.lump;
    apply(group);
    const CutCost after = counted();
    group.removed -= group.lump;
    apply(group);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const std::string& metric = targets_[i].metric;
      group.savings[i] = (now.of(metric) - after.of(metric)) / targets_[i].at_most;
    }
    if (!settings_.cost.empty())
      group.cost_saving =
          (now.of(settings_.cost) - after.of(settings_.cost)) / now.of(settings_.cost);
  }

  double next_score(const PruneGroup& group) const {
    if (group.drops_layer) return scores_.layers[group.layer];
    double score = 0;
    for (std::size_t i = 0; i < group.axes.size(); ++i) {
      if (!is_alive(group.axes[i])) continue;
      for (graph::Index u = group.removed; u < group.removed + group.lump; ++u)
        score +=
            scores_.units[group.axes[i]]
                         [static_cast<std::size_t>(group.order[i][static_cast<std::size_t>(u)])];
    }
    return score;
  }

  /// The score per cost; of a loss that falls without the units, more for what saves more.
  double rate_of(const PruneGroup& group, double saving) const {
    if (!settings_.cost.empty()) saving = std::max(group.cost_saving, 1e-12);
    const double score = next_score(group);
    return score < 0 ? score * saving : score / saving;
  }

  double open_saving(const PruneGroup& group, const CutCost& cost) const {
    double saving = 0;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (!holds(cost, targets_[i])) saving += group.savings[i];
    return saving;
  }

  /// The scope that has lost least among those that can save something.
  std::string next_scope(const CutCost& cost) const {
    std::map<std::string, std::pair<graph::Index, graph::Index>> left;  // units left, and in all
    std::map<std::string, bool> saves;
    for (const PruneGroup& group : groups_) {
      auto& [remaining, all] = left[group.scope];
      remaining += group.size - group.removed;
      all += group.size;
      if (is_open(group) && open_saving(group, cost) > 0) saves[group.scope] = true;
    }
    std::string best;
    double most = -1;
    for (const auto& [scope, can] : saves) {
      const double share =
          static_cast<double>(left[scope].first) / static_cast<double>(left[scope].second);
      if (share <= most) continue;
      best = scope;
      most = share;
    }
    return best;
  }

  /// The least score per cost among what saves of the targets that do not hold yet; nullptr if
  /// nothing does.
  PruneGroup* next_group(const CutCost& cost) {
    const std::string scope =
        settings_.scope == sweep::PruneScope::kGlobal ? std::string() : next_scope(cost);
    PruneGroup* best = nullptr;
    double best_rate = 0;
    for (PruneGroup& group : groups_) {
      if (group.scope != scope || !is_open(group)) continue;
      const double saving = open_saving(group, cost);
      if (!(saving > 0)) continue;
      const double rate = rate_of(group, saving);
      if (best && rate >= best_rate) continue;
      best = &group;
      best_rate = rate;
    }
    return best;
  }

  /// Where no lump saves anything alone, as when two layers share the peak of memory.
  PruneGroup* least_important() {
    PruneGroup* best = nullptr;
    for (PruneGroup& group : groups_)
      if (is_open(group) && (!best || next_score(group) < next_score(*best))) best = &group;
    return best;
  }

  static bool holds(const CutCost& cost, const CutTarget& target) {
    return cost.of(target.metric) <= target.at_most;
  }

  bool holds(const CutCost& cost) const {
    return std::all_of(targets_.begin(), targets_.end(),
                       [&](const CutTarget& target) { return holds(cost, target); });
  }

  /// Counts in whole numbers; seconds of a latency as they are.
  static std::string amount(double value) {
    return value >= 1000 ? core::with_thousands(static_cast<graph::Index>(std::llround(value)))
                         : core::significant(value, 4);
  }

  [[noreturn]] void refuse(const CutCost& cost) const {
    for (const CutTarget& target : targets_) {
      if (holds(cost, target)) continue;
      const double left = cost.of(target.metric);
      throw core::UserError("keep " + target.metric + "=" + core::shortest(target.share) + " is " +
                            amount(target.share * target.before) +
                            "; with every unit of the axes [" + axes_text(settings_) +
                            "] cut down to its floor " + amount(left) + " are left (" +
                            core::significant(left / target.before, 2) +
                            "); keep more, lower the floors or name more axes");
    }
    core::ensure(false, "a refusal names its target");
    std::abort();
  }

  const architecture::ModelSpec& spec_;
  const graph::Graph& graph_;
  const Scores& scores_;
  const std::vector<CutTarget>& targets_;
  const sweep::PruneSettings& settings_;
  CutCounter& counter_;
  ModelCut cut_;
  std::vector<PruneGroup> groups_;
};

}  // namespace

double CutCost::of(const std::string& metric) const {
  return metric == sweep::kLatencyMetric ? latency : architecture::cost_metric(cost, metric);
}

CutCost CutCounter::count(const architecture::ModelSpec& spec) {
  return {counter_.count(spec), latency_ ? latency_(spec) : 0.0};
}

Selection select_units(const architecture::ModelSpec& spec, const graph::Graph& graph,
                       const Candidates& candidates, const Scores& scores,
                       const std::vector<CutTarget>& targets, const sweep::PruneSettings& settings,
                       CutCounter& counter) {
  core::ensure(!targets.empty(), "a cut has a target");
  return Selector(spec, graph, scores, targets, settings, counter).run(candidates);
}

}  // namespace vitlab::prune
