#include "layers/layer.h"

#include <tuple>
#include <utility>

#include "core/names.h"

namespace vitlab::layers {

namespace {

using core::for_each_field;

/// A number stands for every head; kinds without heads have no such settings.
template <typename Kind>
void expand_per_head(Kind& layer) {
  if constexpr (requires { layer.head_count(); }) {
    const graph::Index heads = layer.head_count();
    for_each_field<Kind>([&](const auto& field) {
      auto& value = layer.*(field.member);
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, PerHead>) {
        if (value.count() == 1 && heads > 1 && heads <= 4096)
          value.sizes.assign(static_cast<std::size_t>(heads), value[0]);
      }
    });
  }
}

template <typename Kind>
Layer read_kind(core::ConfigReader& reader) {
  Kind layer;
  core::read_fields(reader, layer);
  reader.finish();
  expand_per_head(layer);
  return layer;
}

template <typename... Kinds>
std::optional<Layer> read_named(std::string_view wanted, core::ConfigReader& reader,
                                std::variant<Kinds...>*) {
  std::optional<Layer> layer;
  (void)((wanted == Kinds::kName && (layer = read_kind<Kinds>(reader), true)) || ...);
  return layer;
}

template <typename... Kinds>
std::vector<std::string> names_of(std::variant<Kinds...>*) {
  return {std::string(Kinds::kName)...};
}

// --- hashing

void combine(std::size_t& hash, std::size_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
}
template <typename T>
void combine_value(std::size_t& hash, const T& value) {
  if constexpr (std::is_enum_v<T>)
    combine(hash, static_cast<std::size_t>(value));
  else
    combine(hash, std::hash<T>{}(value));
}
void combine_value(std::size_t& hash, const std::vector<graph::Index>& values) {
  for (const graph::Index value : values) combine_value(hash, value);
}
void combine_value(std::size_t& hash, const PerHead& value) { combine_value(hash, value.sizes); }

// --- resizing

void resize_value(graph::Index& value, std::int32_t /*index*/, graph::Index size) { value = size; }
void resize_value(std::vector<graph::Index>& value, std::int32_t index, graph::Index size) {
  value.at(static_cast<std::size_t>(index)) = size;
}
void resize_value(PerHead& value, std::int32_t index, graph::Index size) {
  resize_value(value.sizes, index, size);
}
template <typename T>
void resize_value(T& /*value*/, std::int32_t /*index*/, graph::Index /*size*/) {
  core::ensure(false, "only sizes are resized");
}

std::vector<graph::Index> take(const std::vector<graph::Index>& values,
                               const std::vector<graph::Index>& kept) {
  std::vector<graph::Index> result;
  result.reserve(kept.size());
  for (const graph::Index i : kept) result.push_back(values.at(static_cast<std::size_t>(i)));
  return result;
}

}  // namespace

bool read_config(core::ConfigReader& reader, std::string_view key, PerHead& value) {
  return reader.one_or_many(key, value.sizes);
}

std::string_view layer_kind(const Layer& layer) {
  return std::visit([](const auto& kind) { return std::decay_t<decltype(kind)>::kName; }, layer);
}

graph::LayerRole layer_role(const Layer& layer) {
  return std::visit([](const auto& kind) { return std::decay_t<decltype(kind)>::kRole; }, layer);
}

std::vector<std::string> layer_kind_names() { return names_of(static_cast<Layer*>(nullptr)); }

graph::Index splits_needed(const Layer& layer) {
  return std::visit(
      [](const auto& kind) -> graph::Index {
        if constexpr (requires { kind.splits(); }) return kind.splits();
        return 1;
      },
      layer);
}

LayerCounts layer_counts(const Layer& layer) {
  return std::visit(
      [](const auto& kind) -> LayerCounts {
        if constexpr (requires { kind.counts(); }) return kind.counts();
        const graph::LayerRole role = std::decay_t<decltype(kind)>::kRole;
        return {.attention = role == graph::LayerRole::kAttention,
                .ffn = role == graph::LayerRole::kFfn};
      },
      layer);
}

LayerProblems layer_problems(const Layer& layer, const graph::Value& input, graph::Index width) {
  return std::visit([&](const auto& kind) { return check(kind, input, width); }, layer);
}

graph::ValueId write_layer(const Layer& layer, graph::LayerWriter& writer, graph::ValueId x,
                           const graph::Extent& out) {
  return std::visit([&](const auto& kind) { return write(kind, writer, x, out); }, layer);
}

std::optional<Layer> read_layer(const core::ConfigReader& parent, const core::ConfigNode& node,
                                const std::string& path) {
  core::Problems& problems = parent.problems();
  if (!node.is_map() || node.items.size() != 1) {
    problems.add(node.place, path + " must be one layer, written as kind: {settings}");
    return std::nullopt;
  }
  const core::ConfigNode& entry = node.items.front();
  const std::vector<std::string> known = layer_kind_names();
  static const core::ConfigNode empty_map{.kind = core::ConfigNode::Kind::kMap};
  core::ConfigNode stand_in = empty_map;
  stand_in.place = entry.place;
  const bool bare = entry.is_null();
  if (!bare && !entry.is_map()) {
    problems.add(entry.place, path + "." + entry.key + " must be a map of settings");
    return std::nullopt;
  }
  core::ConfigReader reader = parent.child_of(bare ? stand_in : entry, path + "." + entry.key);
  std::optional<Layer> layer = read_named(entry.key, reader, static_cast<Layer*>(nullptr));
  if (!layer)
    problems.add(entry.key_place, path + ": '" + entry.key + "' is not a layer kind" +
                                      core::did_you_mean(entry.key, known));
  return layer;
}

core::Json layer_json(const Layer& layer, bool with_defaults) {
  return std::visit(
      [&](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        core::Json result = core::Json::object();
        result[std::string(Kind::kName)] =
            with_defaults ? core::to_json_with_defaults(kind) : core::to_json(kind);
        return result;
      },
      layer);
}

std::optional<graph::Index> class_count(const Layer& layer) {
  return std::visit(
      [](const auto& kind) -> std::optional<graph::Index> {
        if constexpr (requires { kind.classes; }) return kind.classes;
        return std::nullopt;
      },
      layer);
}

std::size_t layer_hash(const Layer& layer) {
  return std::visit(
      [&](const auto& kind) {
        std::size_t hash = layer.index() + 1;
        for_each_field<std::decay_t<decltype(kind)>>(
            [&](const auto& field) { combine_value(hash, kind.*(field.member)); });
        return hash;
      },
      layer);
}

void resize_layer(Layer& layer, std::string_view field, std::int32_t index, graph::Index size) {
  std::visit(
      [&](auto& kind) {
        bool found = false;
        for_each_field<std::decay_t<decltype(kind)>>([&](const auto& each) {
          if (each.name != field) return;
          resize_value(kind.*(each.member), index, size);
          found = true;
        });
        core::ensure(found, "a resized field belongs to its layer");
      },
      layer);
}

void follow_width(Layer& layer, graph::Index before, graph::Index after) {
  std::visit(
      [&](auto& kind) {
        if constexpr (requires { kind.follow_width(before, after); })
          kind.follow_width(before, after);
      },
      layer);
}

void keep_heads(Layer& layer, const std::vector<graph::Index>& kept) {
  std::visit(
      [&](auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (requires { kind.keep_heads(kept); }) {
          kind.keep_heads(kept);
        } else if constexpr (requires { kind.qk; }) {
          kind.qk.sizes = take(kind.qk.sizes, kept);
          kind.v.sizes = take(kind.v.sizes, kept);
          if constexpr (requires { kind.kernels; }) kind.kernels = take(kind.kernels, kept);
          if constexpr (requires { kind.heads; })
            kind.heads = static_cast<graph::Index>(kept.size());
        } else {
          core::ensure(sizeof(Kind) == 0, "only attention layers have heads");
        }
      },
      layer);
}

}  // namespace vitlab::layers
