#pragma once

#include <string>

#include "guide/guideline.h"
#include "guide/metric_table.h"

namespace vitlab::guide {

/// A difference with sign and unit as people read it: "+1.20 pt", "-3.1 %".
std::string told(const MetricRow& metric, const std::string& unit, double difference);

/// "top-1 accuracy +1.2 pt [+0.8, +1.6]".
std::string told(const Effect& effect);

/// "Raise qk_dim to 16 (from 4, 8)".
std::string advice(const Guideline& guideline);

/// Writes the statement once effects, grade and scope stand, and adds what the move costs in other
/// metrics to the counter-evidence.
void finish_wording(Guideline& guideline);

}  // namespace vitlab::guide
