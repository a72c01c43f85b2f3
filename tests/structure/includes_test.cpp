#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "structure/source_tree.h"
#include "test.hpp"

namespace vitlab {
namespace {

/// One analysis each; the engine alone knows more than one of them.
const std::set<std::string> kAnalyses{"train", "profile", "similarity", "prune", "exports"};

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
  // A command is words, a request to lab/, and words again; doctor names the folder of the locks.
  if (folder == "cli" && header != "store/device_lock.h" && (from == "schedule" || from == "store"))
    return "commands leave that to lab";
  if (rank(from) > rank(folder)) return "it stands below " + folder;
  if (kAnalyses.count(folder) == 1 && kAnalyses.count(from) == 1)
    return "analyses do not include one another";
  return "";
}

void check_file(const Source& file, std::vector<std::string>& problems) {
  if (file.is_header && file.text.rfind("#pragma once\n", 0) != 0)
    problems.push_back(file.name + " does not start with #pragma once");
  static const std::regex include(R"re(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])re",
                                  std::regex::multiline);
  for (std::sregex_iterator it(file.text.begin(), file.text.end(), include), end; it != end; ++it) {
    const std::string header = (*it)[2];
    const std::string reason = forbidden(file.folder, header);
    const auto note = [&](std::string what) {
      problems.push_back(what.insert(0, file.name + " includes "));
    };
    if (!reason.empty()) note(header + ": " + reason);
    if (file.is_header && header.rfind("fmt/", 0) == 0) note("fmt, which only sources may");
    const bool is_ours = rank(header.substr(0, header.find('/'))) < folders().size();
    if ((*it)[1] == "\"" && !is_ours) note(header + " by quotes, not from the root of src");
  }
}

std::vector<std::string> problems_of(const std::vector<Source>& sources) {
  std::vector<std::string> problems;
  for (const Source& file : sources) {
    if (rank(file.folder) == folders().size())
      problems.push_back(file.name + " lies in a folder that the order does not know");
    check_file(file, problems);
  }
  return problems;
}

TEST_CASE("folders of src include only what stands above them") {
  const auto sources = sources_of(std::filesystem::path(VITLAB_SOURCE_DIR) / "src");
  const auto problems = problems_of(sources);
  for (const std::string& problem : problems) UNSCOPED_INFO(problem);
  CHECK(problems.empty());
  CHECK(sources.size() > 50);
}

TEST_CASE("the order of folders is the order of src/CMakeLists.txt") {
  const std::string text =
      read(std::filesystem::path(VITLAB_SOURCE_DIR) / "src" / "CMakeLists.txt");
  const auto list = [](const std::vector<std::string>& names) {
    std::string joined;
    for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
    return "vitlab_add_folders(" + joined + ")";
  };
  CHECK(text.find(list(kTorchFree)) != std::string::npos);
  CHECK(text.find(list(kWithTorch)) != std::string::npos);
}

/// The one problem of a source tree that holds `text` as file `name`.
std::string planted_in(const std::string& name, const std::string& text) {
  return planted(problems_of, {{name, text}});
}

TEST_CASE("a planted violation is found") {
  CHECK(planted_in("graph/a.cpp", "#include \"architecture/model_spec.h\"\n") ==
        "graph/a.cpp includes architecture/model_spec.h: it stands below graph");
  CHECK(planted_in("prune/a.cpp", "  #  include <train/trainer.h>\n") ==
        "prune/a.cpp includes train/trainer.h: analyses do not include one another");
  CHECK(planted_in("data/a.cpp", "int a;\n#include <ATen/ATen.h>\n") ==
        "data/a.cpp includes ATen/ATen.h: LibTorch is not for torch-free folders");
  CHECK(planted_in("engine/a.cpp", "#include \"cli/request.h\"\n") ==
        "engine/a.cpp includes cli/request.h: cli is included by nobody");
  CHECK(planted_in("cli/a.cpp", "#include \"store/store.h\"\n") ==
        "cli/a.cpp includes store/store.h: commands leave that to lab");
  CHECK(planted_in("cli/a.cpp", "#include \"schedule/engine_process.h\"\n") ==
        "cli/a.cpp includes schedule/engine_process.h: commands leave that to lab");
  CHECK(planted_in("core/a.h", "int a;\n") == "core/a.h does not start with #pragma once");
  CHECK(planted_in("core/a.h", "#pragma once\n#include <fmt/format.h>\n") ==
        "core/a.h includes fmt, which only sources may");
  CHECK(planted_in("core/a.cpp", "#include \"b.h\"\n") ==
        "core/a.cpp includes b.h by quotes, not from the root of src");
  CHECK(planted_in("helpers/a.cpp", "") ==
        "helpers/a.cpp lies in a folder that the order does not know");
  CHECK(planted_in("model/a.cpp", "#include <ATen/ATen.h>\n#include \"graph/graph.h\"\n") ==
        "0 problems");
}

}  // namespace
}  // namespace vitlab
