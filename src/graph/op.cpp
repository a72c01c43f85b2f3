#include "graph/op.h"

#include "graph/axis.h"

namespace vitlab {

namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

/// One row per op: its name and the category of its time.
struct OpRow {
  std::string_view name;
  Category category;
};

OpRow op_row(const Op& op) {
  using C = Category;
  return std::visit(Overloaded{
                        [](const Convolution&) {
                          return OpRow{"convolution", C::kMultiplication};
                        },
                        [](const Linear&) {
                          return OpRow{"linear", C::kMultiplication};
                        },
                        [](const MatrixMultiply&) {
                          return OpRow{"matrix_multiply", C::kMultiplication};
                        },
                        [](const BatchNorm&) {
                          return OpRow{"batch_norm", C::kNormalization};
                        },
                        [](const LayerNorm&) {
                          return OpRow{"layer_norm", C::kNormalization};
                        },
                        [](const Softmax&) {
                          return OpRow{"softmax", C::kOther};
                        },
                        [](const Activate& a) {
                          return OpRow{activation_name(a.activation), C::kOther};
                        },
                        [](const Add&) {
                          return OpRow{"add", C::kAddition};
                        },
                        [](const AddBroadcast&) {
                          return OpRow{"add_broadcast", C::kAddition};
                        },
                        [](const AddLeading&) {
                          return OpRow{"add_leading", C::kAddition};
                        },
                        [](const Multiply&) {
                          return OpRow{"multiply", C::kAddition};
                        },
                        [](const Scale&) {
                          return OpRow{"scale", C::kAddition};
                        },
                        [](const Reshape&) {
                          return OpRow{"reshape", C::kReshape};
                        },
                        [](const Permute&) {
                          return OpRow{"permute", C::kReshape};
                        },
                        [](const Concat&) {
                          return OpRow{"concat", C::kReshape};
                        },
                        [](const Slice&) {
                          return OpRow{"slice", C::kReshape};
                        },
                        [](const Pad&) {
                          return OpRow{"pad", C::kReshape};
                        },
                        [](const Roll&) {
                          return OpRow{"roll", C::kReshape};
                        },
                        [](const GatherBias&) {
                          return OpRow{"gather_bias", C::kOther};
                        },
                        [](const GatherTable&) {
                          return OpRow{"gather_table", C::kOther};
                        },
                        [](const ShiftMask&) {
                          return OpRow{"shift_mask", C::kOther};
                        },
                        [](const OffsetTable&) {
                          return OpRow{"offset_table", C::kOther};
                        },
                        [](const L2Normalize&) {
                          return OpRow{"l2_normalize", C::kNormalization};
                        },
                        [](const LimitedExp&) {
                          return OpRow{"limited_exp", C::kOther};
                        },
                        [](const Mean&) {
                          return OpRow{"mean", C::kOther};
                        },
                        [](const Route&) {
                          return OpRow{"route", C::kOther};
                        },
                        [](const DispatchTokens&) {
                          return OpRow{"dispatch_tokens", C::kOther};
                        },
                        [](const ExpertLinear&) {
                          return OpRow{"expert_linear", C::kMultiplication};
                        },
                        [](const CombineTokens&) {
                          return OpRow{"combine_tokens", C::kOther};
                        },
                        [](const Broadcast&) {
                          return OpRow{"broadcast", C::kReshape};
                        },
                        [](const UseParameter&) {
                          return OpRow{"use_parameter", C::kOther};
                        },
                        [](const Dropout&) {
                          return OpRow{"dropout", C::kOther};
                        },
                        [](const DropPath&) {
                          return OpRow{"drop_path", C::kOther};
                        },
                    },
                    op);
}

}  // namespace

std::string_view axis_kind_name(AxisKind kind) {
  switch (kind) {
    case AxisKind::kImage:
      return "image";
    case AxisKind::kStem:
      return "stem";
    case AxisKind::kEmbedding:
      return "embedding";
    case AxisKind::kHead:
      return "head";
    case AxisKind::kQk:
      return "qk";
    case AxisKind::kV:
      return "v";
    case AxisKind::kHidden:
      return "hidden";
    case AxisKind::kExpansion:
      return "expansion";
    case AxisKind::kSqueeze:
      return "squeeze";
    case AxisKind::kExpert:
      return "expert";
    case AxisKind::kClasses:
      return "classes";
  }
  return "";
}

std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return "relu";
    case Activation::kHardswish:
      return "hardswish";
    case Activation::kGelu:
      return "gelu";
    case Activation::kSilu:
      return "silu";
    case Activation::kSigmoid:
      return "sigmoid";
    case Activation::kHardsigmoid:
      return "hardsigmoid";
    case Activation::kRelu6:
      return "relu6";
  }
  return "";
}

std::string_view op_name(const Op& op) { return op_row(op).name; }
Category op_category(const Op& op) { return op_row(op).category; }

std::string_view category_name(Category category) {
  switch (category) {
    case Category::kMultiplication:
      return "multiplication";
    case Category::kReshape:
      return "reshape";
    case Category::kNormalization:
      return "normalization";
    case Category::kCopy:
      return "copy";
    case Category::kAddition:
      return "addition";
    case Category::kOther:
      return "other";
  }
  return "";
}

bool is_memory_bound(Category category) {
  return category == Category::kReshape || category == Category::kNormalization ||
         category == Category::kCopy || category == Category::kAddition;
}

}  // namespace vitlab
