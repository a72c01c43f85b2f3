#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "core/choice.h"
#include "graph/shape.h"

namespace vitlab::graph {

enum class Activation : std::uint8_t {
  kRelu,
  kHardswish,
  kGelu,
  kSilu,
  kSigmoid,
  kHardsigmoid,
  kRelu6
};
struct ActivationRow {
  Activation value;
  std::string_view word;
  Index flops;           // per element
  bool is_gate = false;  // its values lie in [0, 1], so that it may gate squeeze-and-excitation
};
inline constexpr std::array kActivations{
    ActivationRow{Activation::kRelu, "relu", 1},
    ActivationRow{Activation::kHardswish, "hardswish", 5},
    ActivationRow{Activation::kGelu, "gelu", 8},
    ActivationRow{Activation::kSilu, "silu", 5},
    ActivationRow{Activation::kSigmoid, "sigmoid", 4, true},
    ActivationRow{Activation::kHardsigmoid, "hardsigmoid", 4, true},
    ActivationRow{Activation::kRelu6, "relu6", 2}};
static_assert(core::is_whole(kActivations));
constexpr const auto& choice_rows(Activation) { return kActivations; }

/// Where the entries of a position-bias table go in a T x T map of a height x width grid, T = h·w.
enum class BiasRule : std::uint8_t {
  kAbsoluteOffset,  // entry |dy|·width + |dx|: EfficientViT, LeViT; table (heads, h·w)
  kSignedOffset,    // entry (dy + h - 1)(2·width - 1) + dx + w - 1: Swin; table (entries, heads)
};

// Every op a graph can hold. Shapes: maps are (N, C, H, W), tokens (N, T, C). What each costs, how
// it runs, and how a format spells it stand in the tables that visit this list.

/// conv2d; parameters weight (out, in/groups, k, k) and an optional bias.
struct Convolution {
  Index stride = 1, padding = 0, groups = 1;
};
/// y = x W^T + b on the last dimension; parameters weight (out, in) and an optional bias.
struct Linear {};
/// Batched matrix product of the last two dimensions, either side read transposed.
struct MatrixMultiply {
  bool transpose_left = false, transpose_right = false;
};
/// Parameters weight, bias, running_mean, running_var over the channel dimension.
struct BatchNorm {
  double epsilon = 1e-5;
};
/// Parameters weight, bias; mean and variance over the channel dimension.
struct LayerNorm {
  double epsilon = 1e-5;
};
/// Over the last dimension.
struct Softmax {};
struct Activate {
  Activation activation = Activation::kRelu;
};
/// Values of equal shape made of the same axes.
struct Add {};
/// Adds a value that does not depend on the images to every image.
struct AddBroadcast {};
/// Adds the first min(a, b) channels of the second value to the first: EfficientViT's cascade when
/// V and the split differ in width, where the paper is silent.
struct AddLeading {};
/// x · y, with y broadcast: over the spatial dimensions (squeeze-and-excitation), or a factor for
/// each head.
struct Multiply {};
struct Scale {
  double factor = 1;
};
struct Reshape {};
struct Permute {
  std::array<std::int8_t, Shape::kMaxRank> order{};
};
struct Concat {
  int dim = 1;
};
struct Slice {
  int dim = 1;
  Index begin = 0, size = 0;
};
/// Zero rows below and zero columns to the right of a map (N, C, H, W) or (N, H, W, C).
struct Pad {
  int height_dim = 2;
  Index rows = 0, columns = 0;
};
/// Cyclic shift of two neighbouring dimensions, for shifted windows.
struct Roll {
  int height_dim = 1;
  Index rows = 0, columns = 0;
};
/// Reads a bias table into (heads, T, T) for a height x width grid.
struct GatherBias {
  BiasRule rule = BiasRule::kAbsoluteOffset;
  Index height = 0, width = 0;
};
/// Reads a computed bias table (entries, heads) into (heads, T, T), by BiasRule::kSignedOffset.
struct GatherTable {
  Index height = 0, width = 0;
};
/// What attention in shifted windows adds to its scores: (windows, T, T), 0 between tokens that
/// were neighbours before the map was rolled and -100 between others. The map, whole windows of
/// `height` x `width`, is `rows` x `columns` of them.
struct ShiftMask {
  Index height = 0, width = 0, rows = 1, columns = 1;
  Index shift_rows = 0, shift_columns = 0;
};
/// The offsets between tokens of a height x width grid, log-spaced (arXiv 2111.09883, eq. 4):
/// ((2·height - 1)(2·width - 1), 2), rows in the order of BiasRule::kSignedOffset.
struct OffsetTable {
  Index height = 0, width = 0;
};
/// x / max(|x|, epsilon), |x| the Euclidean norm over the last dimension.
struct L2Normalize {
  double epsilon = 1e-12;
};
/// exp(min(x, maximum)).
struct LimitedExp {
  double maximum = 0;
};
/// Mean over the dimensions [first, last]; kept as size 1 if `keep`.
struct Mean {
  int first = 2, last = 3;
  bool keep = false;
};
/// Which tokens the experts serve: gates (N, T, E) to (N, E, capacity), each slot the number of a
/// token, or T if it stays empty. Every token asks its top_k experts of the largest gates, all
/// first choices before all second ones and each by position; what finds no slot is dropped
/// (V-MoE's vanilla routing, one group an image). Not differentiated.
struct Route {
  Index top_k = 1, capacity = 1;
};
/// The tokens (N, T, C) of the slots (N, E, S): (N, E, S, C), zeros where a slot is empty.
struct DispatchTokens {};
/// A linear layer of its own for each expert: (N, E, S, in) to (N, E, S, out); parameters weight
/// (E, out, in) and bias (E, out). `chosen` of the experts serve one token.
struct ExpertLinear {
  Index chosen = 1;
};
/// Brings slots (N, E, S, C) back to their tokens, each weighted with its token's gate for the
/// expert, and adds them up: values slots, gates (N, T, E) and routes (N, E, S) to (N, T, C).
struct CombineTokens {};
/// Repeats a value that does not depend on the images once per image (a class token).
struct Broadcast {};
/// Brings a parameter into the flow of values (a position embedding).
struct UseParameter {};
/// Drops a residual branch of an image whole (stochastic depth) while training.
struct DropPath {
  double probability = 0;
};

using Op = std::variant<Convolution, Linear, MatrixMultiply, BatchNorm, LayerNorm, Softmax,
                        Activate, Add, AddBroadcast, AddLeading, Multiply, Scale, Reshape, Permute,
                        Concat, Slice, Pad, Roll, GatherBias, GatherTable, ShiftMask, OffsetTable,
                        L2Normalize, LimitedExp, Mean, Route, DispatchTokens, ExpertLinear,
                        CombineTokens, Broadcast, UseParameter, DropPath>;

/// "convolution", "linear", …: the same words in profiles, exports and messages.
std::string_view op_name(const Op& op);

/// Where an op's time is counted: the six slices of EfficientViT's Fig 2.
enum class Category : std::uint8_t {
  kMultiplication,
  kReshape,
  kNormalization,
  kCopy,
  kAddition,
  kOther,
};
struct CategoryRow {
  Category value;
  std::string_view word;
  bool is_memory_bound;  // as the paper counts
};
inline constexpr std::array kCategories{
    CategoryRow{Category::kMultiplication, "multiplication", false},
    CategoryRow{Category::kReshape, "reshape", true},
    CategoryRow{Category::kNormalization, "normalization", true},
    CategoryRow{Category::kCopy, "copy", true},
    CategoryRow{Category::kAddition, "addition", true},
    CategoryRow{Category::kOther, "other", false}};
static_assert(core::is_whole(kCategories));
constexpr const auto& choice_rows(Category) { return kCategories; }

constexpr int kCategoryCount = kCategories.size();
constexpr std::string_view category_name(Category category) { return core::word_of(category); }
Category op_category(const Op& op);
constexpr bool is_memory_bound(Category category) {
  return core::choice_row(category).is_memory_bound;
}

}  // namespace vitlab::graph
