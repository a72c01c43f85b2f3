#include "graph/op.h"

#include <type_traits>
#include <utility>

#include "graph/categories.h"

namespace vitlab::graph {

namespace {

using C = Category;

// One row an op: its name, the category of its time, and why. An op without a row does not compile.
template <typename T>
constexpr int kRow = 0;
template <>
constexpr CategorizedOp kRow<Convolution>{"convolution", C::kMultiplication,
                                          "multiply-adds with a kernel, depthwise ones too"};
template <>
constexpr CategorizedOp kRow<Linear>{"linear", C::kMultiplication,
                                     "multiply-adds with a matrix of weights"};
template <>
constexpr CategorizedOp kRow<MatrixMultiply>{"matrix_multiply", C::kMultiplication,
                                             "multiply-adds of two maps: attention"};
template <>
constexpr CategorizedOp kRow<BatchNorm>{"batch_norm", C::kNormalization,
                                        "scales channels by statistics; gone in the deploy form"};
template <>
constexpr CategorizedOp kRow<LayerNorm>{"layer_norm", C::kNormalization,
                                        "mean and variance of every token"};
template <>
constexpr CategorizedOp kRow<Softmax>{"softmax", C::kOther,
                                      "arithmetic on every number, not mere movement"};
template <>
constexpr CategorizedOp kRow<Activate>{"activation", C::kOther,
                                       "arithmetic on every number: relu, gelu, silu, …"};
template <>
constexpr CategorizedOp kRow<Add>{"add", C::kAddition,
                                  "element-wise on two maps: residuals, the cascade"};
template <>
constexpr CategorizedOp kRow<AddBroadcast>{
    "add_broadcast", C::kAddition, "element-wise: biases of attention, position embeddings"};
template <>
constexpr CategorizedOp kRow<AddLeading>{"add_leading", C::kAddition,
                                         "element-wise on the channels that both maps have"};
template <>
constexpr CategorizedOp kRow<Multiply>{
    "multiply", C::kAddition, "element-wise, as additions: squeeze-and-excitation, layer scale"};
template <>
constexpr CategorizedOp kRow<Scale>{"scale", C::kAddition,
                                    "element-wise by one number: attention scores"};
template <>
constexpr CategorizedOp kRow<Reshape>{
    "reshape", C::kReshape, "rearranges; free as a view, else a copy that the model asked for"};
template <>
constexpr CategorizedOp kRow<Permute>{"permute", C::kReshape,
                                      "rearranges as a view: who reads it may have to copy"};
template <>
constexpr CategorizedOp kRow<Concat>{"concat", C::kReshape, "writes maps side by side"};
template <>
constexpr CategorizedOp kRow<Slice>{"slice", C::kReshape,
                                    "a view of a part: heads, splits, q, k and v"};
template <>
constexpr CategorizedOp kRow<Pad>{"pad", C::kReshape,
                                  "writes the map again with zeros around it: windows"};
template <>
constexpr CategorizedOp kRow<Roll>{"roll", C::kReshape, "writes the map again, shifted: windows"};
template <>
constexpr CategorizedOp kRow<GatherBias>{"gather_bias", C::kOther,
                                         "looks up a table of position biases"};
template <>
constexpr CategorizedOp kRow<GatherTable>{"gather_table", C::kOther,
                                          "looks up a computed table of position biases"};
template <>
constexpr CategorizedOp kRow<ShiftMask>{"shift_mask", C::kOther, "hands out a constant"};
template <>
constexpr CategorizedOp kRow<OffsetTable>{"offset_table", C::kOther, "hands out a constant"};
template <>
constexpr CategorizedOp kRow<L2Normalize>{"l2_normalize", C::kNormalization,
                                          "divides every vector by its length"};
template <>
constexpr CategorizedOp kRow<LimitedExp>{"limited_exp", C::kOther, "arithmetic on a few numbers"};
template <>
constexpr CategorizedOp kRow<Mean>{"mean", C::kOther, "pooling: the mean over places or tokens"};
template <>
constexpr CategorizedOp kRow<Route>{"route", C::kOther, "chooses experts: sorting and counting"};
template <>
constexpr CategorizedOp kRow<DispatchTokens>{"dispatch_tokens", C::kOther,
                                             "gathers tokens by index: routing"};
template <>
constexpr CategorizedOp kRow<ExpertLinear>{"expert_linear", C::kMultiplication,
                                           "multiply-adds with each expert's matrix"};
template <>
constexpr CategorizedOp kRow<CombineTokens>{"combine_tokens", C::kOther,
                                            "scatters tokens by index: routing"};
template <>
constexpr CategorizedOp kRow<Broadcast>{"broadcast", C::kReshape,
                                        "a view that repeats: the class token"};
template <>
constexpr CategorizedOp kRow<UseParameter>{"use_parameter", C::kOther, "hands out a parameter"};
template <>
constexpr CategorizedOp kRow<DropPath>{"drop_path", C::kOther, "nothing outside of training"};

CategorizedOp op_row(const Op& op) {
  return std::visit(
      [](const auto& typed) -> CategorizedOp { return kRow<std::decay_t<decltype(typed)>>; }, op);
}

template <std::size_t... I>
std::vector<CategorizedOp> all_rows(std::index_sequence<I...>) {
  return {kRow<std::variant_alternative_t<I, Op>>...};
}

}  // namespace

std::string_view op_name(const Op& op) {
  if (const auto* activate = std::get_if<Activate>(&op)) return core::word_of(activate->activation);
  return op_row(op).name;
}
Category op_category(const Op& op) { return op_row(op).category; }

std::vector<CategorizedOp> categorized_ops() {
  return all_rows(std::make_index_sequence<std::variant_size_v<Op>>());
}

}  // namespace vitlab::graph
