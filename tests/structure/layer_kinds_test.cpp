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

namespace vitlab::structure {
namespace {

namespace fs = std::filesystem;

/// The files outside layers/ that name layer kinds, and why they must.
struct Allowed {
  const char* files;  // a regular expression of the path below src/
  const char* why;
};
const Allowed kAllowed[] = {
    {"architecture/\\w+_template\\.cpp", "a template is written in layers"},
    {"interop/\\w+_places\\.cpp", "says where a published code has the weights of each kind"},
    {"interop/name_map\\.cpp", "spells the parameters of each kind as other codes do"},
    {"interop/timm_(models|config)\\.cpp", "writes timm's config of a model from its layers"},
};

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The structs of the Layer variant.
std::set<std::string> kinds_in(const std::string& layer_header) {
  static const std::regex variant(R"(using\s+Layer\s*=\s*std::variant<([^>]+)>)");
  static const std::regex word(R"(\w+)");
  std::smatch found;
  REQUIRE(std::regex_search(layer_header, found, variant));
  const std::string list = found[1];
  return {std::sregex_token_iterator(list.begin(), list.end(), word), {}};
}

/// The kinds that a source asks for: as the argument of a template such as std::get_if, of a
/// visitor's overload, or by name.
std::set<std::string> asked_for(const std::string& text, const std::set<std::string>& kinds) {
  static const std::regex forms(
      R"(<\s*(?:const\s+)?(?:layers::)?(\w+)\s*>|[(,]\s*const\s+(?:layers::)?(\w+)\s*&|(?:layers::)?(\w+)::kName)");
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), forms), end; it != end; ++it)
    for (const std::size_t group : {1U, 2U, 3U})
      if (kinds.contains((*it)[group])) found.insert((*it)[group]);
  return found;
}

bool is_allowed(const std::string& file) {
  return std::any_of(std::begin(kAllowed), std::end(kAllowed), [&](const Allowed& row) {
    return std::regex_match(file, std::regex(row.files));
  });
}

struct Source {
  std::string file;
  std::set<std::string> kinds;
};

/// The sources outside layers/ that ask for a kind.
std::vector<Source> sources_with_kinds(const fs::path& source, const std::set<std::string>& kinds) {
  std::vector<Source> found;
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const std::string file = fs::relative(entry.path(), source).string();
    const bool is_source = file.ends_with(".h") || file.ends_with(".cpp");
    if (!is_source || file.starts_with("layers/")) continue;
    std::set<std::string> asked = asked_for(text_of(entry.path()), kinds);
    if (!asked.empty()) found.push_back({file, std::move(asked)});
  }
  return found;
}

TEST_CASE("what a layer kind is, is known in layers/ and where layers are built or renamed") {
  const fs::path source = fs::path(VITLAB_SOURCE_DIR) / "src";
  const std::set<std::string> kinds = kinds_in(text_of(source / "layers" / "layer.h"));
  CHECK(kinds.size() > 20);
  CHECK(kinds.contains("MobileVitLayer"));
  const std::vector<Source> sources = sources_with_kinds(source, kinds);
  for (const Source& each : sources) {
    INFO(each.file << " asks for " << *each.kinds.begin()
                   << "; let the kind say what it needs, beside its check and write");
    CHECK(is_allowed(each.file));
  }
  for (const Allowed& row : kAllowed) {
    INFO(row.files << ": " << row.why);
    CHECK(std::any_of(sources.begin(), sources.end(), [&](const Source& each) {
      return std::regex_match(each.file, std::regex(row.files));
    }));
  }
}

TEST_CASE("a planted question for a layer kind is found") {
  const std::set<std::string> kinds{"FfnLayer", "PatchStem"};
  const auto planted = [&](const std::string& text) {
    const TemporaryFolder folder;
    fs::create_directories(folder / "similarity");
    std::ofstream(folder / "similarity" / "a.cpp") << text;
    const std::vector<Source> found = sources_with_kinds(folder.path(), kinds);
    return found.size() == 1 && !is_allowed(found[0].file);
  };
  CHECK(planted("if (std::get_if<layers::PatchStem>(&stem)) return;"));
  CHECK(planted("return std::holds_alternative< layers::FfnLayer >(layer);"));
  CHECK(planted("int operator()(const layers::FfnLayer& layer) const;"));
  CHECK(planted("if (info.kind == layers::PatchStem::kName) return;"));
  CHECK_FALSE(planted("layers::splits_needed(layer); std::get_if<graph::Slice>(&node.op);"));
}

}  // namespace
}  // namespace vitlab::structure
