#pragma once

#include "core/config_reader.h"
#include "sweep/knob_check.h"
#include "sweep/sweep_spec.h"

namespace vitlab {

/// Reads `derive`, `when` and `where` into `spec`, whose axes have been read. Names in expressions
/// are checked; derivations are put behind those that they read.
void read_rules(ConfigReader& sweep, KnobCheck& knobs, SweepSpec& spec);

}  // namespace vitlab
