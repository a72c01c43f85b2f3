#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <string>

#include "structure/source_tree.h"
#include "test.hpp"

namespace vitlab {
namespace {

/// How often a text reads JSON by a key that it spells out: .at("…"), .value("…"), .contains("…"),
/// .find("…") and ["…"] but where the latter is given a value.
std::size_t reads_in(const std::string& text) {
  static const std::regex comment(R"re(//[^\n]*)re");
  static const std::regex call(R"re(\.((at|contains|find)\(\s*"[^"\n]*"\s*\)|value\(\s*"))re");
  static const std::regex entry(R"re(\["[^"\n]*"\])re");
  static const std::regex written(
      R"re(^(\[[^\]\n]*\])*\s*(=[^=]|\.(push_back|emplace_back|update|merge_patch)\())re");
  const std::string code = std::regex_replace(text, comment, "");
  const std::sregex_iterator end;
  auto count = static_cast<std::size_t>(
      std::distance(std::sregex_iterator(code.begin(), code.end(), call), end));
  for (std::sregex_iterator it(code.begin(), code.end(), entry); it != end; ++it) {
    const std::string rest = it->suffix().str().substr(0, 200);
    // In json["a"]["b"] the last entry says which of the two it is.
    if (rest.starts_with("[\"")) continue;
    count += !std::regex_search(rest, written);
  }
  return count;
}

/// Where a file's reads are counted: its folder; what answers the engine's requests apart.
std::string group_of(const Source& file) {
  const std::string name = std::filesystem::path(file.name).stem().string();
  if (file.folder == "engine" &&
      (name.ends_with("_request") || name == "request_model" || name == "main"))
    return "engine/requests";
  return file.folder;
}

/// The reads of each group of a tree, but of the two folders that read JSON for all others.
std::map<std::string, std::size_t> counted(const std::filesystem::path& tree) {
  std::map<std::string, std::size_t> counts;
  for (const Source& file : sources_of(tree))
    if (file.folder != "core" && file.folder != "messages")
      counts[group_of(file)] += reads_in(file.text);
  return counts;
}

/// What stands today. A ratchet: a number here is lowered whenever one falls, and none is raised;
/// new reads go through a struct with fields in messages/.
const std::map<std::string, std::size_t> kCeilings{
    {"architecture", 18}, {"cli", 122},    {"data", 1},    {"design", 2},  {"engine", 23},
    {"exports", 5},       {"graph", 1},    {"guide", 1},   {"interop", 5}, {"lab", 20},
    {"model", 1},         {"predict", 16}, {"profile", 2}, {"prune", 1},   {"report", 72},
    {"store", 12},        {"sweep", 60}};

TEST_CASE("JSON is read by key in messages/ and core/; elsewhere no more than so far") {
  const auto counts = counted(std::filesystem::path(VITLAB_SOURCE_DIR) / "src");
  CHECK(counts.size() > 15);
  for (const auto& [group, count] : counts) {
    const auto ceiling = kCeilings.find(group);
    INFO(group << " reads JSON by key in " << count << " places; give it a struct in messages/, "
               << "or lower its number in kCeilings");
    CHECK(count == (ceiling == kCeilings.end() ? 0 : ceiling->second));
  }
}

TEST_CASE("a planted read is counted, a write is not") {
  CHECK(reads_in(R"(x = json.at("a"); if (json.contains("b")) json.value("c", 0);)") == 3);
  CHECK(reads_in(R"(json.find("a") != json.end() && json["b"] == 3;)") == 2);
  CHECK(reads_in(R"(f(json["a"]["b"]); return json["c"].get<int>();)") == 2);
  CHECK(reads_in(R"(json["a"] = 1; json["b"]["c"] = 2; json["d"].push_back(3);)") == 0);
  CHECK(reads_in("json[\"a\"] =\n    2;  // json.at(\"b\")\n") == 0);
  CHECK(reads_in(R"({{"a", 1}, {"b", json.at(
      "c")}};)") == 1);
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "json.at(\"a\");\n";
  };
  for (const char* name : {"core/a.cpp", "messages/a.h", "engine/a_request.cpp",
                           "engine/request_model.cpp", "engine/runs.cpp", "cli/a.cpp", "cli/b.h"})
    write(name);
  CHECK(counted(folder.path()) ==
        std::map<std::string, std::size_t>{{"cli", 2}, {"engine", 1}, {"engine/requests", 2}});
}

}  // namespace
}  // namespace vitlab
