#include "model/executor.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "model/op_constants.h"
#include "model/run_op.h"

namespace vitlab::model {

namespace {

std::string text_of(at::IntArrayRef sizes) {
  std::string text;
  for (const graph::Index size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

at::Generator generator_for(at::Device device, std::uint64_t seed) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
  at::Generator generator = at::globalContext()
                                .getAcceleratorHooksInterface(device.type())
                                .getNewGenerator(device.index());
  generator.set_current_seed(seed);
  return generator;
}

/// By node the values that nothing reads afterwards; outputs of the graph stay.
core::IdVector<graph::NodeId, std::vector<graph::ValueId>> last_reads(const graph::Graph& graph) {
  core::IdVector<graph::ValueId, graph::NodeId> last(graph.values.size());
  core::IdVector<graph::ValueId, bool> lives_on(graph.values.size(), true);
  for (const graph::NodeId i : graph.nodes.ids()) {
    const auto touch = [&](graph::ValueId x) {
      last[x] = i;
      lives_on[x] = false;
    };
    for (const graph::ValueId x : graph.nodes[i].inputs) touch(x);
    touch(graph.nodes[i].output);
  }
  for (const graph::NamedOutput& output : graph.outputs) lives_on[output.value] = true;
  core::IdVector<graph::NodeId, std::vector<graph::ValueId>> released(graph.nodes.size());
  for (const graph::ValueId v : last.ids())
    if (!lives_on[v]) released[last[v]].push_back(v);
  return released;
}

/// Equal for ops that need the same constant; nothing for ops that need none.
std::optional<std::array<graph::Index, 8>> constant_key(const graph::Op& op) {
  const auto kind = static_cast<graph::Index>(op.index());
  if (const auto* g = std::get_if<graph::GatherBias>(&op))
    return {{kind, static_cast<graph::Index>(g->rule), g->height, g->width}};
  if (const auto* g = std::get_if<graph::GatherTable>(&op)) return {{kind, g->height, g->width}};
  if (const auto* t = std::get_if<graph::OffsetTable>(&op)) return {{kind, t->height, t->width}};
  if (const auto* m = std::get_if<graph::ShiftMask>(&op))
    return {{kind, m->height, m->width, m->rows, m->columns, m->shift_rows, m->shift_columns}};
  return std::nullopt;
}

}  // namespace

/// One forward pass.
class Executor::Run {
 public:
  Run(const Executor& executor, const Weights& weights, const RunOptions& options,
      graph::Index images)
      : executor_(executor),
        graph_(executor.graph_),
        weights_(weights),
        options_(options),
        images_(images),
        values_(graph_.values.size()),
        tapped_(options.taps || options.head_outputs ? graph_.values.size() : 0) {
    if (!tapped_.empty()) mark_taps();
    if (options.training) generator_ = generator_for(executor.device_, options.seed);
  }

  RunResult operator()(const at::Tensor& images) {
    at::Tensor& input = values_[graph_.input];
    input = shaped(graph_.input, images);
    for (const graph::NodeId i : graph_.nodes.ids()) {
      const graph::Node& node = graph_.nodes[i];
      values_[node.output] = shaped(node.output, run_node(i));
      for (const graph::ValueId done : executor_.released_[i]) release(done);
    }
    RunResult result;
    for (const graph::NamedOutput& output : graph_.outputs) {
      const at::Tensor& value = values_[output.value];
      const bool is_half = value.scalar_type() == at::kBFloat16 || value.scalar_type() == at::kHalf;
      result.outputs.push_back(is_half ? value.to(at::kFloat) : value);
    }
    if (!tapped_.empty()) collect_taps(result);
    return result;
  }

 private:
  at::Tensor run_node(graph::NodeId index) {
    const graph::Node& node = graph_.nodes[index];
    const at::Tensor mask = channels_of(node.output, options_.masks, 1);
    OpCall call{
        graph_, node,      weights_, {}, images_, options_.training, executor_.constants_[index],
        mask,   generator_};
    for (const graph::ValueId x : node.inputs) call.inputs.push_back(values_[x]);
    if (options_.observer == nullptr) return run_op(call);
    options_.observer->begin(index);
    at::Tensor output = run_op(call);
    options_.observer->end();
    return output;
  }

  /// The value as readers see it: gated and masked where asked.
  at::Tensor shaped(graph::ValueId id, at::Tensor tensor) const {
    if (!options_.gates.empty() && executor_.is_gated_[id])
      tensor = times(id, std::move(tensor), options_.gates);
    if (!options_.masks.empty()) tensor = times(id, std::move(tensor), options_.masks);
    return tensor;
  }

  at::Tensor times(graph::ValueId id, at::Tensor tensor, const AxisTensors& factors) const {
    const at::Tensor vector = channels_of(id, factors, tensor.dim());
    return vector.defined() ? tensor * vector : tensor;
  }

  /// The per-axis vectors of a value's channels laid end to end, in a shape of rank `rank` that
  /// broadcasts (rank 1: the plain vector); undefined if no axis has one.
  at::Tensor channels_of(graph::ValueId id, const AxisTensors& by_axis, graph::Index rank) const {
    const graph::Value& value = graph_.value(id);
    if (by_axis.empty() || value.channel_dim == graph::kUnset) return {};
    bool any = false;
    for (const graph::AxisId axis : value.channels) any |= by_axis[axis].defined();
    if (!any) return {};
    const at::TensorOptions options = weights_.tensors.front().options().requires_grad(false);
    std::vector<at::Tensor> parts;
    for (const graph::AxisId axis : value.channels) {
      const at::Tensor& part = by_axis[axis];
      parts.push_back(part.defined() ? part : at::ones({graph_.axis(axis).size}, options));
    }
    const at::Tensor joined = at::cat(parts);
    if (rank == 1) return joined;
    std::vector<graph::Index> shape(static_cast<std::size_t>(rank), 1);
    shape[static_cast<std::size_t>(value.channel_dim)] = joined.size(0);
    return joined.view(shape);
  }

  void release(graph::ValueId id) {
    at::Tensor& value = values_[id];
    if (!tapped_.empty() && tapped_[id]) return;
    value.reset();
  }

  void mark_taps() {
    for (const graph::AttentionTap& tap : graph_.attention) {
      if (options_.taps)
        for (const graph::ValueId map : tap.maps) tapped_[map] = true;
      if (options_.head_outputs)
        for (const graph::ValueId output : tap.outputs) tapped_[output] = true;
    }
  }

  /// One tensor per head of (M, heads, a, b), or of one (M, a, b) a head.
  std::vector<at::Tensor> by_head(const graph::AttentionTap& tap,
                                  const std::vector<graph::ValueId>& ids) const {
    std::vector<at::Tensor> heads;
    for (const graph::ValueId id : ids) heads.push_back(values_[id]);
    return heads.size() == 1 && heads[0].dim() == 4 && tap.heads == heads[0].size(1)
               ? heads[0].unbind(1)
               : heads;
  }

  void collect_taps(RunResult& result) const {
    for (const graph::AttentionTap& tap : graph_.attention) {
      AttentionResult attention;
      if (options_.taps) attention.maps = at::stack(by_head(tap, tap.maps), 1);
      if (options_.head_outputs)
        for (const at::Tensor& output : by_head(tap, tap.outputs))
          attention.head_outputs.push_back(output.flatten(1));
      result.attention.push_back(std::move(attention));
    }
  }

  const Executor& executor_;
  const graph::Graph& graph_;
  const Weights& weights_;
  const RunOptions& options_;
  graph::Index images_;
  core::IdVector<graph::ValueId, at::Tensor> values_;
  core::IdVector<graph::ValueId, bool> tapped_;
  std::optional<at::Generator> generator_;
};

Executor::Executor(graph::Graph graph, at::Device device)
    : graph_(std::move(graph)),
      device_(device),
      released_(last_reads(graph_)),
      constants_(graph_.nodes.size()),
      is_gated_(graph_.values.size(), false) {
  std::map<std::array<graph::Index, 8>, at::Tensor> known;
  for (const graph::NodeId i : graph_.nodes.ids()) {
    const auto key = constant_key(graph_.nodes[i].op);
    if (!key) continue;
    at::Tensor& constant = known[*key];
    if (!constant.defined()) constant = op_constant(graph_.nodes[i].op).to(device_);
    constants_[i] = constant;
  }
  for (const graph::ValueId gate : graph_.gates) is_gated_[gate] = true;
}

RunResult Executor::run(const Weights& weights, const at::Tensor& images,
                        const RunOptions& options) const {
  core::ensure(weights.tensors.size() == graph_.parameters.size(), "one tensor per parameter");
  core::ensure(options.gates.empty() || options.gates.size() == graph_.axes.size(),
               "a gate per axis");
  core::ensure(options.masks.empty() || options.masks.size() == graph_.axes.size(),
               "a mask per axis");
  const graph::Shape wanted = graph_.value(graph_.input).shape;
  const bool fits = images.dim() == 4 && images.size(0) > 0 && images.size(1) == wanted[1] &&
                    images.size(2) == wanted[2] && images.size(3) == wanted[3];
  if (!fits)
    throw core::UserError("the model reads images (N, " + std::to_string(wanted[1]) + ", " +
                          std::to_string(wanted[2]) + ", " + std::to_string(wanted[3]) + "), got " +
                          text_of(images.sizes()));
  const at::ScalarType dtype = weights.tensors.front().scalar_type();
  return Run(*this, weights, options, images.size(0))(images.to(device_, dtype));
}

}  // namespace vitlab::model
