#pragma once

#include "graph/shape.h"
#include "sweep/recipe.h"

namespace vitlab {

/// The learning rate of one optimiser step, counted from 0: linear from 1e-6 to the peak over the
/// warm-up, then half a cosine that reaches the least rate behind the last step (Loshchilov and
/// Hutter, SGDR, 2017, without restarts).
double learning_rate_at(const Recipe& recipe, Index steps_per_epoch, Index step);

}  // namespace vitlab
