#include "interop/name_map.h"

#include <functional>
#include <set>

#include "architecture/presets.h"
#include "core/error.h"
#include "random_spec.h"
#include "test.hpp"

namespace vitlab::interop {

namespace {

using Names = std::map<std::string, std::string>;

Names names_of(const architecture::ModelSpec& spec, WeightLayout layout) {
  Names names;
  for (const NameMapEntry& entry : name_map(spec, architecture::build_graph(spec), layout))
    names[entry.name] = entry.foreign_name;
  return names;
}

architecture::ModelSpec preset(const std::string& name,
                               const std::vector<std::string>& overrides = {}) {
  return architecture::resolve_model(name, overrides).spec;
}

std::string refusal(const architecture::ModelSpec& spec,
                    WeightLayout layout = WeightLayout::kTimm) {
  try {
    names_of(spec, layout);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("layouts are found by their names, and wrong names get a suggestion") {
  for (const auto layout : {WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial})
    CHECK(layout_from_name(layout_name(layout)) == layout);
  CHECK_THROWS_WITH(layout_from_name("offical"), Contains("did you mean 'official'"));
}

TEST_CASE("every parameter has a name of its own in each layout") {
  for (const std::string name :
       {"efficientvit_m0", "efficientvit_m1", "efficientvit_m2", "efficientvit_m3",
        "efficientvit_m4", "efficientvit_m5", "deit_tiny", "deit_small", "deit_tiny_distilled"}) {
    for (const auto layout :
         {WeightLayout::kVitlab, WeightLayout::kTimm, WeightLayout::kOfficial}) {
      const architecture::ModelSpec spec = preset(name);
      const graph::Graph graph = architecture::build_graph(spec);
      std::set<std::string> foreign;
      for (const NameMapEntry& entry : name_map(spec, graph, layout)) {
        INFO(name << ' ' << layout_name(layout) << ' ' << entry.name);
        CHECK(entry.name == graph.parameter_name(entry.parameter));
        CHECK_FALSE(is_bookkeeping(entry.foreign_name, layout));
        CHECK(foreign.insert(entry.foreign_name).second);
        if (layout == WeightLayout::kVitlab) CHECK(entry.foreign_name == entry.name);
      }
      const bool has_pair = name == "deit_tiny_distilled" && layout != WeightLayout::kVitlab;
      CHECK(foreign.size() == graph.parameters.size() + (has_pair ? 1 : 0));
    }
  }
}

TEST_CASE("every parameter of the convolutional presets has a name of its own in timm's layout") {
  for (const std::string name :
       {"mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv3_small_100", "efficientnet_b0",
        "mobilevit_xxs", "mobilevit_xs"}) {
    const architecture::ModelSpec spec = preset(name);
    const graph::Graph graph = architecture::build_graph(spec);
    std::set<std::string> foreign;
    for (const NameMapEntry& entry : name_map(spec, graph, WeightLayout::kTimm))
      CHECK(foreign.insert(entry.foreign_name).second);
    CHECK(foreign.size() == graph.parameters.size());
  }
}

TEST_CASE("a random model has distinct names in a layout or is refused with the layer") {
  std::size_t refused = 0;
  for (const std::string& kind : layers::layer_kind_names()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const architecture::ModelSpec spec = RandomSpecs(seed).with_kind(kind);
      for (const auto layout : {WeightLayout::kTimm, WeightLayout::kOfficial}) {
        const std::string message = refusal(spec, layout);
        INFO(kind << ' ' << seed);
        CHECK((message == "accepted" || message.starts_with("layout ")));
        refused += message != "accepted" ? 1 : 0;
      }
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("parameters of EfficientViT stand where timm has them") {
  const Names names = names_of(preset("efficientvit_m0"), WeightLayout::kTimm);
  const Names expected{
      {"stem.conv2.norm.running_var", "patch_embed.conv2.bn.running_var"},
      {"stages.0.layers.0.mix.conv.weight", "stages.0.blocks.0.dw0.m.conv.weight"},
      {"stages.0.layers.2.bias", "stages.0.blocks.0.mixer.m.attn.attention_biases"},
      {"stages.0.layers.6.project.conv.weight", "stages.1.downsample.res1.1.m.pw2.conv.weight"},
      {"stages.1.downsample.squeeze.expand.bias", "stages.1.downsample.patchmerge.se.fc2.bias"},
      {"stages.1.layers.0.mix.norm.bias", "stages.1.downsample.res2.0.m.bn.bias"},
      {"stages.2.layers.14.heads.3.interact.conv.weight",
       "stages.2.blocks.2.mixer.m.attn.dws.3.conv.weight"},
      {"stages.2.layers.14.heads.0.qkv.norm.weight",
       "stages.2.blocks.2.mixer.m.attn.qkvs.0.bn.weight"},
      {"stages.2.layers.14.project.norm.weight", "stages.2.blocks.2.mixer.m.attn.proj.1.bn.weight"},
      {"heads.0.norm.running_mean", "head.bn.running_mean"},
      {"heads.0.linear.bias", "head.linear.bias"}};
  for (const auto& [own, foreign] : expected) CHECK(names.at(own) == foreign);
}

TEST_CASE("parameters of EfficientViT stand where the official code has them") {
  const Names names = names_of(preset("efficientvit_m0"), WeightLayout::kOfficial);
  const Names expected{
      {"stem.conv4.conv.weight", "patch_embed.6.c.weight"},
      {"stages.0.layers.1.expand.conv.weight", "blocks1.0.ffn0.m.pw1.c.weight"},
      {"stages.0.layers.5.mix.conv.weight", "blocks2.0.0.m.c.weight"},
      {"stages.1.downsample.reduce.conv.weight", "blocks2.1.conv2.c.weight"},
      {"stages.1.layers.1.project.norm.weight", "blocks2.2.1.m.pw2.bn.weight"},
      {"stages.1.layers.2.mix.conv.weight", "blocks2.3.dw0.m.c.weight"},
      {"stages.2.layers.14.heads.1.qkv.conv.weight", "blocks3.5.mixer.m.attn.qkvs.1.c.weight"},
      {"heads.0.linear.weight", "head.l.weight"}};
  for (const auto& [own, foreign] : expected) CHECK(names.at(own) == foreign);
}

TEST_CASE("parameters of a ViT stand where timm has them") {
  const Names names = names_of(preset("deit_tiny"), WeightLayout::kTimm);
  const Names expected{{"stem.class_token", "cls_token"},
                       {"stem.position_embedding", "pos_embed"},
                       {"stem.projection.weight", "patch_embed.proj.weight"},
                       {"stages.0.layers.0.norm.weight", "blocks.0.norm1.weight"},
                       {"stages.0.layers.22.qkv.bias", "blocks.11.attn.qkv.bias"},
                       {"stages.0.layers.23.norm.bias", "blocks.11.norm2.bias"},
                       {"stages.0.layers.23.expand.weight", "blocks.11.mlp.fc1.weight"},
                       {"heads.0.norm.bias", "norm.bias"},
                       {"heads.0.linear.weight", "head.weight"}};
  for (const auto& [own, foreign] : expected) CHECK(names.at(own) == foreign);
}

TEST_CASE("the parts of a parameter follow each other and make up the whole") {
  const architecture::ModelSpec spec = preset("deit_small_distilled");
  const graph::Graph graph = architecture::build_graph(spec);
  std::map<graph::ParameterId, graph::Index> covered;
  std::vector<std::string> parts;
  for (const NameMapEntry& entry : name_map(spec, graph, WeightLayout::kTimm)) {
    const graph::Shape shape = foreign_shape(entry, graph);
    if (entry.is_part()) {
      CHECK(entry.begin == covered[entry.parameter] / (shape.elements() / entry.size));
      parts.push_back(entry.foreign_name);
    }
    covered[entry.parameter] += shape.elements();
  }
  for (const auto& [parameter, elements] : covered)
    CHECK(elements == graph.parameter(parameter).shape.elements());
  CHECK(parts == std::vector<std::string>{"cls_token", "dist_token"});
}

TEST_CASE("parameters of MobileNets stand where timm has them") {
  const Names v2 = names_of(preset("mobilenetv2_100"), WeightLayout::kTimm);
  const Names expected_v2{
      {"stem.conv1.conv.weight", "conv_stem.weight"},
      {"stem.conv1.norm.running_mean", "bn1.running_mean"},
      {"stages.1.downsample.depthwise.conv.weight", "blocks.0.0.conv_dw.weight"},
      {"stages.1.downsample.project.norm.bias", "blocks.0.0.bn2.bias"},
      {"stages.2.layers.0.expand.conv.weight", "blocks.1.1.conv_pw.weight"},
      {"stages.7.downsample.project.conv.weight", "blocks.6.0.conv_pwl.weight"},
      {"heads.0.features.norm.weight", "bn2.weight"},
      {"heads.0.linear.bias", "classifier.bias"}};
  for (const auto& [own, foreign] : expected_v2) CHECK(v2.at(own) == foreign);
  const Names v3 = names_of(preset("mobilenetv3_large_100"), WeightLayout::kTimm);
  const Names expected_v3{
      {"stages.0.layers.0.depthwise.norm.weight", "blocks.0.0.bn1.weight"},
      {"stages.2.layers.1.squeeze.reduce.bias", "blocks.2.2.se.conv_reduce.bias"},
      {"heads.0.features.conv.weight", "blocks.6.0.conv.weight"},
      {"heads.0.features.norm.bias", "blocks.6.0.bn1.bias"},
      {"heads.0.hidden.bias", "conv_head.bias"}};
  for (const auto& [own, foreign] : expected_v3) CHECK(v3.at(own) == foreign);
}

TEST_CASE("parameters of a MobileViT stand where timm has them, and what timm lacks is refused") {
  const Names names = names_of(preset("mobilevit_xxs"), WeightLayout::kTimm);
  const Names expected{
      {"stem.conv1.norm.bias", "stem.bn.bias"},
      {"stages.0.layers.0.expand.conv.weight", "stages.0.0.conv1_1x1.conv.weight"},
      {"stages.2.layers.0.embed.weight", "stages.2.1.conv_1x1.weight"},
      {"stages.3.layers.0.blocks.3.attention.norm.weight", "stages.3.1.transformer.3.norm1.weight"},
      {"stages.3.layers.0.blocks.3.ffn.expand.bias", "stages.3.1.transformer.3.mlp.fc1.bias"},
      {"stages.4.layers.0.norm.weight", "stages.4.1.norm.weight"},
      {"stages.4.layers.0.fuse.norm.running_var", "stages.4.1.conv_fusion.bn.running_var"},
      {"heads.0.features.conv.weight", "final_conv.conv.weight"},
      {"heads.0.linear.weight", "head.fc.weight"}};
  for (const auto& [own, foreign] : expected) CHECK(names.at(own) == foreign);
  CHECK(names_of(preset("mobilevit_xs"), WeightLayout::kTimm)
            .at("stages.1.downsample.depthwise.conv.weight") == "stages.0.0.conv2_kxk.conv.weight");
  const auto changed = [&](auto&& change) {
    architecture::ModelSpec spec = preset("mobilevit_xxs");
    change(spec, std::get<layers::MobileVitLayer>(spec.stages[3].layers[0]));
    return refusal(spec);
  };
  CHECK_THAT(
      changed([](architecture::ModelSpec&, layers::MobileVitLayer& l) { l.qk.sizes[5] = 8; }),
      Contains("stages.3.layers.0 has heads of other sizes than width / heads (20)"));
  CHECK_THAT(
      changed([](architecture::ModelSpec&, layers::MobileVitLayer& l) { l.hidden[1] = 100; }),
      Contains("stages.3.layers.0 has FFNs of unequal size"));
  CHECK_THAT(changed([](architecture::ModelSpec&, layers::MobileVitLayer& l) { l.scale = 1; }),
             Contains("scales by something else"));
  CHECK_THAT(changed([](architecture::ModelSpec& s, layers::MobileVitLayer&) {
               std::get<layers::ConvolutionHead>(s.heads[0]).hidden = 8;
             }),
             Contains("heads.0 is not a convolution_head without hidden channels"));
  CHECK_THAT(changed([](architecture::ModelSpec& s, layers::MobileVitLayer&) {
               std::get<layers::InvertedResidual>(s.stages[1].layers[0]).hidden = 50;
             }),
             Contains("stages.1.layers.0 has a hidden of 50, no multiple of 8"));
  CHECK_THAT(refusal(preset("mobilevit_xxs"), WeightLayout::kOfficial), Contains("official names"));
}

TEST_CASE("networks that timm's blocks cannot make are refused with layer and reason") {
  const auto changed = [&](const std::string& name, auto&& change) {
    architecture::ModelSpec spec = preset(name);
    change(spec);
    return refusal(spec);
  };
  const auto block = [](architecture::ModelSpec& spec,
                        std::size_t stage) -> layers::InvertedResidual& {
    return std::get<layers::InvertedResidual>(spec.stages[stage].layers[0]);
  };
  const std::string v2 = "mobilenetv2_100", v3 = "mobilenetv3_large_100";
  CHECK(changed(v2, [](architecture::ModelSpec&) {}) == "accepted");
  CHECK(changed(v2, [&](architecture::ModelSpec& s) { block(s, 3).hidden = 184; }) == "accepted");
  CHECK_THAT(changed(v2, [&](architecture::ModelSpec& s) { block(s, 3).hidden = 190; }),
             Contains("stages.3.layers.0 has a hidden of 190, no multiple of 8"));
  CHECK_THAT(changed(v2, [&](architecture::ModelSpec& s) { s.stages[4].width = 65; }),
             Contains("stages.4 has a width of 65, no multiple of 8"));
  CHECK_THAT(
      changed(v2, [&](architecture::ModelSpec& s) { block(s, 3).norm = graph::Norm::kLayer; }),
      Contains("stages.3.layers.0 has the norm layer, not batch"));
  CHECK_THAT(changed(v2,
                     [&](architecture::ModelSpec& s) {
                       block(s, 3).activation = graph::Activation::kGelu;
                     }),
             Contains("has the activation gelu"));
  CHECK_THAT(changed(v3,
                     [&](architecture::ModelSpec& s) {
                       block(s, 2).squeeze_gate = graph::Activation::kSigmoid;
                     }),
             Contains("stages.2.layers.0 has another squeeze_gate than the first"));
  CHECK_THAT(changed(v3,
                     [&](architecture::ModelSpec& s) {
                       block(s, 2).squeeze_activation = graph::Activation::kSilu;
                     }),
             Contains("stages.2.layers.0 has another squeeze_activation"));
  CHECK_THAT(changed(v2,
                     [&](architecture::ModelSpec& s) {
                       s.stages[2].layers.push_back(layers::FfnLayer{8});
                     }),
             Contains("stages.2.layers.1 is ffn, neither"));
  CHECK_THAT(
      changed(v2, [&](architecture::ModelSpec& s) { s.heads[0] = layers::NormLinearHead{5}; }),
      Contains("heads.0 is not convolution_head"));
  CHECK_THAT(
      changed(v2, [&](architecture::ModelSpec& s) { s.stem = layers::SingleConvolutionStem{5}; }),
      Contains("stem has another kernel than 3"));
  CHECK_THAT(refusal(preset(v2), WeightLayout::kOfficial), Contains("published no PyTorch names"));
}

TEST_CASE("only the official layout may hold 1x1 convolutions flat") {
  const architecture::ModelSpec spec = preset("efficientvit_m0");
  const graph::Graph graph = architecture::build_graph(spec);
  for (const NameMapEntry& entry : name_map(spec, graph, WeightLayout::kTimm))
    CHECK_FALSE(entry.may_be_flat);
  for (const NameMapEntry& entry : name_map(spec, graph, WeightLayout::kOfficial)) {
    const graph::Shape& shape = graph.parameter(entry.parameter).shape;
    INFO(entry.name);
    CHECK(entry.may_be_flat == (shape.rank() == 4 && shape[2] * shape[3] == 1));
  }
}

TEST_CASE("each batch norm has its counter in a foreign layout") {
  const architecture::ModelSpec spec = preset("efficientvit_m0");
  const graph::Graph graph = architecture::build_graph(spec);
  std::size_t norms = 0;
  for (const graph::Node& node : graph.nodes)
    norms += std::holds_alternative<graph::BatchNorm>(node.op) ? 1 : 0;
  const auto counters =
      counter_names(name_map(spec, graph, WeightLayout::kTimm), WeightLayout::kTimm);
  CHECK(counters.size() == norms);
  for (const std::string& counter : counters) CHECK(is_bookkeeping(counter, WeightLayout::kTimm));
  CHECK(counter_names(name_map(spec, graph, WeightLayout::kVitlab), WeightLayout::kVitlab).empty());
  CHECK_FALSE(is_bookkeeping(counters.front(), WeightLayout::kVitlab));
}

TEST_CASE("models that timm's EfficientViT cannot be are refused with layer and reason") {
  struct Refusal {
    std::vector<std::string> overrides;
    std::string words;
  };
  const std::vector<Refusal> refusals{
      {{"mixer=grouped"}, "stages.0.layers.2 is grouped_attention where cascaded_attention stands"},
      {{"mixer=none"}, "stages.0.layers.2 is depthwise where cascaded_attention stands"},
      {{"depthwise=false"}, "stages.0.layers.0 is ffn where depthwise stands"},
      {{"ffn_per_side=2"}, "stages.0.layers.2 is depthwise where cascaded_attention stands"},
      {{"ffn_ratio=3"}, "stages.0.layers.1 has 192 hidden channels, not twice the width (128)"},
      {{"kernels=0"}, "stages.0.layers.2 has heads without a convolution on q"},
      {{"v_ratio=0.5"}, "stages.0.layers.2 has other v than the split (16)"},
      {{"norm=layer"}, "stem has the norm layer, not batch"},
      {{"activation=hardswish"}, "stem has the activation hardswish, not relu"},
      {{"stem_stride=8"}, "stem has other widths"},
      {{"widths=[64, 128]", "depths=[1, 2]", "image_size=[96, 160]"},
       "stages.0.layers.2 has windows of 7 x 7 tokens, not 6 x 6"},
      {{"image_size=100"}, "stages.0.layers.2 has windows of 7 x 7 tokens, not 6 x 6"},
  };
  for (const Refusal& expected : refusals) {
    INFO(expected.words);
    CHECK_THAT(refusal(preset("efficientvit_m0", expected.overrides)), Contains(expected.words));
  }
  CHECK(refusal(preset("efficientvit_m0", {"image_size=[256, 224]"})) == "accepted");
}

TEST_CASE("sizes that only one layer has are refused where they stand") {
  const architecture::ModelSpec spec = preset("efficientvit_m0");
  const auto changed = [&](std::size_t stage, std::size_t layer, auto&& change) {
    architecture::ModelSpec copy = spec;
    change(copy.stages[stage].layers[layer]);
    return refusal(copy);
  };
  CHECK_THAT(changed(2, 3, [](layers::Layer& l) { std::get<layers::FfnLayer>(l).hidden = 383; }),
             Contains("stages.2.layers.3 has 383 hidden channels"));
  CHECK_THAT(
      changed(2, 9, [](layers::Layer& l) { std::get<layers::CascadedAttention>(l).window = 2; }),
      Contains("stages.2.layers.9 differs from stages.2.layers.4"));
  CHECK_THAT(
      changed(1, 4, [](layers::Layer& l) { std::get<layers::CascadedAttention>(l).scale = 0.2; }),
      Contains("stages.1.layers.4 scales by something else"));
  CHECK_THAT(changed(0, 2,
                     [](layers::Layer& l) {
                       std::get<layers::CascadedAttention>(l).kernels = {5, 5, 5, 3};
                     }),
             Contains("has other kernels than the first of"));
  CHECK_THAT(
      changed(0, 2,
              [](layers::Layer& l) { std::get<layers::CascadedAttention>(l).qk.sizes[1] = 8; }),
      Contains("stages.0.layers.2 has heads of unequal qk"));
  architecture::ModelSpec copy = spec;
  std::get<layers::SubsampleLayer>(*copy.stages[1].downsample).squeeze = 60;
  CHECK_THAT(refusal(copy), Contains("stages.1.downsample squeezes to 60 channels, not 64"));
}

TEST_CASE("models that timm's VisionTransformer cannot be are refused with layer and reason") {
  CHECK_THAT(refusal(preset("deit_tiny", {"mhsa_share=0.25"})),
             Contains("is not the token_attention that begins a block"));
  CHECK_THAT(refusal(preset("deit_tiny", {"qk_dim=32"})),
             Contains("heads of other sizes than width / heads (64)"));
  CHECK_THAT(refusal(preset("deit_tiny", {"activation=relu"})), Contains("not gelu"));
  architecture::ModelSpec spec = preset("deit_tiny");
  std::get<layers::TokenFfn>(spec.stages[0].layers[3]).hidden = 700;
  CHECK_THAT(refusal(spec), Contains("stages.0.layers.3 differs from the FFN of the first block"));
  CHECK_THAT(refusal(preset("deit_tiny", {"head_split=true"})),
             Contains("stages.0.layers.0 gives each head its own split"));
  spec = preset("deit_tiny");
  std::get<layers::PatchStem>(spec.stem).class_tokens = 3;
  CHECK_THAT(refusal(spec), Contains("stem has neither one class token nor a second one"));
  std::get<layers::PatchStem>(spec.stem).class_tokens = 2;
  CHECK_THAT(refusal(spec), Contains("do not end with the token_norm of both heads"));
  spec = preset("deit_tiny_distilled");
  std::get<layers::TokenHead>(spec.heads[1]).token = 0;
  CHECK_THAT(refusal(spec), Contains("heads.1 is not a token_head without norm"));
  spec = preset("deit_tiny");
  std::get<layers::TokenHead>(spec.heads[0]).mean_tokens = true;
  CHECK_THAT(refusal(spec), Contains("heads.0 is not a token_head that reads the class token"));
}

TEST_CASE("the official layout holds square images and the heads of distillation") {
  CHECK_THAT(refusal(preset("efficientvit_m0", {"image_size=[256, 224]"}), WeightLayout::kOfficial),
             Contains("image is not square"));
  architecture::ModelSpec spec = preset("efficientvit_m0");
  spec.heads.push_back(spec.heads.front());
  CHECK_THAT(refusal(spec), Contains("heads are more than 1"));
  CHECK(names_of(spec, WeightLayout::kOfficial).at("heads.1.linear.weight") ==
        "head_dist.l.weight");
}

TEST_CASE("parameters of Swin and SwinV2 stand where timm and the official code have them") {
  const auto names = [](const char* model, WeightLayout layout) {
    return names_of(preset(model), layout);
  };
  const Names timm = names("swin_tiny", WeightLayout::kTimm);
  const Names official = names("swin_tiny", WeightLayout::kOfficial);
  const Names same{
      {"stem.projection.weight", "patch_embed.proj.weight"},
      {"stem.norm.bias", "patch_embed.norm.bias"},
      {"stages.0.layers.0.norm.weight", "layers.0.blocks.0.norm1.weight"},
      {"stages.2.layers.10.qkv.bias", "layers.2.blocks.5.attn.qkv.bias"},
      {"stages.2.layers.10.bias", "layers.2.blocks.5.attn.relative_position_bias_table"},
      {"stages.3.layers.3.norm.bias", "layers.3.blocks.1.norm2.bias"},
      {"stages.3.layers.3.project.weight", "layers.3.blocks.1.mlp.fc2.weight"},
      {"heads.0.norm.weight", "norm.weight"}};
  for (const Names& of : {timm, official})
    for (const auto& [own, foreign] : same) CHECK(of.at(own) == foreign);
  CHECK(timm.at("stages.1.downsample.reduction.weight") == "layers.1.downsample.reduction.weight");
  CHECK(official.at("stages.1.downsample.norm.bias") == "layers.0.downsample.norm.bias");
  CHECK(timm.at("heads.0.linear.bias") == "head.fc.bias");
  CHECK(official.at("heads.0.linear.bias") == "head.bias");
  for (const auto layout : {WeightLayout::kTimm, WeightLayout::kOfficial}) {
    const Names second = names("swinv2_tiny", layout);
    CHECK(second.at("stages.1.layers.2.logit_scale") == "layers.1.blocks.1.attn.logit_scale");
    CHECK(second.at("stages.1.layers.2.bias.expand.bias") ==
          "layers.1.blocks.1.attn.cpb_mlp.0.bias");
    CHECK(second.at("stages.1.layers.2.bias.project.weight") ==
          "layers.1.blocks.1.attn.cpb_mlp.2.weight");
    CHECK(second.at("stages.0.layers.0.q_bias") == "layers.0.blocks.0.attn.q_bias");
  }
}

TEST_CASE("models that no Swin's constructor makes are refused with layer and reason") {
  struct Refusal {
    std::vector<std::string> overrides;
    std::string words;
    WeightLayout layout = WeightLayout::kTimm;
  };
  const auto official = WeightLayout::kOfficial;
  const std::vector<Refusal> refusals{
      {{"mhsa_share=0.25"}, "is not the shifted_attention that begins a block"},
      {{"mhsa_share=0.75"}, "is not the token_ffn that ends a block"},
      {{"head_split=true"}, "gives each head its own split"},
      {{"v_ratio=0.5"}, "has heads of unequal qk and v"},
      {{"widths=[96, 192, 384, 720]"}, "not twice that of the stage before"},
      {{"qk_dim=24", "v_ratio=0.75"}, "heads of other sizes than width / heads", official},
      {{"ffn_ratio=[4, 4, 3, 4]"}, "another ratio of hidden to width", official},
      {{"window=[7, 7, 7, 5]"}, "another window than the first block", official},
      {{"image_size=[224, 448]"}, "differ between height and width", official},
      {{"image_size=200"}, "pads its windows", official},
  };
  for (const Refusal& expected : refusals) {
    INFO(expected.words);
    CHECK_THAT(refusal(preset("swin_tiny", expected.overrides), expected.layout),
               Contains(expected.words));
  }
  for (const char* accepted : {"qk_dim=32", "ffn_ratio=[4, 4, 3, 4]", "image_size=[100, 260]"})
    CHECK(refusal(preset("swin_tiny", {accepted})) == "accepted");
  CHECK(refusal(preset("swin_tiny"), official) == "accepted");
  CHECK_THAT(refusal(preset("swinv2_tiny", {"ffn_ratio=[4, 4, 3, 4]"})),
             Contains("another ratio of hidden to width"));
}

TEST_CASE("one setting of one layer that a Swin lacks is refused where it stands") {
  const architecture::ModelSpec spec = preset("swin_tiny");
  const auto changed = [&](std::size_t stage, std::size_t layer, auto&& change) {
    architecture::ModelSpec copy = spec;
    change(copy.stages[stage].layers[layer]);
    return refusal(copy);
  };
  CHECK_THAT(
      changed(2, 4, [](layers::Layer& l) { std::get<layers::ShiftedAttention>(l).shift = 3; }),
      Contains("stages.2.layers.4 is shifted by 3, not 0"));
  CHECK_THAT(
      changed(2, 4, [](layers::Layer& l) { std::get<layers::ShiftedAttention>(l).window = 5; }),
      Contains("stages.2.layers.4 differs from the first block of its stage"));
  CHECK_THAT(
      changed(1, 2, [](layers::Layer& l) { std::get<layers::ShiftedAttention>(l).scale = 0.3; }),
      Contains("stages.1.layers.2 scales by something else"));
  CHECK_THAT(
      changed(1, 2,
              [](layers::Layer& l) { std::get<layers::ShiftedAttention>(l).qkv_bias = false; }),
      Contains("stages.1.layers.2 differs from the first block in qkv_bias"));
  CHECK_THAT(changed(3, 3, [](layers::Layer& l) { std::get<layers::TokenFfn>(l).hidden = 700; }),
             Contains("stages.3.layers.3 differs from the first FFN of its stage"));
  CHECK_THAT(
      changed(0, 1, [](layers::Layer& l) { std::get<layers::TokenFfn>(l).post_norm = true; }),
      Contains("stages.0.layers.1 norms behind the branch"));
  architecture::ModelSpec copy = spec;
  std::get<layers::PatchMerging>(*copy.stages[1].downsample).post_norm = true;
  CHECK_THAT(refusal(copy), Contains("stages.1.downsample norms behind the reduction"));
  std::get<layers::TokenHead>(copy.heads[0]).epsilon = 1e-6;
  copy.stages = spec.stages;
  CHECK_THAT(refusal(copy), Contains("heads.0 is not a token_head that reads the mean"));
}

}  // namespace vitlab::interop
