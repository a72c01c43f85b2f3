#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "interop/name_map.h"
#include "train/train.h"

namespace vitlab::engine {

/// Weights for a training of `spec` from any file that vitlab reads: of the layout named or of the
/// one that fits, of another image size (their tables go into `resized`), and of another number of
/// classes, whose head is then drawn anew from `seed` and told in the notes.
train::StartingPoint start_weights(const std::filesystem::path& path,
                                   std::optional<interop::WeightLayout> layout,
                                   const architecture::ModelSpec& spec, std::uint64_t seed,
                                   std::vector<std::string>& resized);

}  // namespace vitlab::engine
