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
/// .find("…") and ["…"] but where the latter is given a value. A key is a word; what stands in
/// brackets after no name ("[" + text + "]") and searches for other text are none.
std::size_t reads_in(const std::string& text) {
  static const std::regex comment(R"re(//[^\n]*)re");
  static const std::regex call(R"re(\.((at|contains|find)\(\s*"\w[\w.]*"\s*\)|value\(\s*"))re");
  static const std::regex entry(R"re([\w\])](\["\w[\w.]*"\])+)re");
  static const std::regex written(
      R"re(^(\[[^\]\n]*\])*\s*(=[^=]|\.(push_back|emplace_back|update|merge_patch)\())re");
  const std::string code = std::regex_replace(text, comment, "");
  const std::sregex_iterator end;
  auto count = static_cast<std::size_t>(
      std::distance(std::sregex_iterator(code.begin(), code.end(), call), end));
  for (std::sregex_iterator it(code.begin(), code.end(), entry); it != end; ++it) {
    const std::string rest = it->suffix().str().substr(0, 200);
    count += !std::regex_search(rest, written);
  }
  return count;
}

/// Files of a tree that read JSON by key, but of the two folders that do so for all others.
std::map<std::string, std::size_t> readers_in(const std::filesystem::path& tree) {
  std::map<std::string, std::size_t> readers;
  for (const Source& file : sources_of(tree))
    if (file.folder != "core" && file.folder != "messages")
      if (const std::size_t count = reads_in(file.text); count > 0) readers[file.name] = count;
  return readers;
}

TEST_CASE("JSON is read by key in messages/ and core/ alone") {
  for (const auto& [file, count] : readers_in(std::filesystem::path(VITLAB_SOURCE_DIR) / "src"))
    FAIL_CHECK(file << " reads JSON by key in " << count
                    << " places: a struct with fields, in messages/ or beside its type, and "
                       "core::from_json");
}

TEST_CASE("a planted read is counted, a write is not") {
  CHECK(reads_in(R"(x = json.at("a"); if (json.contains("b")) json.value("c", 0);)") == 3);
  CHECK(reads_in(R"(json.find("a") != json.end() && json["b"] == 3;)") == 2);
  CHECK(reads_in(R"(f(json["a"]["b"]); return json["c"].get<int>();)") == 2);
  CHECK(reads_in(R"(json["a"] = 1; json["b"]["c"] = 2; json["d"].push_back(3);)") == 0);
  CHECK(reads_in(R"(path + "[" + std::to_string(i) + "]"; text.find("/../"); name.find(""))") == 0);
  CHECK(reads_in("json[\"a\"] =\n    2;  // json.at(\"b\")\n") == 0);
  CHECK(reads_in(R"({{"a", 1}, {"b", json.at(
      "c")}};)") == 1);
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "json.at(\"a\");\n";
  };
  for (const char* name : {"core/a.cpp", "messages/a.h", "engine/a.cpp", "cli/b.h"}) write(name);
  CHECK(readers_in(folder.path()) ==
        std::map<std::string, std::size_t>{{"cli/b.h", 1}, {"engine/a.cpp", 1}});
}

}  // namespace
}  // namespace vitlab
