#pragma once

#include <string>

#include "lab/engines.h"
#include "sweep/plan.h"

namespace vitlab::lab {

/// Finds by measuring the widths that the lock file of `out` lacks, one point after the other; each
/// is written as soon as it is found. Gives the plan that they lead to.
sweep::Plan solve_sweep(const sweep::SweepSpec& sweep, const std::string& out, Engines& engines,
                        const EventSink& sink);

}  // namespace vitlab::lab
