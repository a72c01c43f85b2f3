#include "interop/timm_config.h"

#include "architecture/presets.h"
#include "interop/name_map.h"
#include "interop/timm_models.h"
#include "random_spec.h"
#include "test.hpp"

namespace vitlab::interop {
namespace {

core::Json config_of(const std::string& name, const std::vector<std::string>& overrides = {}) {
  const architecture::ModelSpec spec = architecture::resolve_model(name, overrides).spec;
  return timm_config(spec, architecture::build_graph(spec));
}

TEST_CASE("presets have the names that timm gives them, at any image size and class count") {
  for (int i = 0; i <= 5; ++i) {
    const std::string name = "efficientvit_m" + std::to_string(i);
    CHECK(config_of(name).at("architecture") == name);
    CHECK(config_of(name, {"image_size=128", "classes=10"}).at("architecture") == name);
  }
  CHECK(config_of("deit_tiny").at("architecture") == "deit_tiny_patch16_224");
  CHECK(config_of("deit_small").at("architecture") == "deit_small_patch16_224");
  const core::Json distilled = config_of("deit_small_distilled", {"image_size=64"});
  CHECK(distilled.at("architecture") == "deit_small_distilled_patch16_224");
  CHECK(distilled.at("pretrained_cfg").at("classifier") == core::Json{"head", "head_dist"});
}

TEST_CASE("an off-menu EfficientViT is the arguments of timm's constructor") {
  const core::Json config =
      config_of("efficientvit_m0",
                {"image_size=[64, 96]", "channels=1", "classes=5", "widths=[16, 24]",
                 "depths=[1, 2]", "heads=[2, 3]", "qk_dim=4", "kernels=[3, 5, 7]", "window=2"});
  const core::Json& arguments = config.at("model_args");
  CHECK(arguments.at("embed_dim") == core::Json{16, 24});
  CHECK(arguments.at("depth") == core::Json{1, 2});
  CHECK(arguments.at("num_heads") == core::Json{2, 3});
  CHECK(arguments.at("key_dim") == core::Json{4, 4});
  CHECK(arguments.at("window_size") == core::Json{2, 2});
  CHECK(arguments.at("kernels") == core::Json{3, 5, 7});
  CHECK(arguments.at("down_ops") == core::Json::parse(R"([["", 1], ["subsample", 2]])"));
  CHECK(arguments.at("img_size") == core::Json{64, 96});
  CHECK(arguments.at("in_chans") == 1);
  CHECK(arguments.at("num_classes") == 5);
  CHECK(config.at("num_features") == 24);
  CHECK(config.at("pretrained_cfg").at("input_size") == core::Json{1, 64, 96});
  CHECK(config.at("pretrained_cfg").at("first_conv") == "patch_embed.conv1.conv");
}

TEST_CASE("an off-menu ViT is the arguments of timm's constructor") {
  const core::Json arguments =
      config_of("deit_tiny", {"image_size=48", "classes=2", "patch=8", "width=40", "depth=3",
                              "heads=5", "ffn_ratio=1.5"})
          .at("model_args");
  CHECK(arguments.at("patch_size") == 8);
  CHECK(arguments.at("embed_dim") == 40);
  CHECK(arguments.at("depth") == 3);
  CHECK(arguments.at("num_heads") == 5);
  CHECK(arguments.at("mlp_ratio") == 1.5);
  CHECK(arguments.at("qkv_bias") == true);
}

TEST_CASE("MobileNets are the published ones or refused") {
  const core::Json config = config_of("mobilenetv3_small_100", {"image_size=96", "classes=3"});
  CHECK(config.at("architecture") == "mobilenetv3_small_100");
  CHECK(config.at("num_features") == 1024);
  CHECK_FALSE(config.at("model_args").contains("img_size"));
  architecture::ModelSpec narrow = architecture::resolve_model("mobilenetv2_100").spec;
  std::get<layers::ConvolutionHead>(narrow.heads.front()).features = 640;
  CHECK_THROWS_WITH(timm_config(narrow, architecture::build_graph(narrow)),
                    Catch::Contains("efficientnet_b0, mobilevit_xxs"));
}

TEST_CASE("timm's int(width * ratio) gives back every hidden size") {
  for (graph::Index width = 1; width < 400; width += 7)
    for (graph::Index hidden = 1; hidden < 1700; hidden += 13) {
      const double product = static_cast<double>(width) * timm_ratio(hidden, width);
      if (static_cast<graph::Index>(product) != hidden) FAIL(width << " " << hidden);
    }
}

TEST_CASE("a random model has a config or is refused with a layer and a reason") {
  std::size_t refused = 0;
  for (const std::string& kind : layers::layer_kind_names()) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const architecture::ModelSpec spec = RandomSpecs(seed).with_kind(kind);
      INFO(kind << ' ' << seed);
      try {
        const core::Json config = timm_config(spec, architecture::build_graph(spec));
        CHECK(config.contains("architecture"));
      } catch (const LayoutRefusal& refusal) {
        CHECK_FALSE(refusal.path().empty());
        CHECK_FALSE(refusal.reason().empty());
        ++refused;
      }
    }
  }
  CHECK(refused > 0);
}

}  // namespace
}  // namespace vitlab::interop
