#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "architecture/presets.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

/// A model text with one mistake, or a few.
struct Mistake {
  const char* name;
  const char* text;
};

const char* kHead = "heads: [{norm_linear: {classes: 10}}]\n";

const Mistake kMistakes[] = {
    {"unknown template", "template: efficientvitt\n"},
    {"no template", "widths: [64, 128, 192]\n"},
    {"not a map", "- template\n"},
    {"unknown knob", "template: efficientvit\nqk_dims: 16\n"},
    {"knob of another template", "template: vit\nmixer: cascaded\n"},
    {"wrong types",
     "template: efficientvit\nclasses: many\nwidths: 64\ndepthwise: yes\nqk_dim: {a: 1}\n"
     "v_ratio: [1, 2]\n"},
    {"octal", "template: efficientvit\nclasses: 010\n"},
    {"alias", "template: efficientvit\nwidths: &w [64, 128, 192]\ndepths: *w\n"},
    {"duplicate key", "template: efficientvit\nclasses: 10\nclasses: 20\n"},
    {"widths and depths", "template: efficientvit\nwidths: [64, 128]\ndepths: [1, 2, 3]\n"},
    {"widths without depths", "template: efficientvit\nwidths: [64, 128]\n"},
    {"heads per stage", "template: efficientvit\nheads: [4, 4]\n"},
    {"heads and width", "template: efficientvit\nheads: 5\n"},
    {"heads and width of a vit", "template: vit\nheads: 5\n"},
    {"unknown mixer", "template: efficientvit\nmixer: cascade\n"},
    {"image too small", "template: efficientvit\nimage_size: 8\n"},
    {"image too small for three stages", "template: efficientvit\nimage_size: 16\n"},
    {"window", "template: efficientvit\nwindow: 0\nkernels: [4]\n"},
    {"stem stride", "template: efficientvit\nstem_stride: 12\n"},
    {"ranges", "template: efficientvit\nv_ratio: 0\nffn_ratio: -1\nffn_per_side: [1, 1, 1]\n"},
    {"share is a result", "template: efficientvit\nmhsa_share: 0.5\n"},
    {"share out of range", "template: vit\nmhsa_share: 1.5\npatch: 0\nplacement: middle\n"},
    {"patch", "template: vit\nimage_size: 100\n"},
    {"image size", "template: vit\nimage_size: [1, 2, 3]\n"},
    {"unknown variant", "template: mobilenet\nvariant: v4\nwidth_scale: 0\n"},
    {"patches of a mobilevit", "template: mobilevit\nimage_size: 224\n"},
    {"ranges of a mobilevit", "template: mobilevit\nwidths: []\nblocks: [1, 2]\nexpansion: -1\n"},
    {"explicit: unknown kind",
     "model: 1\nstem: {convolutions: {widths: [8]}}\nstages:\n  - width: 8\n    layers:\n"
     "      - fnn: {hidden: 4}\n"},
    {"explicit: unknown setting",
     "model: 1\nstem: {convolutions: {widths: [8]}}\nstages:\n  - width: 8\n    layers:\n"
     "      - ffn: {hiden: 4}\n"},
    {"explicit: unknown keys",
     "model: 1\nstem: {convolutions: {widths: [8]}}\nimages: {}\nstages:\n  - width: 8\n"
     "    layer: []\n"},
    {"explicit: values",
     "model: 1\nstem: {convolutions: {widths: [8], norm: bach}}\nstages:\n  - width: 8\n"
     "    layers:\n      - ffn: {hidden: 1.5}\n      - depthwise\n      - ffn: 3\n"},
    {"explicit: missing parts", "model: 2\n"},
    {"explicit: heads and width",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - width: 8\n    layers:\n"
     "      - cascaded_attention: {qk: 4, v: 2, kernels: [3, 3, 3], scale: 0.5}\n"},
    {"explicit: even window kernels",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - width: 8\n    layers:\n"
     "      - depthwise: {kernel: 4}\n"},
    {"explicit: per head",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - width: 8\n    layers:\n"
     "      - full_attention: {heads: 2, qk: [4, 4, 4], v: [0, 4], scale: 0}\n"},
    {"explicit: kinds in the wrong place",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - width: 8\n    layers:\n      - patches: {}\n      - token_head: {classes: 3}\n"
     "  - width: 8\n    downsample: {ffn: {hidden: 3}}\n    layers: []\n"},
    {"explicit: tokens and maps",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {patches: {size: 8}}\nstages:\n"
     "  - width: 8\n    layers:\n      - token_ffn: {hidden: 4}\n      - ffn: {hidden: 4}\n"},
    {"explicit: no downsample",
     "model: 1\nimage: {height: 32, width: 32}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - {width: 8, layers: []}\n  - {width: 8, layers: []}\n"},
    {"explicit: subsampling nothing",
     "model: 1\nimage: {height: 2, width: 2}\nstem: {convolutions: {widths: [8]}}\nstages:\n"
     "  - {width: 8, layers: []}\n"
     "  - {width: 8, downsample: {subsample: {hidden: 8}}, layers: []}\n"},
};

std::string message_of(const std::string& text) {
  try {
    core::ConfigDocument document = core::parse_document("model.yaml", text);
    read_model(document.root, document.problems);
    document.problems.throw_if_any();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "(accepted)";
}

std::string message_of_set(const std::string& reference, const std::vector<std::string>& set) {
  try {
    resolve_model(reference, set);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "(accepted)";
}

std::string all_messages() {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& message) {
    text += "# " + name + "\n" + message + "\n\n";
  };
  for (const Mistake& mistake : kMistakes) {
    std::string model = mistake.text;
    const bool is_explicit = model.rfind("model: 1", 0) == 0;
    if (is_explicit) model += kHead;
    add(mistake.name, message_of(model));
  }
  add("--set without a value", message_of_set("efficientvit_m0", {"widths"}));
  add("--set without a key", message_of_set("efficientvit_m0", {"=3"}));
  add("--set of an unknown knob", message_of_set("efficientvit_m0", {"dephts=[1, 2, 3]"}));
  add("--set of a wrong type", message_of_set("efficientvit_m0", {"classes=ten"}));
  add("--set of broken YAML", message_of_set("efficientvit_m0", {"widths=[64, 128"}));
  add("unknown model", message_of_set("efficientvit_m9", {}));
  return text;
}

// VITLAB_APPROVE=1 writes the messages of today; the difference is for the reviewer.
TEST_CASE("every mistake in a model is named with its place and the nearest right word") {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/model_messages.txt";
  const std::string messages = all_messages();
  if (std::getenv("VITLAB_APPROVE") != nullptr) std::ofstream(path) << messages;
  std::ifstream file(path);
  std::ostringstream golden;
  golden << file.rdbuf();
  CHECK(messages == golden.str());
  CHECK(messages.find("(accepted)") == std::string::npos);
}

}  // namespace
}  // namespace vitlab::architecture
