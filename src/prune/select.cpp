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
  Index most = 0;     // removable in all
  double saving = 0;  // of the first target's metric, by the next lump
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
    for (Group& group : groups_) update_saving(group, cost);
    while (!holds(cost)) {
      Group* cheapest = next_group();
      if (!cheapest) refuse(cost);
      cheapest->removed += cheapest->lump;
      apply(*cheapest);
      cost = counter_.count(resize_spec(spec_, graph_, kept_));
      update_saving(*cheapest, cost);
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
  void update_saving(Group& group, const Cost& now) {
    group.saving = 0;
    if (group.removed + group.lump > group.most) return;
    const KeptUnits before = kept_;
    group.removed += group.lump;
    apply(group);
    const Cost after = counter_.count(resize_spec(spec_, graph_, kept_));
    group.removed -= group.lump;
    kept_ = before;
    const std::string& metric = targets_.front().metric;
    group.saving = cost_metric(now, metric) - cost_metric(after, metric);
  }

  Group* next_group() {
    Group* best = nullptr;
    double best_rate = 0;
    for (Group& group : groups_) {
      if (group.removed + group.lump > group.most || !(group.saving > 0)) continue;
      double score = 0;
      for (std::size_t i = 0; i < group.axes.size(); ++i)
        for (Index u = group.removed; u < group.removed + group.lump; ++u)
          score += scores_[group.axes[i]]
                          [static_cast<std::size_t>(group.order[i][static_cast<std::size_t>(u)])];
      const double rate = score / group.saving;
      if (best && rate >= best_rate) continue;
      best = &group;
      best_rate = rate;
    }
    return best;
  }

  bool holds(const Cost& cost) const {
    for (const CutTarget& target : targets_)
      if (cost_metric(cost, target.metric) > target.at_most) return false;
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
