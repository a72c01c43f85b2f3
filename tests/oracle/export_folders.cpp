// export_folders FOLDER: random models that timm can make, each exported to FOLDER/<case>/out, with
// images and the logits of vitlab's own forward in FOLDER/<case>/run.safetensors.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <c10/core/GradMode.h>

#include "architecture/presets.h"
#include "core/random.h"
#include "exports/write_export.h"
#include "interop/name_map.h"
#include "interop/timm_config.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/mean_logits.h"
#include "model/weight_files.h"
#include "telling_weights.h"

namespace vitlab {
namespace {

namespace fs = std::filesystem;

constexpr int kRandomOfEach = 4;

/// Settings off every menu: sizes, depths, heads, kernels, windows and image sizes.
class RandomKnobs {
 public:
  explicit RandomKnobs(std::uint64_t seed) : random_(seed) {}

  core::Json efficientvit() {
    const graph::Index stages = between(1, 4);
    core::Json widths = core::Json::array(), depths = core::Json::array(),
               heads = core::Json::array(), keys = core::Json::array(),
               windows = core::Json::array(), kernels = core::Json::array();
    for (graph::Index i = 0; i < stages; ++i) {
      heads.push_back(between(1, 4));
      widths.push_back(8 * heads.back().get<graph::Index>() * between(1, 3));
      depths.push_back(between(1, 2));
      keys.push_back(between(2, 9));
      windows.push_back(between(2, 5));
    }
    for (int i = 0; i < 4; ++i) kernels.push_back(2 * between(0, 3) + 1);
    const graph::Index side = 16 * between(stages < 4 ? 3 : 5, 7);  // each stage halves the map
    return {{"template", "efficientvit"},
            {"image_size", side},
            {"classes", between(2, 30)},
            {"channels", between(1, 4)},
            {"widths", widths},
            {"depths", depths},
            {"heads", heads},
            {"qk_dim", keys},
            {"window", windows},
            {"kernels", kernels}};
  }

  core::Json vit() {
    const graph::Index heads = between(1, 4), patch = between(4, 9);
    core::Json knobs{{"template", "vit"},
                     {"image_size", {patch * between(2, 5), patch * between(2, 5)}},
                     {"classes", between(2, 30)},
                     {"channels", between(1, 4)},
                     {"patch", patch},
                     {"width", heads * between(3, 17)},
                     {"depth", between(1, 3)},
                     {"heads", heads},
                     {"ffn_ratio", 0.5 * static_cast<double>(between(1, 8))}};
    if (between(0, 1) == 1) knobs["distilled"] = true;
    return knobs;
  }

 private:
  graph::Index between(graph::Index low, graph::Index high) {
    return low +
           static_cast<graph::Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  core::Random random_;
};

bool timm_makes(const architecture::ModelSpec& spec) {
  try {
    interop::timm_config(spec, architecture::build_graph(spec));
    return true;
  } catch (const interop::LayoutRefusal&) {
    return false;
  }
}

void export_case(const std::string& name, const architecture::ModelSpec& spec,
                 const fs::path& folder) {
  graph::Graph graph = architecture::build_graph(spec);
  model::Weights weights = telling_weights(graph);
  const exports::ExportModel model{name, spec, std::move(graph), std::move(weights),
                                   "drawn for a test"};
  fs::remove_all(folder / name);
  fs::create_directories(folder / name);
  exports::write_export(model, {.formats = {"timm", "torchscript"}}, folder / name / "out");
  const at::Tensor images =
      at::randn({3, spec.image.channels, spec.image.height, spec.image.width}, at::kFloat);
  const at::Tensor logits =
      model::mean_logits(model::Executor(model.graph).run(model.weights, images).outputs);
  model::write_tensors(folder / name / "run.safetensors", {{"input", images}, {"logits", logits}});
}

void export_all(const fs::path& folder) {
  for (const char* preset :
       {"efficientvit_m0", "efficientvit_m4", "efficientvit_m5", "deit_tiny", "deit_tiny_distilled",
        "swin_tiny", "swinv2_tiny", "mobilenetv2_100", "mobilenetv3_large_100",
        "mobilenetv3_small_100", "efficientnet_b0", "mobilevit_xxs", "mobilevit_xs"})
    export_case(preset, architecture::resolve_model(preset, {"classes=10"}).spec, folder);
  export_case("swin_small_windows",
              architecture::resolve_model(
                  "swin_tiny", {"image_size=[64, 96]", "widths=[24, 48]", "depths=[2, 2]",
                                "heads=[2, 3]", "window=5", "classes=4"})
                  .spec,
              folder);
  int made = 0;
  for (std::uint64_t seed = 0; made < 2 * kRandomOfEach && seed < 200; ++seed) {
    RandomKnobs knobs(seed);
    const bool is_vit = made >= kRandomOfEach;
    const architecture::ModelSpec spec =
        architecture::expand_knobs(is_vit ? knobs.vit() : knobs.efficientvit(), "random");
    if (timm_makes(spec)) export_case("random_" + std::to_string(made++), spec, folder);
  }
  if (made < 2 * kRandomOfEach) throw core::Failure("too few random models that timm can make");
}

}  // namespace
}  // namespace vitlab

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    vitlab::model::set_threads(1);
    const c10::NoGradGuard no_grad;
    vitlab::export_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
