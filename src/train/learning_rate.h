#pragma once

#include "graph/shape.h"
#include "sweep/recipe.h"

namespace vitlab::train {

/// The learning rate of one optimiser step, counted from 0: linear from 1e-6 to the peak over the
/// warm-up, then half a cosine that reaches the least rate behind the last step (Loshchilov and
/// Hutter, SGDR, 2017, without restarts).
double learning_rate_at(const sweep::Recipe& recipe, graph::Index steps_per_epoch,
                        graph::Index step);

}  // namespace vitlab::train
