#pragma once

#include <filesystem>

#include "core/config_reader.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// Reads `stages`: a list of names and of `name: settings`, settings being a map or the path of a
/// file that holds it.
std::vector<StageRequest> read_stages(core::ConfigReader& sweep, const std::filesystem::path& near);

/// Reads `recipe`, a map or a path, into `sweep`.
void read_recipe_of(core::ConfigReader& reader, const std::filesystem::path& near,
                    SweepSpec& sweep);

}  // namespace vitlab::sweep
