#include <set>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "graph/cost.h"
#include "graph/fold.h"
#include "small_models.h"
#include "test.hpp"
#include "tolerance.h"

namespace vitlab::model {

namespace {

at::Tensor weighted_sum(const std::vector<at::Tensor>& outputs) {
  at::Tensor loss = at::zeros({}, at::kDouble);
  std::uint64_t seed = 40;
  for (const at::Tensor& output : outputs)
    loss = loss + (output * gaussian(output.sizes(), ++seed)).sum();
  return loss;
}

/// The slope of `loss` when `tensor` moves along `direction`, by central differences of two steps,
/// whose third derivatives cancel: norms over few channels bend a loss.
template <typename Loss>
double slope(at::Tensor tensor, const at::Tensor& direction, Loss&& loss) {
  const c10::NoGradGuard no_grad;
  const auto difference = [&](double step) {
    tensor.add_(direction, step);
    const double above = loss();
    tensor.add_(direction, -2 * step);
    const double below = loss();
    tensor.add_(direction, step);
    return (above - below) / (2 * step);
  };
  constexpr double kStep = 1e-5;
  return (4 * difference(kStep) - difference(2 * kStep)) / 3;
}

void check_gradients(SmallModel& model, const RunOptions& options) {
  const at::Tensor images = model.images(3, 5);
  require_gradients(model.graph(), model.weights);
  weighted_sum(model.outputs(images, options)).backward();
  const auto loss = [&] { return weighted_sum(model.outputs(images, options)).item<double>(); };
  for (const graph::ParameterId i : model.graph().parameters.ids()) {
    const graph::Parameter& parameter = model.graph().parameter(i);
    if (!parameter.trained) continue;
    INFO(model.graph().parameter_name(i));
    const at::Tensor& tensor = model.weights[i];
    REQUIRE(tensor.grad().defined());
    const at::Tensor direction = gaussian(tensor.sizes(), 70 + i.index());
    const double told = (tensor.grad() * direction).sum().item<double>();
    CHECK(told == Approx(slope(tensor, direction, loss)).epsilon(1e-5).margin(1e-6));
  }
}

}  // namespace

TEST_CASE("random specs hold every layer kind") {
  std::set<std::string> seen;
  for_every_kind(1, false, [&](const SmallModel& model, RandomSpecs&) {
    for (const graph::LayerInfo& layer : model.graph().layers) seen.insert(std::string(layer.kind));
  });
  for (const std::string& kind : layers::layer_kind_names()) CHECK(seen.contains(kind));
}

TEST_CASE("the parameters that are counted are the parameters that are built") {
  for_every_kind(2, false, [](const SmallModel& model, RandomSpecs&) {
    const Weights weights = initial_weights(model.graph(), 1);
    graph::Index trained = 0;
    for (const graph::ParameterId i : model.graph().parameters.ids())
      if (model.graph().parameter(i).trained) trained += weights[i].numel();
    CHECK(trained == graph::graph_cost(model.graph()).parameters);
  });
}

TEST_CASE("every value has the shape that the graph says") {
  for_every_kind(2, false, [](const SmallModel& model, RandomSpecs&) {
    graph::Graph open = model.graph();
    open.outputs.clear();
    for (const graph::ValueId v : open.values.ids()) open.outputs.push_back({"", v});
    const auto values = Executor(open).run(model.weights, model.images(2, 3)).outputs;
    for (const graph::ValueId v : open.values.ids()) {
      graph::Shape shape = open.value(v).shape;
      if (open.value(v).batched) shape[0] *= 2;
      CHECK(values[v.index()].sizes().vec() ==
            std::vector<graph::Index>(shape.begin(), shape.end()));
    }
  });
}

TEST_CASE("dropping values behind their last read changes nothing") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs&) {
    graph::Graph keeping = model.graph();
    for (const graph::ValueId v : keeping.values.ids()) keeping.outputs.push_back({"", v});
    auto kept = Executor(keeping).run(model.weights, model.images(2, 3)).outputs;
    kept.resize(model.graph().outputs.size());
    CHECK(largest_difference(kept, model.outputs(model.images(2, 3))) == 0);
  });
}

TEST_CASE("an image's result does not depend on the other images of its batch") {
  for_every_kind(2, false, [](const SmallModel& model, RandomSpecs&) {
    const at::Tensor images = model.images(8, 3);
    const auto together = model.outputs(images);
    for (graph::Index i = 0; i < 8; ++i) {
      const auto alone = model.outputs(images.narrow(0, i, 1));
      for (std::size_t k = 0; k < alone.size(); ++k)
        CHECK(largest_difference(alone[k], together[k].narrow(0, i, 1)) < 1e-10);
    }
  });
}

TEST_CASE("an image's gradients do not depend on the other images of its batch") {
  for_every_kind(2, false, [](const SmallModel& model, RandomSpecs&) {
    const auto slopes = [&](const at::Tensor& images) {
      const at::Tensor leaf = images.clone().requires_grad_(true);
      at::Tensor loss = at::zeros({}, at::kDouble);
      for (const at::Tensor& output : model.outputs(leaf))
        loss = loss + (output * gaussian({1, output.size(1)}, 41)).sum();
      loss.backward();
      return leaf.grad();
    };
    const at::Tensor images = model.images(3, 3), together = slopes(images);
    for (graph::Index i = 0; i < 3; ++i) {
      const at::Tensor alone = slopes(images.narrow(0, i, 1));
      CHECK(largest_difference(alone, together.narrow(0, i, 1)) <=
            1e-9 * (1 + alone.abs().max().item<double>()));
    }
  });
}

TEST_CASE("gradients agree with central differences in evaluation mode") {
  for_every_kind(1, true, [](SmallModel& model, RandomSpecs&) { check_gradients(model, {}); });
}

TEST_CASE("gradients agree with central differences through batch statistics") {
  RunOptions training;
  training.training = true;
  for_every_kind(1, true,
                 [&](SmallModel& model, RandomSpecs&) { check_gradients(model, training); });
}

TEST_CASE("the gradient of a gate is the slope of the loss along it") {
  std::set<graph::AxisKind> seen;
  for_every_kind(1, true, [&](SmallModel& model, RandomSpecs&) {
    if (model.graph().gates.empty()) return;
    RunOptions options;
    for (const graph::Axis& axis : model.graph().axes)
      options.gates.push_back(at::ones({axis.size}, at::kDouble).requires_grad_(true));
    const at::Tensor images = model.images(2, 5);
    weighted_sum(model.outputs(images, options)).backward();
    std::set<graph::AxisId> gated;
    for (const graph::ValueId value : model.graph().gates)
      for (const graph::AxisId axis : model.graph().value(value).channels) gated.insert(axis);
    for (const graph::AxisId axis : gated) {
      INFO(model.graph().axis_name(axis));
      seen.insert(model.graph().axis(axis).kind);
      const at::Tensor& gate = options.gates[axis];
      REQUIRE(gate.grad().defined());
      const at::Tensor direction = gaussian(gate.sizes(), 9);
      const double told = (gate.grad() * direction).sum().item<double>();
      const double slope_seen = slope(gate, direction, [&] {
        return weighted_sum(model.outputs(images, options)).item<double>();
      });
      CHECK(told == Approx(slope_seen).epsilon(1e-5).margin(1e-6));
    }
  });
  for (const graph::AxisKind kind :
       {graph::AxisKind::kQk, graph::AxisKind::kV, graph::AxisKind::kHidden,
        graph::AxisKind::kExpansion, graph::AxisKind::kEmbedding, graph::AxisKind::kStem,
        graph::AxisKind::kSqueeze})
    CHECK(seen.contains(kind));
}

/// Whether gates of 0 on an axis do less than removing it: a layer norm still averages over the
/// zeros, a head's batch norm makes constants of them, and queries and keys of length 1 are divided
/// by a length that the other still has.
static bool is_normed(const graph::Graph& graph, graph::AxisId id) {
  const graph::Axis& axis = graph.axis(id);
  if (axis.kind == graph::AxisKind::kQk &&
      graph.layer(axis.layer).kind == layers::CosineAttention::kName)
    return true;
  for (const graph::Node& node : graph.nodes) {
    const bool in_head = graph.layer(node.layer).role == graph::LayerRole::kHead;
    if (!std::holds_alternative<graph::LayerNorm>(node.op) &&
        !(in_head && std::holds_alternative<graph::BatchNorm>(node.op)))
      continue;
    for (const graph::AxisId read : graph.value(node.inputs[0]).channels)
      if (read == id) return true;
  }
  return false;
}

TEST_CASE("a gate of 0 is the mask of its unit, where no norm runs over the units") {
  std::set<graph::AxisKind> seen;
  for_every_kind(2, false, [&](const SmallModel& model, RandomSpecs& specs) {
    const at::Tensor images = model.images(2, 5);
    const bool has_sigmoid =
        core::dump_json(architecture::spec_json(model.spec)).find("sigmoid") != std::string::npos;
    std::set<graph::AxisId> gated;
    for (const graph::ValueId value : model.graph().gates)
      for (const graph::AxisId axis : model.graph().value(value).channels) gated.insert(axis);
    for (const graph::AxisId axis : gated) {
      const graph::AxisKind kind = model.graph().axis(axis).kind;
      // A sigmoid of a head's outputs makes constants of zeros, too.
      const bool reaches_sigmoid =
          has_sigmoid && (kind == graph::AxisKind::kV || kind == graph::AxisKind::kEmbedding);
      if (reaches_sigmoid || is_normed(model.graph(), axis)) continue;
      seen.insert(model.graph().axis(axis).kind);
      const graph::Index size = model.graph().axis(axis).size;
      const graph::Index unit = specs.between(0, size - 1);
      at::Tensor factors = at::ones({size}, at::kDouble);
      factors[unit].fill_(0);
      RunOptions gates, masks;
      gates.gates.resize(model.graph().axes.size());
      masks.masks.resize(model.graph().axes.size());
      gates.gates[axis] = factors;
      masks.masks[axis] = factors;
      INFO(model.graph().axis_name(axis));
      CHECK(largest_difference(model.outputs(images, gates), model.outputs(images, masks)) < 1e-10);
    }
  });
  for (const graph::AxisKind kind :
       {graph::AxisKind::kQk, graph::AxisKind::kV, graph::AxisKind::kHidden,
        graph::AxisKind::kExpansion, graph::AxisKind::kEmbedding, graph::AxisKind::kStem,
        graph::AxisKind::kSqueeze})
    CHECK(seen.contains(kind));
}

TEST_CASE("gates of one change nothing") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs&) {
    RunOptions options;
    for (const graph::Axis& axis : model.graph().axes)
      options.gates.push_back(at::ones({axis.size}, at::kDouble));
    const at::Tensor images = model.images(2, 5);
    CHECK(largest_difference(model.outputs(images), model.outputs(images, options)) == 0);
  });
}

TEST_CASE("the folded graph computes what the plain one does") {
  for_every_kind(4, false, [](const SmallModel& model, RandomSpecs&) {
    const graph::Rewrite rewrite = graph::fold(model.graph());
    const Weights folded = rewrite_weights(rewrite, model.weights);
    const at::Tensor images = model.images(2, 3);
    const auto deployed = Executor(rewrite.graph).run(folded, images).outputs;
    CHECK(largest_difference(deployed, model.outputs(images)) < 1e-10);
    for (const graph::Node& node : rewrite.graph.nodes) {
      CHECK_FALSE(std::holds_alternative<graph::BatchNorm>(node.op));
      CHECK((rewrite.graph.value(node.output).batched ||
             std::holds_alternative<graph::UseParameter>(node.op) ||
             std::holds_alternative<graph::Slice>(node.op)));
    }
  });
}

TEST_CASE("bfloat16 and float32 stay close to float64") {
  for_every_kind(1, false, [](const SmallModel& model, RandomSpecs&) {
    const at::Tensor images = model.images(2, 3);
    const auto exact = model.outputs(images);
    const auto in = [&](at::ScalarType dtype) {
      return model.executor.run(converted(model.weights, dtype), images).outputs;
    };
    const auto single = in(at::kFloat), half = in(at::kBFloat16);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const double scale = exact[i].abs().max().item<double>();
      CHECK(half[i].scalar_type() == at::kFloat);
      CHECK(largest_difference(single[i], exact[i]) < rounding(additions(model.graph())) * scale);
      CHECK(largest_difference(half[i], exact[i]) < 0.2 * scale);
    }
  });
}

TEST_CASE("attention maps have a row per query that sums to one") {
  std::size_t seen = 0;
  for_every_kind(2, false, [&](const SmallModel& model, RandomSpecs&) {
    RunOptions options;
    options.taps = options.head_outputs = true;
    const RunResult result = model.executor.run(model.weights, model.images(3, 3), options);
    REQUIRE(result.attention.size() == model.graph().attention.size());
    CHECK(largest_difference(result.outputs, model.outputs(model.images(3, 3))) == 0);
    for (std::size_t i = 0; i < result.attention.size(); ++i) {
      const graph::AttentionTap& tap = model.graph().attention[i];
      const at::Tensor& maps = result.attention[i].maps;
      const graph::Index tokens = tap.places.tokens();
      CHECK(maps.sizes().vec() ==
            std::vector<graph::Index>{3 * tap.windows, tap.heads, tokens, tokens});
      CHECK((maps.sum(-1) - 1).abs().max().item<double>() < 1e-12);
      CHECK(maps.min().item<double>() >= 0);
      REQUIRE(result.attention[i].head_outputs.size() == static_cast<std::size_t>(tap.heads));
      for (const at::Tensor& output : result.attention[i].head_outputs) {
        CHECK(output.size(0) == 3 * tap.windows);
        CHECK(output.size(1) % tokens == 0);
      }
      ++seen;
    }
  });
  CHECK(seen > 20);
}

}  // namespace vitlab::model
