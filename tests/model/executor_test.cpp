#include "model/executor.h"

#include <set>
#include <string>
#include <thread>

#include <c10/core/GradMode.h>

#include "core/error.h"
#include "graph/layer_writer.h"
#include "graph/memory_plan.h"
#include "small_models.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

/// A graph written by hand: one input and no layers of the variant.
struct HandMade {
  graph::Graph graph;
  graph::LayerWriter writer{graph, graph::LayerId(0)};
  graph::ValueId image;

  HandMade(graph::Index channels, graph::Index height, graph::Index width) {
    graph.layers.push_back({"layer", "hand-made", graph::LayerRole::kStem, graph::kUnset});
    const graph::AxisId axis = graph.add_axis({.kind = graph::AxisKind::kImage, .size = channels});
    image = graph.input = graph.add_value({{1, channels, height, width}, true, 1, {axis}});
  }
  graph::ValueId node(graph::Op op, graph::IdList<graph::ValueId> inputs, graph::Value result,
                      graph::IdList<graph::ParameterId> used = {}) {
    const graph::ValueId output = graph.add_value(std::move(result));
    graph.nodes.push_back(
        {op, std::move(inputs), std::move(used), output, graph::LayerId(0), "node"});
    return output;
  }
  /// Some weight, since a model without any has no dtype.
  graph::ValueId constant(const graph::Shape& shape) {
    return writer.parameter_value(
        shape, std::vector<graph::Extent>(static_cast<std::size_t>(shape.rank())), graph::kUnset,
        "constant" + std::to_string(graph.parameters.size()), {}, false);
  }
  at::Tensor run(graph::ValueId output, const std::vector<at::Tensor>& weights,
                 const at::Tensor& images, const RunOptions& options = {}) {
    graph.outputs = {{"output", output}};
    return Executor(graph).run({weights}, images, options).outputs[0];
  }
};

class Recorder : public RunObserver {
 public:
  void begin(graph::NodeId node) override {
    REQUIRE(!is_open);
    is_open = true;
    nodes.push_back(node);
  }
  void end() override {
    REQUIRE(is_open);
    is_open = false;
  }
  std::vector<graph::NodeId> nodes;
  bool is_open = false;
};

/// Counts the bytes that LibTorch holds on this thread.
class MemoryCounter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t change, size_t, size_t, c10::Device) override {
    live += change;
    peak = std::max(peak, live);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t live = 0, peak = 0;
};

}  // namespace

TEST_CASE("a value without images is repeated for the windows of every image") {
  HandMade hand(1, 4, 2);
  const graph::ValueId stack =
      hand.writer.reshape(hand.image, {2, 2, 2}, graph::kUnset, {}, "stack");
  const graph::ValueId shift = hand.constant({2, 2, 2});
  const at::Tensor images = gaussian({3, 1, 4, 2}, 1), mask = gaussian({2, 2, 2}, 2);
  const at::Tensor windows = images.view({6, 2, 2}), repeated = mask.repeat({3, 1, 1});

  const graph::ValueId sum = hand.writer.add_broadcast(stack, shift, "sum");
  CHECK(largest_difference(hand.run(sum, {mask}, images), windows + repeated) == 0);
  const graph::ValueId product = hand.writer.matrix_multiply(shift, stack, false, true, "product");
  CHECK(largest_difference(hand.run(product, {mask}, images),
                           at::bmm(repeated, windows.transpose(1, 2))) < 1e-15);
}

TEST_CASE("a roll moves rows and columns in a circle, and back") {
  HandMade hand(1, 3, 4);
  const graph::Value map = hand.graph.value(hand.image);
  const graph::ValueId there = hand.node(graph::Roll{2, -1, 2}, {hand.image}, map);
  const at::Tensor images = gaussian({2, 1, 3, 4}, 1), some = at::ones({1}, at::kDouble);
  hand.constant({1});
  const at::Tensor rolled = hand.run(there, {some}, images);
  CHECK(rolled[1][0][0][2].item<double>() == images[1][0][1][0].item<double>());
  const graph::ValueId back = hand.node(graph::Roll{2, 1, -2}, {there}, map);
  CHECK(largest_difference(hand.run(back, {some}, images), images) == 0);
}

TEST_CASE("padding adds zero rows below and zero columns to the right in both layouts") {
  HandMade hand(2, 3, 4);
  const at::Tensor images = gaussian({2, 2, 3, 4}, 1), some = at::ones({1}, at::kDouble);
  hand.constant({1});
  const graph::ValueId map = hand.writer.pad(hand.image, 2, 1, 2, "pad");
  const at::Tensor padded = hand.run(map, {some}, images);
  CHECK(padded.sizes().vec() == std::vector<graph::Index>{2, 2, 4, 6});
  CHECK(largest_difference(padded.narrow(2, 0, 3).narrow(3, 0, 4), images) == 0);
  CHECK(padded.abs().sum().item<double>() == Approx(images.abs().sum().item<double>()));
  const graph::ValueId last = hand.writer.permute(hand.image, {0, 2, 3, 1}, "last");
  const graph::ValueId other = hand.writer.pad(last, 1, 1, 2, "pad.last");
  CHECK(largest_difference(hand.run(other, {some}, images), padded.permute({0, 2, 3, 1})) == 0);
}

TEST_CASE("bias maps hold the entry of each offset") {
  const at::Tensor unsigned_index = bias_index({graph::BiasRule::kAbsoluteOffset, 2, 3});
  const at::Tensor signed_index = bias_index({graph::BiasRule::kSignedOffset, 2, 3});
  for (graph::Index q = 0; q < 6; ++q) {
    for (graph::Index k = 0; k < 6; ++k) {
      const graph::Index dy = q / 3 - k / 3, dx = q % 3 - k % 3;
      CHECK(unsigned_index[q][k].item<graph::Index>() == std::abs(dy) * 3 + std::abs(dx));
      CHECK(signed_index[q][k].item<graph::Index>() == (dy + 1) * 5 + dx + 2);
    }
  }
  const at::Tensor table = gaussian({15, 4}, 1);
  const at::Tensor map = gathered_bias({graph::BiasRule::kSignedOffset, 2, 3}, table, signed_index);
  CHECK(map.sizes().vec() == std::vector<graph::Index>{4, 6, 6});
  CHECK(map[3][0][5].item<double>() == table[0][3].item<double>());
}

TEST_CASE("drop path drops whole images and keeps the mean, by seed, only while training") {
  HandMade hand(1, 4, 4);
  hand.constant({1});
  const graph::ValueId stack =
      hand.writer.reshape(hand.image, {4, 1, 2, 2}, graph::kUnset, {}, "stack");
  const graph::ValueId dropped = hand.writer.drop_path(stack, 0.25, "drop");
  const at::Tensor images = at::ones({400, 1, 4, 4}, at::kDouble),
                   some = at::ones({1}, at::kDouble);
  CHECK(largest_difference(hand.run(dropped, {some}, images), images.view({1600, 1, 2, 2})) == 0);
  RunOptions training;
  training.training = true;
  training.seed = 5;
  const at::Tensor once = hand.run(dropped, {some}, images, training);
  CHECK(largest_difference(once, hand.run(dropped, {some}, images, training)) == 0);
  const at::Tensor per_image = once.view({400, 16});
  CHECK(largest_difference(per_image, per_image.narrow(1, 0, 1).expand({400, 16})) == 0);
  CHECK(once.max().item<double>() == Approx(1 / 0.75));
  CHECK(once.min().item<double>() == 0);
  CHECK(once.mean().item<double>() == Approx(1).margin(0.1));
  training.seed = 6;
  CHECK(largest_difference(once, hand.run(dropped, {some}, images, training)) > 0);
}

TEST_CASE("training moves running statistics a tenth of the way; evaluation leaves them") {
  HandMade hand(3, 4, 4);
  const graph::ValueId normed = hand.writer.batch_norm(hand.image, "norm");
  const at::Tensor images = 2 + 3 * gaussian({5, 3, 4, 4}, 1);
  Weights weights = initial_weights(hand.graph, 1, at::kDouble);
  hand.run(normed, weights.tensors, images);
  CHECK(largest_difference(weights.tensors[2], at::zeros({3}, at::kDouble)) == 0);
  RunOptions training;
  training.training = true;
  const at::Tensor out = hand.run(normed, weights.tensors, images, training);
  CHECK(largest_difference(weights.tensors[2], 0.1 * images.mean({0, 2, 3})) < 1e-12);
  CHECK(largest_difference(weights.tensors[3], 0.9 + 0.1 * images.var({0, 2, 3})) < 1e-12);
  CHECK(out.mean().item<double>() == Approx(0).margin(1e-9));
}

TEST_CASE("batch norm refuses to train on one value per channel") {
  const architecture::ModelSpec spec{{3, 8, 8},
                                     layers::ConvolutionStem{.widths = {4}},
                                     {{.width = 4, .downsample = {}, .layers = {}}},
                                     {layers::NormLinearHead{2}}};
  const SmallModel model(spec, 1);
  RunOptions training;
  training.training = true;
  CHECK_THROWS_WITH(model.outputs(model.images(1, 1), training),
                    Catch::Contains("heads.0.norm") && Catch::Contains("batch of at least 2"));
  CHECK_NOTHROW(model.outputs(model.images(2, 1), training));
}

TEST_CASE("images of another size are refused with both sizes") {
  const SmallModel model(RandomSpecs(1).with_kind("ffn"), 1);
  CHECK_THROWS_AS(model.outputs(at::zeros({2, 9, 5, 5}, at::kDouble)), core::UserError);
  CHECK_THROWS_WITH(model.outputs(at::zeros({2, 9, 5, 5}, at::kDouble)),
                    Catch::Contains("2 x 9 x 5 x 5"));
  CHECK_THROWS_AS(model.outputs(model.images(2, 1)[0]), core::UserError);
}

TEST_CASE("an observer sees every node once, in order, and changes nothing") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs&) {
    Recorder recorder;
    RunOptions options;
    options.observer = &recorder;
    const at::Tensor images = model.images(2, 3);
    CHECK(largest_difference(model.outputs(images, options), model.outputs(images)) == 0);
    std::vector<graph::NodeId> all;
    for (const graph::NodeId node : model.graph().nodes.ids()) all.push_back(node);
    CHECK((recorder.nodes == all));
  });
}

TEST_CASE("one executor serves threads at the same time") {
  const SmallModel model(RandomSpecs(3).with_kind("cascaded_attention"), 1);
  const at::Tensor images = model.images(2, 3);
  const auto expected = model.outputs(images);
  std::vector<double> differences(4, 1);
  std::vector<std::thread> threads;
  for (double& difference : differences)
    threads.emplace_back([&model, &images, &expected, &difference] {
      difference = 0;
      for (int i = 0; i < 20; ++i)
        difference = std::max(difference, largest_difference(model.outputs(images), expected));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(*std::max_element(differences.begin(), differences.end()) == 0);
}

TEST_CASE("a forward holds no more memory than the plan says, but for one op's own workspace") {
  const c10::NoGradGuard no_grad;
  const architecture::ModelSpec spec{
      {3, 64, 64},
      layers::ConvolutionStem{.widths = {16, 32}},
      {{.width = 32,
        .downsample = {},
        .layers = {layers::FfnLayer{.hidden = 64}, layers::DepthwiseLayer{}, layers::FfnLayer{64},
                   layers::FfnLayer{64}, layers::FfnLayer{64}}}},
      {layers::NormLinearHead{10}}};
  const SmallModel model(spec, 1);
  const Weights weights = converted(model.weights, at::kFloat);
  const at::Tensor images = model.images(8, 1).to(at::kFloat);
  const auto counter = std::make_shared<MemoryCounter>();
  {
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
    model.executor.run(weights, images);
  }
  const graph::MemoryPlan plan =
      graph::plan_memory(model.graph(), graph::lay_out(model.graph()), 8);
  graph::Index everything = 0;
  for (const graph::Value& value : model.graph().values) everything += 8 * value.shape.elements();
  INFO("peak " << counter->peak << " bytes, plan " << 4 * plan.peak_elements << ", without release "
               << 4 * everything);
  CHECK(counter->peak > 0);
  CHECK(counter->peak < 8 * plan.peak_elements);
  CHECK(8 * plan.peak_elements < 2 * everything);
}

}  // namespace vitlab::model
