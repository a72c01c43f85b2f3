#pragma once

#include <string_view>
#include <vector>

#include "graph/op.h"

namespace vitlab::graph {

/// An op, the category of its time, and why it is that one. What LibTorch moves inside an op is not
/// counted here: a profile shows it in rows of its own (copy, or reshape inside ops of reshape).
struct CategorizedOp {
  std::string_view name;
  Category category = Category::kOther;
  std::string_view why;
};

/// Every op once, in the order of the Op variant; all activations are one op.
std::vector<CategorizedOp> categorized_ops();

}  // namespace vitlab::graph
