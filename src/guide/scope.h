#pragma once

#include <vector>

#include "guide/candidate.h"

namespace vitlab::guide {

/// Where a claim holds: context columns, budgets, other knobs that were covered, the share of
/// attention layers, blocks and seeds aside; empty columns are left out.
std::vector<ScopeItem> scope_of(const Candidate& candidate, const Observations& observations);

}  // namespace vitlab::guide
