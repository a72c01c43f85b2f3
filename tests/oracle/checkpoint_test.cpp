#include <fstream>
#include <sstream>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/json.h"
#include "model/layouts.h"
#include "test.hpp"

namespace vitlab {

namespace {

const std::filesystem::path kCheckpoints =
    std::filesystem::path(VITLAB_BUILD_DIR) / "oracle/checkpoints";

void check_same(const model::TensorFile& checkpoint, const model::TensorFile& expected) {
  CHECK(checkpoint.tensors.size() == expected.tensors.size());
  for (const model::NamedTensor& named : checkpoint.tensors) {
    const at::Tensor& other = expected.at(named.name, expected.title);
    INFO(named.name);
    CHECK(named.tensor.scalar_type() == other.scalar_type());
    CHECK(at::equal(named.tensor, other));
  }
}

}  // namespace

TEST_CASE(
    "every form of checkpoint that PyTorch writes holds the tensors of its safetensors twin") {
  std::ifstream file(kCheckpoints / "checkpoints.json");
  if (!file) throw core::Failure("checkpoints.py did not run; `ctest -L oracle` runs it first");
  std::ostringstream text;
  text << file.rdbuf();
  const core::Json cases = core::parse_json(text.str(), "checkpoints.json");
  CHECK(cases.size() == 10);
  for (const core::Json& row : cases) {
    const std::filesystem::path path = kCheckpoints / row.get<std::string>();
    INFO(path);
    check_same(model::read_tensors(path.string() + ".pth"),
               model::read_tensors(path.string() + ".safetensors"));
  }
}

TEST_CASE("a checkpoint says what was read of it") {
  const auto ending = [](const std::string& name) {
    const std::string path = (kCheckpoints / name).string();
    return model::read_tensors(path).title.substr(path.size());
  };
  CHECK(ending("timm.pth").empty());
  CHECK(ending("model.pth") == " (its 'model')");
  CHECK(ending("training.pth") == " (its 'state_dict')");
  CHECK(ending("average.pth") == " (its 'model_ema')");
  CHECK(ending("both.pth") ==
        " (its 'state_dict_ema'; it holds 'state_dict' too, which --no-ema takes)");
  CHECK(ending("wrapped.pth") == " (its 'model.state_dict')");
  CHECK(ending("parallel.pth") == " (without 'module.')");
}

TEST_CASE("of raw and average weights either is taken on request, and none that is not there") {
  const std::string path = (kCheckpoints / "both.pth").string();
  const model::TensorFile raw = model::read_tensors(path, interop::EmaChoice::kRaw),
                          ema = model::read_tensors(path, interop::EmaChoice::kEma);
  const std::string name = "stages.0.blocks.0.ffn0.m.pw1.conv.weight";
  CHECK(at::allclose(raw.at(name, path) + 1, ema.at(name, path)));
  check_same(raw, model::read_tensors(kCheckpoints / "timm.safetensors"));
  CHECK_THROWS_WITH(model::read_tensors(kCheckpoints / "model.pth", interop::EmaChoice::kEma),
                    Catch::Contains("--ema asks for its EMA"));
}

TEST_CASE("an official checkpoint with its index buffers loads into M0") {
  const architecture::ModelSpec spec =
      architecture::resolve_model("efficientvit_m0", {"classes=10"}).spec;
  const graph::Graph graph = architecture::build_graph(spec);
  const auto read = [&](const char* name) {
    return model::read_weights(kCheckpoints / name, spec, graph, interop::WeightLayout::kTimm);
  };
  const model::Weights expected = read("timm.safetensors");
  for (const char* name : {"official.pth", "parallel.pth", "training.pth"}) {
    const model::Weights weights = read(name);
    for (std::size_t i = 0; i < weights.tensors.size(); ++i)
      CHECK(at::equal(weights.tensors[i], expected.tensors[i]));
  }
}

TEST_CASE("checkpoints that are more than tensors are refused with reason and remedy") {
  const auto refuses = [](const std::string& name, const std::string& reason,
                          const std::string& remedy) {
    CHECK_THROWS_WITH(model::read_tensors(kCheckpoints / ("refused_" + name + ".pth")),
                      Catch::Contains(reason) && Catch::Contains(remedy));
  };
  refuses("legacy", "before PyTorch 1.6", "torch.save(torch.load(");
  refuses("protocol", "protocol 2", "torch.save({k: v for");
  refuses("args", "'argparse.Namespace'", "torch.save({k: v for");
  refuses("module", "'torch.nn.modules.linear.Linear'", "torch.save({k: v for");
  refuses("empty", "no tensors by name", "torch.save({k: v for");
  refuses("dtype", "'torch.ShortStorage'", "torch.save({k: v for");
  refuses("script", "TorchScript", "torch.jit.load");
}

}  // namespace vitlab
