#pragma once

#include "facts/report_input.h"
#include "sweep/plan.h"

namespace vitlab::facts {

/// Puts what a plan tells into a report's input: its facts, the names of its models, the points
/// that it rejected, and the title where the input has none.
void add_plan(const sweep::Plan& plan, ReportInput& input);

}  // namespace vitlab::facts
