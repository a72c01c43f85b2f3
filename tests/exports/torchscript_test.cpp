#include "exports/torchscript.h"

#include "exports/torchscript_code.h"
#include "model/mean_logits.h"
#include "small_exports.h"
#include "temporary_folder.h"

namespace vitlab::exports {
namespace {

/// The largest difference over the largest logit, of one batch.
double relative_difference(const ExportModel& model, const Forward& forward, graph::Index batch) {
  const architecture::ImageShape& image = model.spec.image;
  const at::Tensor images =
      model::gaussian({batch, image.channels, image.height, image.width}, 5).to(at::kFloat);
  const at::Tensor expected =
      model::mean_logits(model::Executor(model.graph).run(model.weights, images).outputs);
  return model::largest_difference(forward(images), expected) /
         std::max(expected.abs().max().item<double>(), 1e-3);
}

bool has_a_mean(const graph::Graph& graph) {
  const auto classes = [&](const graph::NamedOutput& output) {
    return graph.value(output.value).shape.back();
  };
  return std::all_of(graph.outputs.begin(), graph.outputs.end(),
                     [&](const graph::NamedOutput& output) {
                       return classes(output) == classes(graph.outputs.front());
                     });
}

void check_written(const ExportModel& model, GraphForm form, double limit) {
  const TemporaryFolder folder;
  write_torchscript(model, {form}, folder.path());
  const Forward forward = open_torchscript(model, folder.path());
  for (const graph::Index batch : {1, 3})
    CHECK(relative_difference(model, forward, batch) <= limit);
}

TEST_CASE("TorchScript computes what vitlab computes, for every layer kind and batch size") {
  model::for_every_kind(1, false, [](const model::SmallModel& model, RandomSpecs&) {
    const ExportModel exported = export_model(model.spec, 3);
    if (has_a_mean(exported.graph))
      return check_written(exported, messages::ExportForm::kPlain, 1e-5);
    CHECK_THROWS_WITH(check_torchscript(exported, {}), Catch::Contains("other classes"));
  });
}

TEST_CASE("TorchScript of whole random models, plain and folded") {
  RandomModels models(17);
  for (int i = 0; i < 8; ++i) {
    const ExportModel model = export_model(models.next(), 4);
    INFO(core::dump_json(architecture::spec_json(model.spec)));
    if (!has_a_mean(model.graph)) continue;
    check_written(model, messages::ExportForm::kPlain, 1e-5);
    check_written(model, messages::ExportForm::kDeploy, 1e-3);
  }
}

TEST_CASE("the code names parameters as vitlab does and fixes no batch size") {
  const ExportModel model = small_efficientvit();
  const std::string text = torchscript_code(model.graph).text;
  CHECK_THAT(text, Catch::StartsWith("def forward(self, images: Tensor):\n    v1 = torch.conv2d("
                                     "images, self.stem.conv1.conv.weight, None, [2, 2], [1, 1]"));
  CHECK_THAT(text, Catch::Contains("getattr(getattr(self.stages, \"0\").layers, \"2\").bias"));
  CHECK_THAT(text, Catch::Contains("torch.reshape(") && !Catch::Contains("reshape(v1, [1,"));
}

}  // namespace
}  // namespace vitlab::exports
