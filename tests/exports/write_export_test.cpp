#include "exports/write_export.h"

#include <fstream>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "exports/export_format.h"
#include "exports/model_card.h"
#include "exports/torchscript_code.h"
#include "exports/verify.h"
#include "exports/weights_memory.h"
#include "interop/export_formats.h"
#include "run_program.h"
#include "small_exports.h"

namespace vitlab::exports {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
  return files;
}

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// A model whose blocks timm has no place for.
ExportModel foreign_model() {
  return export_model(
      architecture::resolve_model(
          "efficientvit_m0", {"image_size=32", "classes=3", "widths=[16, 24]", "depths=[1, 1]",
                              "heads=2", "qk_dim=4", "kernels=[3, 3]", "stem_stride=4", "window=4"})
          .spec,
      2, "foreign");
}

TEST_CASE("every format has a row, in the order that the help shows") {
  std::vector<std::string> shown, written;
  for (const interop::ExportFormatName& format : interop::export_format_names())
    shown.emplace_back(format.name);
  for (const ExportFormat& format : export_formats()) written.emplace_back(format.name);
  CHECK(shown == written);
}

TEST_CASE("an export is whole: its files, their sums, and how far each form is off") {
  const TemporaryFolder folder;
  const ExportModel model = small_efficientvit();
  std::vector<std::string> steps;
  const messages::ExportAnswer answer = write_export(
      model, {{"timm", "official", "onnx", "torchscript"}, {}, 18, {}, "vitlab export x"},
      folder / "out", [&](graph::Index done, graph::Index total, const std::string& what) {
        CHECK(done <= total);
        steps.push_back(what);
      });
  CHECK(steps.front() == "reference");
  CHECK(steps.back() == "done");
  CHECK(files_below(folder / "out") ==
        std::set<std::string>{"README.md", "SHA256SUMS", "model.safetensors", "spec.yaml",
                              "timm/config.json", "timm/model.safetensors",
                              "official/model.safetensors", "onnx/model.onnx",
                              "torchscript/model.pt", "verify.json"});
  CHECK(answer.files.size() == 10);
  const std::string sums = text_of(folder / "out/SHA256SUMS");
  for (const std::string& file : files_below(folder / "out"))
    if (file != "SHA256SUMS")
      CHECK_THAT(sums, Contains(core::sha256_file(folder / "out" / file) + "  " + file + "\n"));
  const auto verify = core::from_json<messages::ExportReport>(
      core::parse_json(text_of(folder / "out/verify.json"), "verify.json"), "verify.json");
  CHECK(verify == answer);
  REQUIRE(verify.formats.size() == 6);
  for (const messages::FormatCheck& row : verify.formats) {
    INFO(row.format);
    CHECK(row.seeds.size() == 3);
    CHECK(row.batches == std::vector<graph::Index>{1, 3});
    CHECK(row.max_rel_difference <= row.max_rel_allowed);
  }
  CHECK(verify.deploy.max_rel_difference < 1e-4);
}

TEST_CASE("the folded form goes into the formats that hold a graph") {
  const TemporaryFolder folder;
  const ExportModel model = small_efficientvit();
  write_export(model, {{"torchscript"}, messages::ExportForm::kDeploy, 18, {}, ""}, folder / "out");
  write_export(model, {{"torchscript"}, {}, 18, {}, ""}, folder / "plain");
  CHECK(fs::file_size(folder / "out/torchscript/model.pt") <
        fs::file_size(folder / "plain/torchscript/model.pt"));
  CHECK(text_of(folder / "out/model.safetensors") == text_of(folder / "plain/model.safetensors"));
  CHECK_THAT(torchscript_code(model.graph).text, Contains("batch_norm"));
  CHECK_THAT(torchscript_code(deployed(model).graph).text, !Contains("batch_norm"));
}

TEST_CASE("vitlab's own formats alone write just what they name") {
  const TemporaryFolder folder;
  write_export(foreign_model(), {{"yaml"}, {}, 18, {}, ""}, folder / "out");
  CHECK(files_below(folder / "out") ==
        std::set<std::string>{"README.md", "SHA256SUMS", "spec.yaml", "verify.json"});
}

TEST_CASE("what a format cannot express is refused with layer and reason, and nothing is written") {
  const TemporaryFolder folder;
  const ExportModel model = foreign_model();
  CHECK_THROWS_WITH(write_export(model, {{"torchscript", "timm"}, {}, 18, {}, ""}, folder / "out"),
                    Contains("--format timm") && Contains("foreign") && Contains("stem"));
  CHECK_THROWS_WITH(write_export(model, {{"timn"}, {}, 18, {}, ""}, folder / "out"),
                    Contains("'timn' is not an export format") && Contains("'timm'"));
  ExportModel half = model;
  half.weights = model::converted(half.weights, at::kBFloat16);
  CHECK_THROWS_WITH(write_export(half, {{"torchscript"}, {}, 18, {}, ""}, folder / "out"),
                    Contains("float32") && Contains("bfloat16"));
  ExportModel broken = model;
  broken.weights.tensors.back().fill_(std::nan(""));
  CHECK_THROWS_WITH(write_export(broken, {{"yaml"}, {}, 18, {}, ""}, folder / "out"),
                    Contains("not finite"));
  CHECK(entries_in(folder.path()) == 0);
}

TEST_CASE("a form that computes something else is a failure") {
  const ExportModel model = foreign_model();
  const Verification verification(model);
  const model::Executor executor(model.graph);
  const auto forward_off_by = [&](double share) -> Forward {
    return [&, share](const at::Tensor& images) {
      return executor.run(model.weights, images).outputs[0] * (1 + share);
    };
  };
  CHECK(verification.difference(forward_off_by(0)).absolute == 0);
  CHECK(verification.difference(forward_off_by(1e-3)).relative == Approx(1e-3).epsilon(1e-2));
  CHECK(verified(verification, "x", "y", forward_off_by(1e-6), 1e-5).ran_by == "y");
  CHECK_THROWS_AS(verified(verification, "x", "y", forward_off_by(1e-4), 1e-5), core::Failure);
  CHECK_THROWS_AS(verified(verification, "x", "y", forward_off_by(std::nan("")), 1e-5),
                  core::Failure);
  const Forward misshapen = [](const at::Tensor& images) { return at::zeros({images.size(0), 1}); };
  CHECK_THROWS_AS(verified(verification, "x", "y", misshapen, 1e-5), core::Failure);
}

TEST_CASE("weights that memory cannot hold are refused with their size") {
  const graph::Graph graph =
      architecture::build_graph(architecture::resolve_model("deit_tiny").spec);
  CHECK(weight_elements(graph) == 5'717'416);
  CHECK(available_memory() > 0);
  CHECK_NOTHROW(require_memory_to_export(graph, "deit_tiny", graph::Index{1} << 30));
  CHECK_NOTHROW(require_memory_to_export(graph, "deit_tiny", 0));
  try {
    require_memory_to_export(graph, "deit_tiny", 50'000'000);
    FAIL("accepted");
  } catch (const core::CapabilityError& error) {
    CHECK_THAT(error.what(), Contains("deit_tiny has 5,717,416 weights") && Contains("22.9 MB"));
  }
}

TEST_CASE("the card says what was trained on what, and how well it did") {
  const ExportModel model = small_efficientvit();
  messages::ExportReport report;
  report.deploy = {"vitlab", {}, {}, 1e-6, 2e-6, 1e-3};
  messages::TrainReport training;
  training.data = "digits";
  training.fingerprint = "abc";
  training.epochs_done = 3;
  training.seed = 7;
  training.recipe.epochs = 3;
  training.accuracy = {0.5, 0.4, 0.6, 100};
  const std::string card = model_card(model, {{}, {}, 18, training, "vitlab export m"}, report);
  for (const char* part : {"# small_efficientvit\n", "3 x 64 x 64", "5 classes", "`digits`",
                           "50 % (100 images, 95 % interval 40 % to 60 %)", "vitlab export m"})
    CHECK_THAT(card, Contains(part));
  CHECK_THAT(model_card(model, {{}, {}, 18, {}, ""}, report), Contains("not known to vitlab"));
}

}  // namespace
}  // namespace vitlab::exports
