#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "temporary_folder.h"
#include "test.hpp"

namespace {

namespace fs = std::filesystem;
using vitlab::TemporaryFolder;

/// A folder may include the folders before it, and no other.
const std::vector<std::string> kTorchFree{
    "core",  "stats",    "graph", "layers",   "architecture", "predict", "interop", "data",
    "sweep", "messages", "store", "schedule", "guide",        "design",  "report",  "cli"};
const std::vector<std::string> kWithTorch{"model", "train",   "profile", "similarity",
                                          "prune", "exports", "engine"};
/// One analysis each; the engine alone knows more than one of them.
const std::set<std::string> kAnalyses{"train", "profile", "similarity", "prune", "exports"};

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> folders() {
  std::vector<std::string> all = kTorchFree;
  all.insert(all.end(), kWithTorch.begin(), kWithTorch.end());
  return all;
}

std::size_t rank(const std::string& folder) {
  const auto all = folders();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), folder) - all.begin());
}

bool is_torch_free(const std::string& folder) { return rank(folder) < kTorchFree.size(); }

/// Why `folder` may not include `header` (as it stands between the quotes or brackets), or "".
std::string forbidden(const std::string& folder, const std::string& header) {
  const std::string from = header.substr(0, header.find('/'));
  if ((from == "ATen" || from == "torch" || from == "c10") && is_torch_free(folder))
    return "LibTorch is not for torch-free folders";
  if (rank(from) == folders().size() || from == folder) return "";
  if (from == "cli") return "cli is included by nobody";
  if (rank(from) > rank(folder)) return "it stands below " + folder;
  if (kAnalyses.count(folder) == 1 && kAnalyses.count(from) == 1)
    return "analyses do not include one another";
  return "";
}

void check_file(const fs::path& file, const std::string& folder, const std::string& name,
                std::vector<std::string>& problems) {
  const std::string text = read(file);
  const bool is_header = file.extension() == ".h";
  if (is_header && text.rfind("#pragma once\n", 0) != 0)
    problems.push_back(name + " does not start with #pragma once");
  static const std::regex include(R"re(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])re",
                                  std::regex::multiline);
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    const std::string header = (*it)[2];
    const std::string reason = forbidden(folder, header);
    if (!reason.empty()) problems.push_back(name + " includes " + header + ": " + reason);
    if (is_header && header.rfind("fmt/", 0) == 0)
      problems.push_back(name + " includes fmt, which only sources may");
    const bool is_ours = rank(header.substr(0, header.find('/'))) < folders().size();
    if ((*it)[1] == "\"" && !is_ours)
      problems.push_back(name + " includes " + header + " by quotes, not from the root of src");
  }
}

std::vector<std::string> problems_of(const fs::path& source, std::size_t* files = nullptr) {
  std::vector<std::string> problems;
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".h" && path.extension() != ".cpp") continue;
    const fs::path relative = fs::relative(path, source);
    const std::string folder = relative.begin()->string();
    if (rank(folder) == folders().size())
      problems.push_back(relative.string() + " lies in a folder that the order does not know");
    check_file(path, folder, relative.string(), problems);
    if (files != nullptr) ++*files;
  }
  std::sort(problems.begin(), problems.end());
  return problems;
}

TEST_CASE("folders of src include only what stands above them") {
  std::size_t files = 0;
  const auto problems = problems_of(fs::path(VITLAB_SOURCE_DIR) / "src", &files);
  for (const std::string& problem : problems) UNSCOPED_INFO(problem);
  CHECK(problems.empty());
  CHECK(files > 50);
}

TEST_CASE("the order of folders is the order of src/CMakeLists.txt") {
  const std::string text = read(fs::path(VITLAB_SOURCE_DIR) / "src" / "CMakeLists.txt");
  const auto list = [](const std::vector<std::string>& names) {
    std::string joined;
    for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
    return "vitlab_add_folders(" + joined + ")";
  };
  CHECK(text.find(list(kTorchFree)) != std::string::npos);
  CHECK(text.find(list(kWithTorch)) != std::string::npos);
}

/// The one problem of a source tree that holds `text` as file `name`.
std::string planted(const std::string& name, const std::string& text) {
  TemporaryFolder folder;
  fs::create_directories((folder / name).parent_path());
  std::ofstream(folder / name) << text;
  const auto problems = problems_of(folder.path());
  return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems";
}

TEST_CASE("a planted violation is found") {
  CHECK(planted("graph/a.cpp", "#include \"architecture/model_spec.h\"\n") ==
        "graph/a.cpp includes architecture/model_spec.h: it stands below graph");
  CHECK(planted("prune/a.cpp", "  #  include <train/trainer.h>\n") ==
        "prune/a.cpp includes train/trainer.h: analyses do not include one another");
  CHECK(planted("data/a.cpp", "int a;\n#include <ATen/ATen.h>\n") ==
        "data/a.cpp includes ATen/ATen.h: LibTorch is not for torch-free folders");
  CHECK(planted("engine/a.cpp", "#include \"cli/request.h\"\n") ==
        "engine/a.cpp includes cli/request.h: cli is included by nobody");
  CHECK(planted("core/a.h", "int a;\n") == "core/a.h does not start with #pragma once");
  CHECK(planted("core/a.h", "#pragma once\n#include <fmt/format.h>\n") ==
        "core/a.h includes fmt, which only sources may");
  CHECK(planted("core/a.cpp", "#include \"b.h\"\n") ==
        "core/a.cpp includes b.h by quotes, not from the root of src");
  CHECK(planted("helpers/a.cpp", "") ==
        "helpers/a.cpp lies in a folder that the order does not know");
  CHECK(planted("model/a.cpp", "#include <ATen/ATen.h>\n#include \"graph/graph.h\"\n") ==
        "0 problems");
}

}  // namespace
