#pragma once

#include <string>

#include "core/json.h"
#include "graph/shape.h"
#include "messages/profile_answer.h"

namespace vitlab::cli {

/// What `profile` prints of the engine's answer: totals, the six categories with what "other"
/// consists of, kinds of layers, the `top` slowest ops, warnings; the comparison where there is
/// one.
std::string profile_text(const messages::ProfileAnswer& profile, graph::Index top);

/// Which model is slower, by how much, in which category and where most of it, in a sentence or two
/// and tables by category, kind and node.
std::string against_text(const messages::ProfileAnswer& profile, graph::Index top);

/// Every op with the category that its time is counted in, and why.
std::string categories_text();
core::Json categories_json();

}  // namespace vitlab::cli
