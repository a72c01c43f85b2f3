#include <fstream>

#include "cli/command.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

/// A refusal: exit code 2, nothing on stdout, and these words on stderr.
void check_refused(const Ran& ran, const std::vector<std::string>& words) {
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  for (const std::string& word : words) CHECK_THAT(ran.err, Catch::Contains(word));
  CHECK_THAT(ran.err, !Catch::Contains("internal error"));
}

TEST_CASE("wrong commands and options are refused with the nearest right one") {
  check_refused(vitlab({}), {"vitlab sweep", "Exit codes"});
  check_refused(vitlab({"sweeep"}), {"'sweeep' is not a command; did you mean 'sweep'?"});
  check_refused(vitlab({"cost", "efficientvit_mo"}), {"did you mean 'efficientvit_m0'?"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--bacth", "2"}),
                {"--bacth is not an option of vitlab cost; did you mean '--batch'?"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--bacth=2"}), {"did you mean '--batch'?"});
  check_refused(vitlab({"cost"}), {"models", "vitlab cost --help"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--batch", "many"}), {"--batch", "many"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--batch", "0"}), {"--batch"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--dtype", "int8"}), {"int8", "bfloat16"});
  check_refused(vitlab({"show", "efficientvit_m0", "deit_tiny"}), {"vitlab show --help"});
  check_refused(vitlab({"cost", "efficientvit_m0", "--set", "dephts=[1, 2, 3]"}),
                {"did you mean 'depths'?"});
  for (const Command& command : commands())
    check_refused(vitlab({std::string(command.name), "--no-such-option"}), {"--no-such-option"});
}

TEST_CASE("what is not there is named") {
  const TemporaryFolder folder;
  const auto in_folder = [&](const std::vector<std::string>& words) {
    return vitlab(words, folder.path());
  };
  std::filesystem::create_directory(folder / "empty");
  check_refused(in_folder({"plan", "no.yaml"}), {"no.yaml"});
  check_refused(in_folder({"plan", "empty"}), {"empty", "folder"});
  check_refused(in_folder({"cost", "empty"}), {"empty", "spec.yaml"});
  for (const char* command : {"collect", "report", "guide", "design"}) {
    std::vector<std::string> words{command, "empty"};
    if (words[0] == "design") words.insert(words.end(), {"--budgets", "macs=1e6", "--out", "new"});
    check_refused(in_folder(words), {"empty", "store"});
    words[1] = "nowhere";
    check_refused(in_folder(words), {"nowhere"});
  }
  const std::string m0 = "efficientvit_m0";
  check_refused(in_folder({"forward", m0, "--input", "no.safetensors", "--output", "y"}),
                {"no.safetensors does not exist"});
  check_refused(in_folder({"profile", m0, "--weights", "no.safetensors"}), {"no.safetensors"});
  check_refused(in_folder({"similarity", m0}), {"--input", "--data"});
  check_refused(in_folder({"measure", m0, "--batch", "1,0"}),
                {"--batch takes whole numbers", "'0'"});
  check_refused(in_folder({"measure", m0, "--threads", "8..2"}),
                {"--threads '8..2' runs downwards"});
  check_refused(in_folder({"measure", m0, "--runtime", "libtorch,onnxruntim"}),
                {"runtime must be one of", "did you mean 'onnxruntime'?"});
  check_refused(in_folder({"measure", m0, "--deploy", "--eager"}), {"opposites"});
  check_refused(in_folder({"measure", m0, "--until", "2"}), {"--until must lie between 0 and 1"});
  check_refused(in_folder({"measure", m0, "--runtime", "onnxruntime", "--dtype", "bfloat16"}),
                {"runtime onnxruntime is measured in float32"});
  check_refused(in_folder({"measure", "none.onnx"}), {"none.onnx"});
  check_refused(in_folder({"train", m0, "--data", "digitz", "--out", "new"}),
                {"did you mean 'digits'?"});
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"train", m0, "--data", "digits", "--out", "new"},
                                             {"prune", m0, "--data", "digits", "--out", "new"},
                                             {"similarity", m0, "--data", "digits"},
                                             {"forward", m0, "--input", "none", "--output", "new"},
                                             {"export", m0, "--format", "yaml", "--out", "new"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"--seed", "-1"});
    check_refused(in_folder(words), {"--seed must not be negative"});
  }
  check_refused(in_folder({"prune", m0, "--data", "digits", "--keep", "macs", "--out", "new"}),
                {"--keep macs", "macs=0.6"});
  check_refused(in_folder({"prune", m0, "--data", "digits", "--keep", "mcas=0.5", "--out", "new"}),
                {"did you mean 'macs'?"});
  check_refused(in_folder({"export", m0, "--format", "yml", "--out", "new"}),
                {"'yml' is not an export format", "did you mean 'yaml'?"});
  CHECK_FALSE(std::filesystem::exists(folder / "new"));
}

/// A file, the words that read it, and what must be said of it in one pass.
struct BadFile {
  const char* name;
  std::vector<std::string> words;
  std::string text;
  std::vector<std::string> complaints;
};

std::vector<BadFile> bad_files() {
  const std::vector<std::string> cost{"cost", "bad.yaml"}, plan{"plan", "bad.yaml"},
      train{"train", "efficientvit_m0", "--data", "digits", "--out", "new", "--recipe", "bad.yaml"},
      profile{"profile", "efficientvit_m0", "--protocol", "bad.yaml"},
      measure{"measure", "efficientvit_m0", "--protocol", "bad.yaml"},
      prune{"prune", "efficientvit_m0", "--data",  "digits", "--out",
            "new",   "--settings",      "bad.yaml"};
  const std::string base = "base: {template: efficientvit}\n";
  return {
      {"unknown keys and wrong types of a model",
       cost,
       "template: efficientvit\nqk_dims: 4\nclasses: ten\nwidths: 64\ndepthwise: yes\n",
       {"bad.yaml:2:1: qk_dims is not a setting; did you mean 'qk_dim'?", "bad.yaml:3:10: classes",
        "bad.yaml:4:9: widths", "bad.yaml:5:12: depthwise"}},
      {"duplicate keys",
       cost,
       "template: vit\nclasses: 1\nclasses: 2\n",
       {"bad.yaml:3:1: classes is given twice, first on line 2"}},
      {"octal and overflow",
       cost,
       "template: efficientvit\nclasses: 010\nqk_dim: 99999999999999999999\n",
       {"bad.yaml:2:10:", "octal", "bad.yaml:3:9:", "64 bits"}},
      {"impossible shapes", cost, "template: efficientvit\nimage_size: 8\n", {"bad.yaml:"}},
      {"heads that divide no width",
       cost,
       "template: efficientvit\nheads: 5\n",
       {"bad.yaml:2:8: heads 5 does not divide"}},
      {"a number too large for any machine",
       cost,
       "template: efficientvit\nimage_size: 100000000\n",
       {"bad.yaml:", "16384"}},
      {"an alias cycle", cost, "template: &x [*x]\n", {"bad.yaml:1:11: anchors", "bad.yaml:1:15:"}},
      {"an alias bomb",
       cost,
       "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\ntemplate: *c\n",
       {"bad.yaml:1:4: anchors", "bad.yaml:4:11: aliases"}},
      {"deep nesting",
       cost,
       "template: " + std::string(100'000, '[') + std::string(100'000, ']') + "\n",
       {"bad.yaml:1:", "nested deeper than"}},
      {"deep nesting by lines",
       cost,
       [] {
         std::string text;
         for (int depth = 0; depth < 300; ++depth)
           text += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
         return text;
       }(),
       {"bad.yaml:", "nested deeper than"}},
      {"nothing", cost, "", {"bad.yaml:1:1:"}},
      {"a list", cost, "- template\n", {"bad.yaml:1:1:"}},
      {"half a bracket", cost, "template: efficientvit\nwidths: [1, 2\n", {"bad.yaml:"}},
      {"tabs", cost, "template: efficientvit\n\twidths: [1, 2]\n", {"bad.yaml:2:"}},
      {"bytes that are no text", cost, "template: \xff\xfe\x01\n", {"bad.yaml:1:"}},
      {"two documents", cost, "template: vit\n---\ntemplate: vit\n", {"bad.yaml:"}},
      {"a sweep with a mistake on every line",
       plan,
       "sweep: a/b\nbase: {template: efficientvit, classes: ten}\ndatta: digits\n"
       "recipe: no.yaml\naxes: [{grid: {mixer: [ful]}}]\nseeds: [0, 0]\nstages: [cost, trian]\n"
       "where: [\"params <\"]\n",
       {"bad.yaml:1:8: sweep", "bad.yaml:2:41: base.classes", "bad.yaml:3:1: datta",
        "did you mean 'data'?", "bad.yaml:4:9: recipe", "bad.yaml:5:24: axes[0].grid.mixer[0]",
        "did you mean 'full'?", "bad.yaml:6:8: seeds", "bad.yaml:7:16: stages[1]",
        "did you mean 'train'?", "bad.yaml:8:"}},
      {"a sweep without a name", plan, base, {"bad.yaml:1:1: sweep is missing"}},
      {"settings of stages",
       plan,
       "sweep: s\n" + base +
           "data: digits\nstages: [{prune: {keep: {mac: 0.5}, steps: 0}}, {measure: {batch: "
           "010}}]\n",
       {"stages[0].prune.keep.mac is not a setting; did you mean 'macs'?",
        "stages[0].prune.steps must lie in 1..", "stages[1].measure.batch"}},
      {"a recipe",
       train,
       "epochs: 0\nlearning_rate: fast\nepoch: 3\nthreads: 010\nmixup: -1\n",
       {"bad.yaml:1:9: epochs", "bad.yaml:2:16: learning_rate", "bad.yaml:3:1: epoch",
        "bad.yaml:4:10: threads", "bad.yaml:5:8: mixup"}},
      {"a protocol",
       profile,
       "batch: 0\nwarmup_secs: 1\ndevice: gpu\n",
       {"bad.yaml:1:8: batch", "did you mean 'warmup_seconds'?", "bad.yaml:3:9: device"}},
      {"lists in a protocol where one is needed",
       profile,
       "batch: [1, 2]\nthreads: [1, 2]\n",
       {"bad.yaml:1:8: batch makes several protocols", "bad.yaml:2:10: threads makes several"}},
      {"a protocol of lists",
       measure,
       "batch: [1, x]\nruntime: [onnx]\ndeploy: [yes]\nthreads: {powers_of_two_up_to: 4}\n",
       {"bad.yaml:1:12: batch", "bad.yaml:2:11: runtime must be one of", "bad.yaml:3:10: deploy",
        "bad.yaml:4:10: threads"}},
      {"settings of pruning",
       prune,
       "keep: {macs: 2}\ncriterion: taylor\nsteps: x\n",
       {"bad.yaml:1:14: keep.macs", "bad.yaml:2:12: criterion", "bad.yaml:3:8: steps"}},
  };
}

TEST_CASE("every mistake in a file is told in one pass with its place, and nothing is written") {
  for (const BadFile& bad : bad_files()) {
    INFO(bad.name);
    const TemporaryFolder folder;
    std::ofstream(folder / "bad.yaml", std::ios::binary) << bad.text;
    const Ran ran = vitlab(bad.words, folder.path());
    INFO(ran.err);
    check_refused(ran, bad.complaints);
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
    CHECK(ran.err.size() < 20'000);
  }
}

TEST_CASE("control characters of a file do not reach the terminal") {
  const TemporaryFolder folder;
  std::ofstream(folder / "bad.yaml") << "template: \"\\e[31mred\"\nqk\\e: 1\n";
  const Ran ran = vitlab({"cost", "bad.yaml"}, folder.path());
  CHECK(ran.code == 2);
  CHECK(ran.err.find('\x1b') == std::string::npos);
}

TEST_CASE("output that cannot be written is a failure, not silence") {
  if (!std::filesystem::exists("/dev/full")) return;
  const Ran ran = run_program(
      {"/bin/sh", "-c", std::string(kVitlab) + " cost efficientvit_m0 > /dev/full"}, "/");
  CHECK(ran.code == 1);
  CHECK_THAT(ran.err, Catch::Contains("stdout"));
}

}  // namespace
}  // namespace vitlab::cli
