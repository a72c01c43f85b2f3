#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace vitlab {

/// The folders of src in their order: one may include those before it, and no other.
inline const std::vector<std::string> kTorchFree{
    "core",     "stats",   "charts", "graph",  "layers",   "architecture",
    "predict",  "interop", "data",   "sweep",  "messages", "store",
    "schedule", "guide", "facts", "design", "report", "lab",      "cli"};
inline const std::vector<std::string> kWithTorch{"model", "train",   "profile", "similarity",
                                                 "prune", "exports", "engine"};

inline std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A file under src: its folder, its path from src, and what it holds.
struct Source {
  std::string folder, name, text;
  bool is_header = false;
};

/// Every header and source of a tree laid out as src is, in the order of their names.
inline std::vector<Source> sources_of(const std::filesystem::path& tree) {
  std::vector<Source> sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".h" && path.extension() != ".cpp") continue;
    const std::filesystem::path relative = std::filesystem::relative(path, tree);
    sources.push_back(
        {relative.begin()->string(), relative.string(), read(path), path.extension() == ".h"});
  }
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return a.name < b.name; });
  return sources;
}

/// The one line that `check` has to say of a source tree that holds just these files; else how many
/// it has.
inline std::string planted(
    const std::function<std::vector<std::string>(const std::vector<Source>&)>& check,
    const std::vector<std::pair<std::string, std::string>>& files) {
  TemporaryFolder tree;
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((tree / name).parent_path());
    std::ofstream(tree / name) << text;
  }
  const auto problems = check(sources_of(tree.path()));
  return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems";
}

}  // namespace vitlab
