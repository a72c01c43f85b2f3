#pragma once

#include "exports/export_model.h"

namespace vitlab::exports {

/// Rewrites a deployed model to move less where slices, reshapes and transposes are copies (in
/// LibTorch they are views): a linear layer whose outputs are only sliced becomes one for each
/// slice; slices of parameters are cut beforehand; reshapes of reshapes and permutations of
/// permutations become one; those that change nothing, and nodes that nobody reads, vanish.
/// Attention taps and gates are dropped. Same outputs.
void move_less(DeployedModel& model);

}  // namespace vitlab::exports
