#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "architecture/presets.h"
#include "graph/fold.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/small_models.h"
#include "profile/cuda_roofs.h"
#include "profile/machine_state.h"
#include "profile/measure.h"
#include "profile/own_candidate.h"
#include "profile/profile.h"
#include "profile/roofs.h"
#include "test.hpp"

namespace vitlab {
namespace {

at::Tensor images(const graph::Graph& graph, graph::Index count) {
  const graph::Shape& shape = graph.value(graph.input).shape;
  const at::Generator generator = at::detail::createCPUGenerator(5);
  return at::randn({count, shape[1], shape[2], shape[3]}, generator, at::kFloat);
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a.cpu() - b.cpu()).abs().max() / b.abs().max().cpu()).item<double>();
}

TEST_CASE("a GPU gives the logits of the CPU, plain and deployed, for presets of each template") {
  const at::Device gpu = model::open_device("cuda");
  for (const char* name : {"efficientvit_m0", "deit_tiny"}) {
    CAPTURE(name);
    const graph::Graph graph = architecture::build_graph(architecture::resolve_model(name).spec);
    const model::Weights weights = model::random_weights(graph, 3);
    const at::Tensor x = images(graph, 4);
    const c10::NoGradGuard no_grad;
    const at::Tensor expected = model::Executor(graph).run(weights, x).outputs.front();
    CHECK(relative_difference(model::Executor(graph, gpu)
                                  .run(model::converted(weights, at::kDouble, gpu), x)
                                  .outputs.front(),
                              expected) < 1e-10);
    const graph::Rewrite folded = graph::fold(graph);
    const model::Weights deployed = model::rewrite_weights(folded, weights);
    CHECK(relative_difference(model::Executor(folded.graph, gpu)
                                  .run(model::converted(deployed, at::kDouble, gpu), x)
                                  .outputs.front(),
                              expected) < 1e-10);
  }
}

TEST_CASE("a GPU gives the gradients of the CPU in a training step") {
  const at::Device gpu = model::open_device("cuda");
  const graph::Graph graph = architecture::build_graph(
      architecture::resolve_model("efficientvit_m0", {"image_size=64", "classes=10"}).spec);
  const at::Tensor x = images(graph, 4);
  model::RunOptions training;
  training.training = true;
  const auto gradients = [&](at::Device device) {
    model::Weights weights = model::converted(model::random_weights(graph, 3), at::kDouble, device);
    model::require_gradients(graph, weights);
    model::Executor(graph, device)
        .run(weights, x, training)
        .outputs.front()
        .square()
        .sum()
        .backward();
    return weights;
  };
  const model::Weights on_cpu = gradients(at::kCPU), on_gpu = gradients(gpu);
  for (const graph::ParameterId p : graph.parameters.ids()) {
    if (!graph.parameters[p].trained) continue;
    CAPTURE(graph.parameter_name(p));
    const at::Tensor expected = on_cpu[p].grad();
    const at::Tensor difference = on_gpu[p].grad().cpu() - expected;
    CHECK(difference.abs().max().item<double>() <=
          1e-8 * std::max(1.0, expected.abs().max().item<double>()));
  }
}

TEST_CASE("our own kernels measure a GPU's cache and memory, and the machine's state names it") {
  const at::Device gpu = model::open_device("cuda");
  const profile::CudaRoofs own = profile::measured_cuda_roofs(gpu.index());
  INFO(own.missing);
  REQUIRE(own.levels.size() == 2);
  CHECK(own.fma_flops_per_s > 1e11);
  CHECK(own.levels[0].read_bytes_per_s > 0.7 * own.levels[1].read_bytes_per_s);
  CHECK(own.levels[1].copy_bytes_per_s > 1e10);
  CHECK(own.levels[1].triad_bytes_per_s > 1e10);
  const profile::Roofs roofs = profile::measured_roofs(gpu, at::kFloat);
  CHECK(roofs.levels.size() == 2);
  CHECK(own.levels[1].copy_bytes_per_s > 0.5 * roofs.bytes_per_s);
  const profile::MachineMoment moment = profile::machine_moment(gpu);
  REQUIRE(moment.gpu);
  CHECK_FALSE(moment.gpu->driver.empty());
  CHECK(moment.gpu->sm_clock_mhz.value_or(0) > 0);
}

TEST_CASE("a batch beyond a GPU's memory is a row that says so, the others are timed") {
  const auto model =
      profile::untrained_model("m0", architecture::resolve_model("efficientvit_m0").spec);
  const auto forms =
      std::make_shared<profile::ModelForms>("m0", model.graph, [&] { return model.weights; });
  sweep::Protocol protocol;
  protocol.device = "cuda";
  protocol.warmup_seconds = 0.1;
  protocol.timed_seconds = 0.2;
  std::vector<profile::Candidate> candidates{profile::own_candidate(forms, protocol)};
  protocol.batch = 1'000'000;
  candidates.push_back(profile::own_candidate(forms, protocol));
  const profile::Measurement measured = profile::measure_interleaved(candidates, 0);
  CHECK(measured.models[0].has_speed());
  CHECK_FALSE(measured.models[1].has_speed());
}

TEST_CASE("a profile on a GPU times every op by the device's stamps and its shares sum to 1") {
  sweep::Protocol protocol;
  protocol.device = "cuda";
  protocol.batch = 64;
  protocol.warmup_seconds = 0.2;
  protocol.timed_seconds = 0.5;
  const profile::ProfileResult result = profile::profile_model(
      profile::untrained_model("m0", architecture::resolve_model("efficientvit_m0").spec),
      protocol);
  REQUIRE_FALSE(result.out_of_memory.has_value());
  double sum = 0;
  for (const profile::CategoryTime& category : result.categories) sum += category.share.value;
  CHECK(sum == Approx(1.0));
  for (const profile::OpRow& op : result.ops) CHECK(op.seconds >= 0);
  // Absent where the machine does not let LibTorch's profiler see kernels.
  if (result.launch_ms) {
    CHECK(*result.launch_ms >= 0);
    CHECK(*result.launch_ms <= result.profiled_ms.mean);
  }
}

}  // namespace
}  // namespace vitlab
