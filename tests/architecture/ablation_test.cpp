#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "architecture/presets.h"
#include "graph/cost.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

/// What can be counted of a model's layers.
struct Anatomy {
  graph::Index attention = 0, ffn = 0, depthwise = 0, interactions = 0;
  std::string mixer;

  explicit Anatomy(const ModelSpec& spec) {
    for (const Stage& stage : spec.stages) {
      for (const layers::Layer& layer : stage.layers) {
        ffn += std::holds_alternative<layers::FfnLayer>(layer);
        depthwise += std::holds_alternative<layers::DepthwiseLayer>(layer);
        if (layers::layer_role(layer) != graph::LayerRole::kAttention) continue;
        ++attention;
        mixer = layers::layer_kind(layer);
      }
    }
    for (const graph::Node& node : build_graph(spec).nodes)
      interactions += node.name.ends_with(".interact.conv");
  }
};

/// One change of EfficientViT-M4 that the paper measures, in knobs.
struct Change {
  const char* name;
  std::vector<std::string> knobs;
  std::function<bool(const Anatomy& m4, const Anatomy& changed, const ModelSpec& spec)> holds;
};

const layers::CascadedAttention& cascade_of(const ModelSpec& spec, std::size_t stage) {
  for (const layers::Layer& layer : spec.stages[stage].layers)
    if (const auto* cascade = std::get_if<layers::CascadedAttention>(&layer)) return *cascade;
  throw std::logic_error("the stage has no cascaded attention");
}

const std::vector<Change> kTable6{
    {"sandwich to Swin blocks: attention, then one FFN",
     {"ffn_per_side=[0, 1]"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec& spec) {
       const auto& layers = spec.stages[0].layers;
       return a.ffn == m4.ffn - 6 && a.attention == m4.attention &&
              layers::layer_role(layers[0]) == graph::LayerRole::kAttention &&
              std::holds_alternative<layers::DepthwiseLayer>(layers[1]);
     }},
    {"two FFNs a side",
     {"ffn_per_side=2"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec&) { return a.ffn == m4.ffn + 12; }},
    {"three FFNs a side",
     {"ffn_per_side=3"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec&) { return a.ffn == m4.ffn + 24; }},
    {"cascaded group attention to MHSA",
     {"mixer=full"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec&) {
       return a.mixer == "full_attention" && a.attention == m4.attention;
     }},
    {"no cascade",
     {"mixer=grouped"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec&) {
       return a.mixer == "grouped_attention" && a.interactions == m4.interactions;
     }},
    {"no reallocation of QKV: as wide as the split",
     {"qk_dim=split"},
     [](const Anatomy&, const Anatomy&, const ModelSpec& spec) {
       for (std::size_t i = 0; i < 3; ++i) {
         const layers::CascadedAttention& cascade = cascade_of(spec, i);
         if (!(cascade.qk == cascade.v) || cascade.qk[0] != spec.stages[i].width / 4) return false;
       }
       return true;
     }},
    {"FFN ratio 4",
     {"ffn_ratio=4"},
     [](const Anatomy&, const Anatomy&, const ModelSpec& spec) {
       return std::get<layers::FfnLayer>(spec.stages[2].layers[1]).hidden == 4 * 384;
     }},
    {"no depthwise convolutions, neither before FFNs nor on q",
     {"depthwise=false", "kernels=0"},
     [](const Anatomy& m4, const Anatomy& a, const ModelSpec&) {
       return a.depthwise == 0 && a.interactions == 0 && m4.interactions == 24;
     }},
    {"batch norm to layer norm",
     {"norm=layer"},
     [](const Anatomy&, const Anatomy&, const ModelSpec& spec) {
       return cascade_of(spec, 1).norm == graph::Norm::kLayer;
     }},
    {"ReLU to hardswish",
     {"activation=hardswish"},
     [](const Anatomy&, const Anatomy&, const ModelSpec& spec) {
       return cascade_of(spec, 1).activation == graph::Activation::kHardswish;
     }},
};

TEST_CASE("knobs express every row of the paper's ablation of M4") {
  const ModelSpec base = resolve_model("efficientvit_m4").spec;
  const Anatomy m4(base);
  std::vector<std::string> ids{model_id(base)};
  for (const Change& change : kTable6) {
    INFO(change.name);
    const ModelSpec spec = resolve_model("efficientvit_m4", change.knobs).spec;
    CHECK(change.holds(m4, Anatomy(spec), spec));
    CHECK(graph::graph_cost(build_graph(spec)).macs > 0);
    ids.push_back(model_id(spec));
  }
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.size() == 11);
}

TEST_CASE("knobs express every point of the paper's curves of QK width and V ratio") {
  graph::Index before = 0;
  for (const char* qk : {"4", "8", "16", "32", "64"}) {
    const auto model = resolve_model("efficientvit_m4", {std::string("qk_dim=") + qk});
    const graph::Index macs = graph::graph_cost(build_graph(model.spec)).macs;
    CHECK(macs > before);
    before = macs;
  }
  before = 0;
  for (const char* ratio : {"0.4", "0.6", "0.8", "1.0", "1.2"}) {
    const auto model = resolve_model("efficientvit_m4", {std::string("v_ratio=") + ratio});
    const graph::Index macs = graph::graph_cost(build_graph(model.spec)).macs;
    CHECK(macs > before);
    before = macs;
  }
}

TEST_CASE("any row can be brought back to M4's cost by width_scale") {
  const double wanted = static_cast<double>(
      graph::graph_cost(build_graph(resolve_model("efficientvit_m4").spec)).macs);
  const auto model = resolve_model("efficientvit_m4", {"ffn_per_side=2", "width_scale=0.83"});
  const graph::Cost cost = graph::graph_cost(build_graph(model.spec));
  CHECK(static_cast<double>(cost.macs) == Approx(wanted).epsilon(0.1));
}

}  // namespace
}  // namespace vitlab::architecture
