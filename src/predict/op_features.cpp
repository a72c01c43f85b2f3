#include "predict/op_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <variant>

#include "core/text.h"
#include "graph/memory_plan.h"
#include "graph/op_cost.h"

namespace vitlab::predict {

namespace {

double as_number(graph::Index value) { return static_cast<double>(value); }
double log_count(double count) { return std::log2(count + 1); }

/// The product that an op computes: `rows` x `inner` times `inner` x `columns`, `count` times; for
/// other ops rows of the last dimension.
struct Product {
  graph::Index count = 1, rows = 1, inner = 1, columns = 1;
};

/// How many neighbouring elements of a tensor lie together, in the order in which it is read.
graph::Index dense_run(const graph::Shape& sizes, const graph::Shape& strides) {
  graph::Index run = 1;
  for (int i = sizes.rank() - 1; i >= 0; --i) {
    if (sizes[i] == 1) continue;
    if (strides[i] != run) break;
    run *= sizes[i];
  }
  return run;
}

/// The pairs of tokens in shifted windows that were no neighbours: 1 minus the share of pairs on
/// the same side of the cut, which runs through the last row and column of windows.
double masked_pairs(const graph::ShiftMask& mask) {
  const auto together = [](graph::Index side, graph::Index shift, graph::Index windows) {
    const double part = as_number(shift) / as_number(side);
    const double cut = part * part + (1 - part) * (1 - part);
    return (as_number(windows) - 1 + cut) / as_number(windows);
  };
  return 1 - together(mask.height, mask.shift_rows, mask.rows) *
                 together(mask.width, mask.shift_columns, mask.columns);
}

/// By value the share of its elements that are masked scores, or what a softmax makes of those.
/// `parameters`: the same by parameter; empty if none has any.
core::IdVector<graph::ValueId, double> masked_shares(
    const graph::Graph& graph, const core::IdVector<graph::ParameterId, double>& parameters) {
  core::IdVector<graph::ValueId, double> shares(graph.values.size());
  for (const graph::Node& node : graph.nodes) {
    double& share = shares[node.output];
    const bool hands_on = std::holds_alternative<graph::Reshape>(node.op) ||
                          std::holds_alternative<graph::Permute>(node.op) ||
                          std::holds_alternative<graph::AddBroadcast>(node.op) ||
                          std::holds_alternative<graph::Add>(node.op) ||
                          std::holds_alternative<graph::Softmax>(node.op);
    if (const auto* mask = std::get_if<graph::ShiftMask>(&node.op)) share = masked_pairs(*mask);
    if (std::holds_alternative<graph::UseParameter>(node.op) && !parameters.empty())
      share = parameters[node.parameters[0]];
    if (hands_on)
      for (const graph::ValueId x : node.inputs) share = std::max(share, shares[x]);
  }
  return shares;
}

class FeatureWriter {
 public:
  /// `masked_parameters`: by parameter the share of masked scores in it; empty if none has any.
  FeatureWriter(const graph::Graph& graph, graph::Index batch, graph::Index element_bytes,
                const core::IdVector<graph::ParameterId, double>& masked_parameters)
      : graph_(graph),
        batch_(batch),
        element_bytes_(element_bytes),
        layout_(graph::lay_out(graph)),
        masked_(masked_shares(graph, masked_parameters)),
        written_(graph.values.size()) {}

  std::vector<OpFeatures> write() {
    std::vector<OpFeatures> rows;
    for (const graph::Node& node : graph_.nodes) {
      rows.push_back(row(node));
      moved_ += rows.back().bytes;
      written_[node.output] = moved_;
    }
    return rows;
  }

 private:
  graph::Shape sizes(graph::ValueId id) const {
    graph::Shape shape = graph_.value(id).shape;
    if (graph_.value(id).batched && shape.rank() > 0) shape[0] *= batch_;
    return shape;
  }

  bool is_dense(graph::ValueId id) const {
    graph::Shape two = graph_.value(id).shape;
    if (graph_.value(id).batched && two.rank() > 0) two[0] *= 2;
    return dense_run(two, layout_.strides[id]) == two.elements();
  }

  graph::Index run_of(graph::ValueId id) const {
    graph::Shape two = graph_.value(id).shape;
    if (graph_.value(id).batched && two.rank() > 0) two[0] *= 2;
    return dense_run(two, layout_.strides[id]);
  }

  const graph::Shape& weight(const graph::Node& node) const {
    return graph_.parameter(node.parameters[0]).shape;
  }

  std::string kind(const graph::Node& node, bool is_view) const {
    if (is_view) return "view";
    std::string name(graph::op_name(node.op));
    if (const auto* convolution = std::get_if<graph::Convolution>(&node.op)) {
      const graph::Shape& kernel = weight(node);
      if (convolution->groups > 1 && kernel[1] == 1) return name + ".depthwise";
      return name + (kernel[2] == 1 && convolution->groups == 1 ? ".pointwise" : ".dense");
    }
    if (const auto* activate = std::get_if<graph::Activate>(&node.op))
      return name + "." + std::string(core::word_of(activate->activation));
    return name;
  }

  Product product(const graph::Node& node) const {
    const graph::Shape out = sizes(node.output);
    if (const auto* convolution = std::get_if<graph::Convolution>(&node.op)) {
      const graph::Shape& w = weight(node);
      return {out[0] * convolution->groups, out[2] * out[3], w.elements() / w[0],
              w[0] / convolution->groups};
    }
    if (std::holds_alternative<graph::Linear>(node.op))
      return {1, out.elements() / out.back(), weight(node)[1], out.back()};
    if (const auto* matmul = std::get_if<graph::MatrixMultiply>(&node.op)) {
      const graph::Shape left = sizes(node.inputs[0]);
      const int rank = out.rank();
      return {out.elements() / (out[rank - 1] * out[rank - 2]), out[rank - 2],
              left[matmul->transpose_left ? left.rank() - 2 : left.rank() - 1], out[rank - 1]};
    }
    if (out.rank() == 0) return {};
    return {1, out.elements() / std::max<graph::Index>(out.back(), 1), 1, out.back()};
  }

  /// What was moved since the oldest input was written: what must have left a small cache.
  double distance(const graph::Node& node) const {
    double oldest = moved_;
    for (const graph::ValueId x : node.inputs) oldest = std::min(oldest, written_[x]);
    return moved_ - oldest;
  }

  double masked(graph::ValueId id) const { return masked_[id]; }

  double subnormals(const graph::Node& node, const Product& p) const {
    if (std::holds_alternative<graph::Softmax>(node.op))
      return masked(node.output) * as_number(sizes(node.output).elements());
    if (!std::holds_alternative<graph::MatrixMultiply>(node.op)) return 0;
    return masked(node.inputs[0]) * as_number(sizes(node.inputs[0]).elements() * p.columns);
  }

  /// Numbers that tell variants of an op apart: kernel, stride, transposes, the dimension of a
  /// slice or concat.
  std::array<double, 3> variant_numbers(const graph::Node& node) const {
    if (const auto* convolution = std::get_if<graph::Convolution>(&node.op))
      return {as_number(weight(node)[2]), as_number(convolution->stride),
              log_count(as_number(convolution->groups))};
    if (const auto* matmul = std::get_if<graph::MatrixMultiply>(&node.op))
      return {matmul->transpose_left ? 1.0 : 0.0, matmul->transpose_right ? 1.0 : 0.0, 0};
    if (const auto* concat = std::get_if<graph::Concat>(&node.op))
      return {as_number(concat->dim), as_number(static_cast<graph::Index>(node.inputs.size())), 0};
    if (const auto* mean = std::get_if<graph::Mean>(&node.op))
      return {as_number(mean->first), as_number(mean->last), 0};
    return {as_number(static_cast<graph::Index>(node.op.index())),
            as_number(static_cast<graph::Index>(node.inputs.size())), 0};
  }

  OpFeatures row(const graph::Node& node) const {
    const bool is_view = layout_.is_view[node.output];
    const graph::OpCost cost = graph::op_cost(graph_, node, is_view, batch_);
    OpFeatures row;
    row.kind = kind(node, is_view);
    row.flops = as_number(cost.flops);
    row.bytes = as_number(cost.elements_moved() * element_bytes_);
    graph::Index weights = 0, inputs = 0, run = 0;
    double loose = 0;
    for (const graph::ParameterId p : node.parameters)
      weights += graph_.parameter(p).shape.elements();
    for (const graph::ValueId x : node.inputs) {
      const graph::Index elements = sizes(x).elements();
      inputs += elements;
      if (!is_dense(x)) {
        loose += 1;
        if (!is_view) row.copied_bytes += as_number(elements * element_bytes_);
      }
    }
    if (!node.inputs.empty()) run = run_of(node.inputs[0]);
    const Product p = product(node);
    const graph::Shape out = sizes(node.output);
    row.subnormals = subnormals(node, p);
    const auto numbers = variant_numbers(node);
    const bool first_is_loose = !node.inputs.empty() && !is_dense(node.inputs[0]);
    row.shape = {log_count(row.flops),
                 log_count(row.bytes),
                 log_count(as_number(inputs)),
                 log_count(as_number(out.elements())),
                 log_count(as_number(weights)),
                 log_count(as_number(p.count)),
                 log_count(as_number(p.rows)),
                 log_count(as_number(p.inner)),
                 log_count(as_number(p.columns)),
                 as_number(p.rows % 16),
                 as_number(p.inner % 16),
                 as_number(p.columns % 16),
                 as_number(p.inner % 8),
                 as_number(p.columns % 8),
                 numbers[0],
                 numbers[1],
                 numbers[2],
                 loose,
                 first_is_loose ? 1.0 : 0.0,
                 log_count(as_number(run)),
                 log_count(distance(node)),
                 as_number(out.rank() > 0 ? out.back() : 1),
                 as_number(static_cast<graph::Index>(node.parameters.size())),
                 log_count(row.subnormals)};
    return row;
  }

  const graph::Graph& graph_;
  graph::Index batch_, element_bytes_;
  graph::Layout layout_;
  core::IdVector<graph::ValueId, double> masked_;   // by value: the share of masked scores
  double moved_ = 0;                                // bytes, by the nodes so far
  core::IdVector<graph::ValueId, double> written_;  // by value: moved_ when it was written
};

}  // namespace

std::string OpFeatures::signature() const {
  std::string text = kind;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (op_feature_names()[i] != "log_distance") text += " " + core::shortest(shape[i]);
  return text;
}

const std::vector<std::string_view>& op_feature_names() {
  static const std::vector<std::string_view> names{
      "log_flops",    "log_bytes",      "log_inputs",   "log_outputs",    "log_weights",
      "log_count",    "log_rows",       "log_inner",    "log_columns",    "rows_mod_16",
      "inner_mod_16", "columns_mod_16", "inner_mod_8",  "columns_mod_8",  "variant_0",
      "variant_1",    "variant_2",      "loose_inputs", "first_is_loose", "log_dense_run",
      "log_distance", "last_dimension", "parameters",   "log_subnormals"};
  return names;
}

std::vector<OpFeatures> op_features(const graph::Graph& graph, graph::Index batch,
                                    graph::Index element_bytes) {
  return FeatureWriter(graph, batch, element_bytes, {}).write();
}

std::vector<OpFeatures> op_features(const graph::Rewrite& rewrite, graph::Index batch,
                                    graph::Index element_bytes) {
  core::IdVector<graph::ParameterId, double> masked;
  for (const graph::WeightRecipe& recipe : rewrite.recipes) {
    masked.push_back(0);
    if (recipe.kind != graph::WeightRecipe::Kind::kConstant) continue;
    const graph::ValueId output = recipe.constant.outputs.at(0).value;
    masked.back() = masked_shares(recipe.constant, {})[output];
  }
  return FeatureWriter(rewrite.graph, batch, element_bytes, masked).write();
}

}  // namespace vitlab::predict
