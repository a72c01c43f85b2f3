#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "structure/source_tree.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab {
namespace {

namespace fs = std::filesystem;

/// Functions of headers that nothing in src/ calls yet, and what will. A row whose function has got
/// its caller, or is gone, is a fault too: the list only ever shrinks.
const std::map<std::string, std::string> kAwaited{
    {"cluster_bootstrap_mean", "guidelines: pairs of seeds inside blocks"},
    {"sampled_sign_flip_p_value", "guidelines: more blocks than can be enumerated"},
    {"effect_estimates", "guidelines: an interval a level"},
    {"fit_forest", "guidelines: importance of factors"},
    {"fanova", "guidelines: importance of factors"},
    {"feature_domain", "guidelines: importance of factors"},
    {"judge_shape", "guidelines: raise, lower, keep between"},
    {"shape_name", "guidelines: raise, lower, keep between"},
    {"hypervolume", "the family: how good a Pareto set is"},
    {"fsck", "repair of a store from the command line"},
    {"colour_wanted", "--color of the command line"},
};

/// The text without comments and literals, which may name functions that nobody calls.
std::string code_of(const std::string& text) {
  std::string code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
      code += '\n';
    } else if (text[i] == '"') {
      while (++i < text.size() && text[i] != '"' && text[i] != '\n')
        if (text[i] == '\\') ++i;
      code += "\"\"";
    } else {
      code += text[i];
    }
  }
  return code;
}

/// Names of functions declared or defined at the start of a line: those of namespaces.
std::vector<std::string> functions_in(const std::string& code) {
  static const std::regex kFunction(
      R"(^(?!using|struct|class|enum|namespace|template|return|static_assert|#|\})(?:[\w:<>,&*\[\]]+[ \n]+)+[&*]*(\w+)\()",
      std::regex::multiline);
  std::vector<std::string> names;
  for (std::sregex_iterator it(code.begin(), code.end(), kFunction), end; it != end; ++it)
    names.push_back((*it)[1]);
  return names;
}

/// Functions of the headers under `source` that are named nowhere but where they are declared and
/// defined.
std::set<std::string> callerless(const fs::path& source) {
  std::set<std::string> offered;
  std::map<std::string, int> mentions;
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".h" && path.extension() != ".cpp") continue;
    const std::string code = code_of(read(path));
    for (const std::string& name : functions_in(code)) {
      --mentions[name];
      if (path.extension() == ".h") offered.insert(name);
    }
    for (std::size_t i = 0; i < code.size();) {
      const auto is_word = [&](std::size_t at) {
        return at < code.size() &&
               (std::isalnum(static_cast<unsigned char>(code[at])) != 0 || code[at] == '_');
      };
      const std::size_t start = i;
      while (is_word(i)) ++i;
      if (i > start) ++mentions[code.substr(start, i - start)];
      if (i == start) ++i;
    }
  }
  std::erase_if(offered, [&](const std::string& name) { return mentions[name] > 0; });
  return offered;
}

TEST_CASE("every function of a header has a caller in src, but for those awaited") {
  const std::set<std::string> found = callerless(fs::path(VITLAB_SOURCE_DIR) / "src");
  for (const std::string& name : found) {
    INFO(name << " has no caller in src: delete it, or say in kAwaited what it waits for");
    CHECK(kAwaited.contains(name));
  }
  for (const auto& [name, reason] : kAwaited) {
    INFO(name << " (" << reason << ") has a caller or is gone: take it from kAwaited");
    CHECK(found.contains(name));
  }
}

TEST_CASE("a planted function without a caller is found, one that is called is not") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.h") << "int lonely(int a);\nint used(int a);\n"
                                << "// lonely(1) is what a comment says\n";
  std::ofstream(folder / "a.cpp") << "int lonely(int a) { return a; }\n"
                                  << "int used(int a) { return a; }\n"
                                  << "int main() {\n  return used(2);  // \"lonely\"\n}\n";
  CHECK(callerless(folder.path()) == std::set<std::string>{"lonely"});
}

}  // namespace
}  // namespace vitlab
