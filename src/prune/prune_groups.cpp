#include "prune/prune_groups.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace vitlab::prune {

namespace {

graph::Index floor_of(const graph::Axis& axis, const sweep::PruneSettings& settings) {
  switch (axis.kind) {
    case graph::AxisKind::kQk:
      return settings.floor_qk;
    case graph::AxisKind::kV:
      return settings.floor_v;
    case graph::AxisKind::kHidden:
      return settings.floor_hidden;
    case graph::AxisKind::kEmbedding:
      return (settings.floor_embedding + axis.copies - 1) / axis.copies;
    default:
      return 1;
  }
}

/// Units to take at once so that the size stays a multiple; a size that is none moves unit by unit,
/// and so do heads.
graph::Index lump_of(const graph::Axis& axis, const sweep::PruneSettings& settings) {
  if (axis.kind == graph::AxisKind::kHead || axis.size * axis.copies % settings.multiple_of != 0)
    return 1;
  return settings.multiple_of / std::gcd(settings.multiple_of, axis.copies);
}

/// Layers that compute their heads in one product, which unequal heads would break up.
std::set<graph::LayerId> batched_layers(const graph::Graph& graph) {
  std::set<graph::LayerId> layers;
  for (const graph::AttentionTap& tap : graph.attention)
    if (tap.maps.size() == 1) layers.insert(tap.layer);
  return layers;
}

class GroupMaker {
 public:
  GroupMaker(const graph::Graph& graph, const Scores& scores, const sweep::PruneSettings& settings)
      : graph_(graph), scores_(scores), settings_(settings), batched_(batched_layers(graph)) {}

  std::vector<PruneGroup> make(const Candidates& candidates) {
    for (const graph::AxisId a : candidates.axes.ids())
      if (candidates.axes[a]) add_axis(group_of(graph_.axes[a]), a);
    for (const graph::LayerId i : candidates.layers.ids()) {
      if (!candidates.layers[i]) continue;
      PruneGroup group{.layer = i, .drops_layer = true, .most = 1};
      group.scope = scope_of(sweep::kLayerAxis, i, i.index());
      groups_.push_back(std::move(group));
    }
    return std::move(groups_);
  }

 private:
  PruneGroup& group_of(const graph::Axis& axis) {
    const bool together =
        axis.owner.valid() && axis.layer.valid() && batched_.count(axis.layer) != 0;
    if (together) {
      const auto [found, fresh] = shared_.try_emplace({axis.owner, axis.field}, groups_.size());
      if (!fresh) return groups_[found->second];
    }
    groups_.push_back({.layer = axis.layer});
    groups_.back().scope = scope_of(axis.field, axis.layer, groups_.size());
    return groups_.back();
  }

  std::string scope_of(std::string_view field, graph::LayerId layer, std::size_t number) const {
    if (settings_.scope == sweep::PruneScope::kGlobal) return "";
    if (settings_.scope == sweep::PruneScope::kLocal)
      return std::string(field) + "#" + std::to_string(number);
    return std::string(field) + "@" +
           (layer.valid() ? std::string(graph_.layer(layer).kind) : std::string());
  }

  void add_axis(PruneGroup& group, graph::AxisId a) const {
    const graph::Axis& axis = graph_.axes[a];
    std::vector<graph::Index> order(static_cast<std::size_t>(axis.size));
    std::iota(order.begin(), order.end(), graph::Index{0});
    std::stable_sort(order.begin(), order.end(), [&](graph::Index x, graph::Index y) {
      return scores_.units[a][x] < scores_.units[a][static_cast<std::size_t>(y)];
    });
    const graph::Index lump = lump_of(axis, settings_);
    const graph::Index floor =
        std::min(axis.size, std::max<graph::Index>(1, floor_of(axis, settings_)));
    const graph::Index most = (axis.size - floor) / lump * lump;
    group.most = group.axes.empty() ? most : std::min(group.most, most);
    group.lump = std::max(group.lump, lump);
    group.size = std::max(group.size, axis.size);
    group.axes.push_back(a);
    group.order.push_back(std::move(order));
  }

  const graph::Graph& graph_;
  const Scores& scores_;
  const sweep::PruneSettings& settings_;
  std::set<graph::LayerId> batched_;
  std::map<std::pair<graph::AxisId, std::string_view>, std::size_t> shared_;
  std::vector<PruneGroup> groups_;
};

}  // namespace

std::vector<PruneGroup> prune_groups(const graph::Graph& graph, const Candidates& candidates,
                                     const Scores& scores, const sweep::PruneSettings& settings) {
  return GroupMaker(graph, scores, settings).make(candidates);
}

}  // namespace vitlab::prune
