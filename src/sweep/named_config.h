#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config_node.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"
#include "sweep/recipe.h"

namespace vitlab::sweep {

/// Reads a config that a file or a command line names. `path` is looked for in the working folder,
/// then in the folder `near` (of the file that names it) and the folders above that, then among
/// the files that travel inside the program ("configs/train/quick.yaml"). Throws UserError with
/// the nearest embedded name.
core::ConfigDocument load_named_config(const std::string& path,
                                       const std::filesystem::path& near = {});

/// The file or folder on disk that load_named_config would find; empty if there is none.
std::filesystem::path find_named_path(const std::string& path, const std::filesystem::path& near);

/// The settings of such a file; throws UserError with every problem and its place.
Recipe load_recipe(const std::string& path, const std::filesystem::path& near = {});
Protocol load_protocol(const std::string& path, const std::filesystem::path& near = {});
std::vector<Protocol> load_protocols(const std::string& path,
                                     const std::filesystem::path& near = {});
PruneSettings load_prune_settings(const std::string& path, const std::filesystem::path& near = {});

/// Settings held as JSON (a plan, a request); throws UserError naming `source`.
Recipe recipe_from_json(const core::Json& json, const std::string& source);
Protocol protocol_from_json(const core::Json& json, const std::string& source);
std::vector<Protocol> protocols_from_json(const core::Json& json, const std::string& source);
SimilaritySettings similarity_settings_from_json(const core::Json& json, const std::string& source);
PruneSettings prune_settings_from_json(const core::Json& json, const std::string& source);

}  // namespace vitlab::sweep
