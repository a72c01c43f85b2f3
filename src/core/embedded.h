#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace vitlab::core {

/// The text of a file under configs/ as it was when the program was built ("configs/train/x.yaml"),
/// so that presets, recipes and protocols need no installation folder.
std::optional<std::string_view> embedded_file(std::string_view path);

/// Paths of all embedded files that begin with `prefix`, sorted.
std::vector<std::string_view> embedded_names(std::string_view prefix);

}  // namespace vitlab::core
