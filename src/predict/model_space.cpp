#include "predict/model_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "architecture/presets.h"
#include "core/error.h"
#include "predict/time_guess.h"

namespace vitlab::predict {

namespace {

template <typename T>
T one_of(core::Random& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random.below(choices.size()));
}

graph::Index between(core::Random& random, graph::Index low, graph::Index high) {
  return low + static_cast<graph::Index>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

bool happens(core::Random& random, double share) { return random.uniform() < share; }

std::string activation(core::Random& random) {
  return one_of<const char*>(random, {"relu", "hardswish", "gelu", "silu"});
}

graph::Index nearest_multiple(double value, graph::Index quantum) {
  const double count = std::round(value / static_cast<double>(quantum));
  return std::max<graph::Index>(1, static_cast<graph::Index>(count)) * quantum;
}

core::Json efficientvit_model(core::Random& random) {
  core::Json knobs{{"template", "efficientvit"}};
  knobs["image_size"] = one_of<graph::Index>(random, {64, 96, 112, 128, 160, 176, 192, 224});
  knobs["stem_stride"] = one_of<graph::Index>(random, {8, 16, 16, 16});
  const graph::Index heads = one_of<graph::Index>(random, {1, 2, 3, 4, 4, 6, 8});
  const graph::Index quantum = std::lcm(heads, one_of<graph::Index>(random, {1, 4, 8, 8, 16}));
  double width = random.uniform(32, 160);
  core::Json widths = core::Json::array(), depths = core::Json::array();
  for (int stage = 0; stage < 3; ++stage) {
    widths.push_back(nearest_multiple(width, quantum));
    depths.push_back(between(random, 1, 4));
    width *= random.uniform(1.1, 2.0);
  }
  knobs["widths"] = widths;
  knobs["depths"] = depths;
  knobs["heads"] = heads;
  knobs["qk_dim"] = one_of<graph::Index>(random, {8, 16, 16, 24, 32});
  if (happens(random, 0.25)) knobs["v_ratio"] = one_of<double>(random, {0.5, 0.75, 1.5, 2.0});
  if (happens(random, 0.6))
    knobs["kernels"] = one_of<core::Json>(
        random, {core::Json{0}, core::Json{3}, core::Json{7, 5, 3, 3}, core::Json{7, 7, 5}});
  knobs["ffn_ratio"] = one_of<double>(random, {1, 1.5, 2, 2, 3, 4});
  knobs["ffn_per_side"] = between(random, 1, 3);
  knobs["mixer"] =
      one_of<const char*>(random, {"cascaded", "cascaded", "grouped", "full", "window", "none"});
  knobs["window"] = one_of<graph::Index>(random, {4, 7, 7, 8});
  if (happens(random, 0.2)) knobs["depthwise"] = false;
  if (happens(random, 0.1)) knobs["norm"] = "layer";
  knobs["activation"] = activation(random);
  return knobs;
}

core::Json vit_model(core::Random& random) {
  core::Json knobs{{"template", "vit"}};
  knobs["image_size"] = one_of<graph::Index>(random, {64, 96, 128, 160, 192, 224});
  knobs["patch"] = one_of<graph::Index>(random, {8, 16, 16, 32});
  const graph::Index heads = one_of<graph::Index>(random, {1, 2, 3, 3, 4, 6, 8});
  knobs["heads"] = heads;
  knobs["width"] = nearest_multiple(random.uniform(64, 448),
                                    heads * one_of<graph::Index>(random, {1, 4, 8, 16}));
  knobs["depth"] = between(random, 2, 12);
  if (happens(random, 0.4)) knobs["qk_dim"] = one_of<graph::Index>(random, {8, 16, 32, 64});
  if (happens(random, 0.2)) knobs["v_ratio"] = one_of<double>(random, {0.5, 2.0});
  knobs["ffn_ratio"] = one_of<double>(random, {1, 2, 3, 4, 4});
  knobs["mhsa_share"] = one_of<double>(random, {0, 0.25, 0.4, 0.5, 0.5, 0.5, 0.75, 1});
  if (happens(random, 0.1)) knobs["head_split"] = true;
  knobs["activation"] = activation(random);
  return knobs;
}

core::Json swin_model(core::Random& random) {
  core::Json knobs{{"template", "swin"}};
  knobs["image_size"] = one_of<graph::Index>(random, {64, 96, 128, 160, 192, 224});
  const graph::Index stages = between(random, 3, 4);
  const graph::Index head_width = one_of<graph::Index>(random, {8, 16, 24, 32, 32});
  graph::Index heads = between(random, 1, 4);
  core::Json widths = core::Json::array(), depths = core::Json::array(),
             all_heads = core::Json::array();
  for (graph::Index stage = 0; stage < stages; ++stage) {
    widths.push_back(heads * head_width);
    all_heads.push_back(heads);
    depths.push_back(between(random, 1, stage == 2 ? 4 : 2));
    heads = happens(random, 0.8) ? 2 * heads : heads + between(random, 1, 3);
  }
  knobs["widths"] = widths;
  knobs["depths"] = depths;
  knobs["heads"] = all_heads;
  knobs["window"] = one_of<graph::Index>(random, {4, 7, 7, 8});
  if (happens(random, 0.3)) knobs["qk_dim"] = one_of<graph::Index>(random, {8, 16, 32});
  knobs["ffn_ratio"] = one_of<double>(random, {1, 2, 3, 4, 4});
  knobs["mhsa_share"] = one_of<double>(random, {0.2, 0.4, 0.5, 0.5, 0.5, 0.6, 0.8});
  if (happens(random, 0.15)) knobs["version"] = 2;
  return knobs;
}

core::Json mobilenet_model(core::Random& random) {
  return {
      {"template", "mobilenet"},
      {"image_size", one_of<graph::Index>(random, {64, 96, 128, 160, 192, 224})},
      {"variant", one_of<const char*>(random, {"v2", "v3_large", "v3_small", "efficientnet_b0"})},
      {"width_scale", std::round(random.uniform(0.35, 1.5) * 100) / 100}};
}

core::Json mobilevit_model(core::Random& random) {
  return {{"template", "mobilevit"},
          {"image_size", one_of<graph::Index>(random, {64, 128, 192})},
          {"width_scale", std::round(random.uniform(0.6, 2.0) * 100) / 100},
          {"blocks", {between(random, 1, 3), between(random, 1, 4), between(random, 1, 3)}},
          {"ffn_ratio", one_of<double>(random, {1, 2, 3})},
          {"activation", activation(random)}};
}

core::Json random_model(core::Random& random) {
  const double draw = random.uniform();
  if (draw < 0.40) return efficientvit_model(random);
  if (draw < 0.65) return vit_model(random);
  if (draw < 0.85) return swin_model(random);
  return draw < 0.94 ? mobilenet_model(random) : mobilevit_model(random);
}

bool lies_within(const core::Json& knobs, const ModelSpaceLimits& limits) {
  try {
    const graph::Graph graph =
        architecture::build_graph(architecture::expand_knobs(knobs, "a drawn model"));
    const double seconds = guess_seconds(graph, limits.batch, limits.threads);
    return seconds >= limits.least_seconds && seconds <= limits.most_seconds;
  } catch (const core::UserError&) {
    return false;  // knobs that do not fit one another: drawn again
  }
}

}  // namespace

std::vector<core::Json> draw_models(core::Random& random, std::size_t count,
                                    const ModelSpaceLimits& limits) {
  constexpr std::size_t kMostDraws = 1000;  // for one model
  std::vector<core::Json> models;
  std::set<std::string> seen;
  for (std::size_t draws = 0; models.size() < count; ++draws) {
    if (draws > kMostDraws * (models.size() + 1))
      throw core::UserError(
          "hardly any drawn model runs in the time asked for; widen the limits or "
          "change the batch");
    core::Json knobs = random_model(random);
    if (!lies_within(knobs, limits) || !seen.insert(core::dump_json(knobs)).second) continue;
    models.push_back(std::move(knobs));
  }
  return models;
}

}  // namespace vitlab::predict
