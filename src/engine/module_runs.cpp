#include <fstream>
#include <iterator>

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/headeronly/version.h>

#include "architecture/model_spec.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/json_fields.h"
#include "core/text.h"
#include "engine/file_runs.h"
#include "exports/torchscript.h"
#include "model/device.h"
#include "model/weight_files.h"
#include "profile/device_clock.h"
#include "profile/timed_model.h"

namespace vitlab::engine {

namespace {

using ModuleForward = std::function<at::Tensor(const at::Tensor& images)>;

/// LibTorch's errors of a file, but for those of memory, are that file's own.
template <typename Work>
auto with_failures_of(const std::filesystem::path& path, Work&& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    if (profile::means_out_of_memory(error)) throw;
    const std::string text = error.what_without_backtrace();
    throw core::Failure(path.string() + ": " + core::printable(text.substr(0, text.find('\n'))));
  }
}

/// A file that LibTorch itself runs.
class ModuleRun : public profile::TimedRun {
 public:
  ModuleRun(const FileToRun& file, const std::optional<graph::Shape>& told,
            const sweep::Protocol& protocol, at::Device device, ModuleForward forward)
      : path_(file.path), forward_(std::move(forward)), clock_(device) {
    const at::Tensor images = profile::timed_images(image_of(file, told), protocol.batch);
    images_ = images.to(device);
    difference_ = checked_difference(file, images, run().to(at::kCPU));
  }

  double forward() override {
    core::check_interrupt();
    clock_.clear();
    const std::size_t start = clock_.mark();
    const at::Tensor logits = run();
    const std::size_t end = clock_.mark();
    clock_.settle();
    return clock_.seconds(start, end);
  }

  messages::RuntimeFacts about() const override {
    return {"libtorch " TORCH_VERSION, {true, difference_}};
  }

 private:
  at::Tensor run() {
    const c10::InferenceMode no_gradients;
    return with_failures_of(path_, [&] { return forward_(images_); });
  }

  std::filesystem::path path_;
  ModuleForward forward_;
  profile::DeviceClock clock_;
  at::Tensor images_;
  std::optional<double> difference_;
};

/// From vitlab.json in a file that vitlab wrote.
std::optional<graph::Shape> told_by_vitlab(const torch::jit::ExtraFilesMap& extra) {
  const std::string& text = extra.at(exports::kExtraFile);
  if (text.empty()) return std::nullopt;
  const auto about = core::from_json<std::map<std::string, std::string>>(
      core::parse_json(text, exports::kExtraFile), exports::kExtraFile);
  const auto found = about.find(model::kSpecKey);
  if (found == about.end()) return std::nullopt;
  const architecture::ModelSpec spec =
      architecture::spec_from_json_text(found->second, exports::kExtraFile);
  return graph::Shape{1, spec.image.channels, spec.image.height, spec.image.width};
}

/// Names in the archive stand in clear at its end; a compiled one has a folder of its own.
bool is_compiled_package(const std::filesystem::path& path) {
  constexpr std::streamoff kTail = 1 << 20;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  const std::string tail(std::istreambuf_iterator<char>(file), {});
  return tail.find("aotinductor/") != std::string::npos;
}

/// Compiled packages ask for libtorch.so by its bare name, and this program has only the half of it
/// that it needs: it is taken from where that half lies.
void load_whole_libtorch() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::globalContext), &info) == 0) return;
  const auto library = std::filesystem::path(info.dli_fname).parent_path() / "libtorch.so";
  dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace

std::unique_ptr<profile::TimedRun> open_torchscript_run(const FileToRun& file,
                                                        const sweep::Protocol& protocol) {
  const at::Device device = model::open_device(protocol.device);
  torch::jit::ExtraFilesMap extra{{exports::kExtraFile, ""}};
  auto module = with_failures_of(file.path, [&] {
    auto loaded =
        std::make_shared<torch::jit::Module>(torch::jit::load(file.path.string(), device, extra));
    loaded->eval();
    return loaded;
  });
  return std::make_unique<ModuleRun>(
      file, told_by_vitlab(extra), protocol, device,
      [module](const at::Tensor& images) { return module->forward({images}).toTensor(); });
}

std::unique_ptr<profile::TimedRun> open_pt2(const FileToRun& file,
                                            const sweep::Protocol& protocol) {
  if (!is_compiled_package(file.path))
    throw core::UserError(file.path.string() +
                          " is not compiled; make a package of it in Python with "
                          "torch._inductor.aoti_compile_and_package(torch.export.load(…), "
                          "package_path=\"compiled.pt2\")");
  const at::Device device = model::open_device(protocol.device);
  load_whole_libtorch();
  auto loader = with_failures_of(file.path, [&] {
    return std::make_shared<torch::inductor::AOTIModelPackageLoader>(
        file.path.string(), "model", /*run_single_threaded=*/false, /*num_runners=*/1,
        device.is_cpu() ? c10::DeviceIndex{-1} : device.index());
  });
  return std::make_unique<ModuleRun>(
      file, std::nullopt, protocol, device,
      [loader](const at::Tensor& images) { return loader->run({images}).at(0); });
}

}  // namespace vitlab::engine
