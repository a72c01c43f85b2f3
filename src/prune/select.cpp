#include "prune/select.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/text.h"
#include "spec/solve.h"

namespace vitlab {

namespace {

/// Axes that lose units together, and how many they have lost so far.
struct Group {
  std::vector<std::size_t> axes;
  std::vector<std::vector<Index>> order;  // per axis: units, the least important first
  Index lump = 1;
  Index removed = 0;
  Index most = 0;               // removable in all
  std::vector<double> savings;  // by target: the share of it that the next lump would save

  bool is_open() const { return removed + lump <= most; }
};

/// Kinds whose heads are one batched product: unequal heads would fall back to one product a head.
bool is_batched(std::string_view layer_kind) {
  return layer_kind == FullAttention::kName || layer_kind == WindowAttention::kName ||
         layer_kind == TokenAttention::kName;
}

Index floor_of(AxisKind kind, const PruneSettings& settings) {
  switch (kind) {
    case AxisKind::kQk:
      return settings.floor_qk;
    case AxisKind::kV:
      return settings.floor_v;
    case AxisKind::kHidden:
      return settings.floor_hidden;
    default:
      return 1;
  }
}

class Selector {
 public:
  Selector(const ModelSpec& spec, const Graph& graph, const UnitScores& scores,
           const std::vector<CutTarget>& targets, const PruneSettings& settings,
           CostCounter& counter)
      : spec_(spec),
        graph_(graph),
        scores_(scores),
        targets_(targets),
        settings_(settings),
        counter_(counter),
        kept_(graph.axes.size()) {}

  Selection run(const std::vector<bool>& axes) {
    make_groups(axes);
    Cost cost = counter_.count(spec_);
    for (Group& group : groups_) update_savings(group, cost);
    while (!holds(cost)) {
      Group* cheapest = next_group(cost);
      if (!cheapest) {
        // What a lump saves of a peak hangs on all the other layers: look again before giving up.
        for (Group& group : groups_) update_savings(group, cost);
        cheapest = next_group(cost);
      }
      if (!cheapest) cheapest = least_important();
      if (!cheapest) refuse(cost);
      cheapest->removed += cheapest->lump;
      apply(*cheapest);
      cost = counter_.count(resize_spec(spec_, graph_, kept_));
      update_savings(*cheapest, cost);
    }
    return {kept_, cost};
  }

 private:
  void make_groups(const std::vector<bool>& axes) {
    std::map<std::pair<LayerId, std::string_view>, std::size_t> shared;
    for (std::size_t a = 0; a < axes.size(); ++a) {
      if (!axes[a]) continue;
      const Axis& axis = graph_.axes[a];
      const bool together =
          axis.index != kUnset && axis.layer != kUnset && is_batched(graph_.layer(axis.layer).kind);
      if (together) {
        const auto [found, fresh] = shared.try_emplace({axis.layer, axis.field}, groups_.size());
        if (fresh) groups_.emplace_back();
        add_axis(groups_[found->second], a);
      } else {
        groups_.emplace_back();
        add_axis(groups_.back(), a);
      }
    }
  }

  void add_axis(Group& group, std::size_t a) {
    const Axis& axis = graph_.axes[a];
    std::vector<Index> order(static_cast<std::size_t>(axis.size));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index x, Index y) {
      return scores_[a][static_cast<std::size_t>(x)] < scores_[a][static_cast<std::size_t>(y)];
    });
    // A size that was no multiple stays free to move in single units.
    const Index lump =
        axis.size % settings_.multiple_of == 0 ? std::max<Index>(1, settings_.multiple_of) : 1;
    const Index floor = std::min(axis.size, std::max<Index>(1, floor_of(axis.kind, settings_)));
    const Index most = (axis.size - floor) / lump * lump;
    group.most = group.axes.empty() ? most : std::min(group.most, most);
    group.lump = std::max(group.lump, lump);
    group.axes.push_back(a);
    group.order.push_back(std::move(order));
  }

  void apply(const Group& group) {
    for (std::size_t i = 0; i < group.axes.size(); ++i) {
      std::vector<Index> units(group.order[i].begin() + group.removed, group.order[i].end());
      std::sort(units.begin(), units.end());
      kept_[group.axes[i]] = std::move(units);
    }
  }

  /// What the next lump of the group would save, counted exactly on the model as it stands.
  void update_savings(Group& group, const Cost& now) {
    group.savings.assign(targets_.size(), 0.0);
    if (!group.is_open()) return;
    const KeptUnits before = kept_;
    group.removed += group.lump;
    apply(group);
    const Cost after = counter_.count(resize_spec(spec_, graph_, kept_));
    group.removed -= group.lump;
    kept_ = before;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      group.savings[i] =
          (cost_metric(now, targets_[i].metric) - cost_metric(after, targets_[i].metric)) /
          targets_[i].at_most;
  }

  double next_score(const Group& group) const {
    double score = 0;
    for (std::size_t i = 0; i < group.axes.size(); ++i)
      for (Index u = group.removed; u < group.removed + group.lump; ++u)
        score += scores_[group.axes[i]]
                        [static_cast<std::size_t>(group.order[i][static_cast<std::size_t>(u)])];
    return score;
  }

  /// The least score per share saved of the targets that do not hold yet; nullptr if nothing saves.
  Group* next_group(const Cost& cost) {
    Group* best = nullptr;
    double best_rate = 0;
    for (Group& group : groups_) {
      if (!group.is_open()) continue;
      double saving = 0;
      for (std::size_t i = 0; i < targets_.size(); ++i)
        if (!holds(cost, targets_[i])) saving += group.savings[i];
      if (!(saving > 0)) continue;
      const double rate = next_score(group) / saving;
      if (best && rate >= best_rate) continue;
      best = &group;
      best_rate = rate;
    }
    return best;
  }

  /// Where no lump saves anything alone, as when two layers share the peak of memory.
  Group* least_important() {
    Group* best = nullptr;
    for (Group& group : groups_)
      if (group.is_open() && (!best || next_score(group) < next_score(*best))) best = &group;
    return best;
  }

  static bool holds(const Cost& cost, const CutTarget& target) {
    return cost_metric(cost, target.metric) <= target.at_most;
  }

  bool holds(const Cost& cost) const {
    for (const CutTarget& target : targets_)
      if (!holds(cost, target)) return false;
    return true;
  }

  [[noreturn]] void refuse(const Cost& cost) const {
    for (const CutTarget& target : targets_) {
      const double reached = cost_metric(cost, target.metric);
      if (reached <= target.at_most) continue;
      std::string axes;
      for (const std::string& axis : settings_.axes) axes += (axes.empty() ? "" : ", ") + axis;
      throw UserError("no keep set reaches " + target.metric + " <= " + shortest(target.at_most) +
                      ": with every unit of the axes [" + axes + "] cut down to its floor, " +
                      shortest(reached) +
                      " are left; keep more, lower the floors or name more axes");
    }
    ensure(false, "a refusal names its target");
    std::abort();
  }

  const ModelSpec& spec_;
  const Graph& graph_;
  const UnitScores& scores_;
  const std::vector<CutTarget>& targets_;
  const PruneSettings& settings_;
  CostCounter& counter_;
  KeptUnits kept_;
  std::vector<Group> groups_;
};

}  // namespace

Selection select_units(const ModelSpec& spec, const Graph& graph, const std::vector<bool>& axes,
                       const UnitScores& scores, const std::vector<CutTarget>& targets,
                       const PruneSettings& settings, CostCounter& counter) {
  ensure(!targets.empty(), "a cut has a target");
  return Selector(spec, graph, scores, targets, settings, counter).run(axes);
}

}  // namespace vitlab
