#pragma once

#include <filesystem>

#include "core/config_reader.h"
#include "sweep/knob_check.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// Reads `derive`, `when` and `where` into `spec`, whose axes have been read. Names in expressions
/// are checked; derivations are put behind those that they read. A protocol or a model that a solve
/// names is looked for as load_named_config does, with `near` the folder of the sweep file.
void read_rules(core::ConfigReader& sweep, KnobCheck& knobs, SweepSpec& spec,
                const std::filesystem::path& near = {});

}  // namespace vitlab::sweep
