#pragma once

#include "guide/guideline.h"
#include "store/results_csv.h"

namespace vitlab::guide {

/// What the table says about each knob that varies, one candidate a knob and metric: effects inside
/// matched blocks, the range of levels that may be the best, false discoveries held at
/// options.false_discovery_rate over all candidates. An effect that is opposite in two parts of the
/// table (a recipe, a budget, a level of another knob) is told part by part. The order of rows and
/// repeated rows change nothing.
GuideResult guide(const store::ResultsTable& table, const GuideOptions& options = {});

}  // namespace vitlab::guide
