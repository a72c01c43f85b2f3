#include "sweep/named_config.h"

#include "architecture/presets.h"
#include "core/embedded.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::sweep {

namespace {

namespace fs = std::filesystem;

template <typename Settings>
Settings read_whole(core::ConfigDocument document, Settings (*read)(core::ConfigReader&)) {
  core::ConfigReader reader(document.root, document.problems);
  Settings settings = read(reader);
  document.problems.throw_if_any();
  return settings;
}

core::ConfigDocument document_of(const core::Json& json, const std::string& source) {
  return {core::Problems(source, ""), architecture::node_from_json(json)};
}

}  // namespace

fs::path find_named_path(const std::string& path, const fs::path& near) {
  std::error_code ignored;
  const fs::path wanted(path);
  if (!near.empty() && !wanted.is_absolute() && fs::exists(near / wanted, ignored))
    return (near / wanted).lexically_normal();
  if (fs::exists(wanted, ignored)) return wanted;
  if (wanted.is_absolute() || near.empty()) return {};
  for (fs::path folder = fs::absolute(near, ignored).lexically_normal();;
       folder = folder.parent_path()) {
    if (fs::exists(folder / wanted, ignored)) return folder / wanted;
    if (folder == folder.parent_path()) return {};
  }
}

core::ConfigDocument load_named_config(const std::string& path, const fs::path& near) {
  const fs::path found = find_named_path(path, near);
  if (!found.empty()) return core::load_config(found);
  const std::string name = fs::path(path).lexically_normal().generic_string();
  if (const auto text = core::embedded_file(name))
    return core::parse_document(name, std::string(*text));
  std::vector<std::string> known;
  for (const std::string_view embedded : core::embedded_names("configs/"))
    known.emplace_back(embedded);
  throw core::UserError(
      "there is no file " + core::quoted_clip(path) +
      (near.empty() ? "" : ", neither here nor beside or above " + near.string()) +
      core::did_you_mean(path, known));
}

Recipe load_recipe(const std::string& path, const fs::path& near) {
  return read_whole(load_named_config(path, near), read_recipe);
}
Protocol load_protocol(const std::string& path, const fs::path& near) {
  return read_whole(load_named_config(path, near), read_protocol);
}
std::vector<Protocol> load_protocols(const std::string& path, const fs::path& near) {
  return read_whole(load_named_config(path, near), read_protocols);
}
PruneSettings load_prune_settings(const std::string& path, const fs::path& near) {
  return read_whole(load_named_config(path, near), read_prune_settings);
}

Recipe recipe_from_json(const core::Json& json, const std::string& source) {
  return read_whole(document_of(json, source), read_recipe);
}
Protocol protocol_from_json(const core::Json& json, const std::string& source) {
  return read_whole(document_of(json, source), read_protocol);
}
std::vector<Protocol> protocols_from_json(const core::Json& json, const std::string& source) {
  return read_whole(document_of(json, source), read_protocols);
}
SimilaritySettings similarity_settings_from_json(const core::Json& json,
                                                 const std::string& source) {
  return read_whole(document_of(json, source), read_similarity_settings);
}
PruneSettings prune_settings_from_json(const core::Json& json, const std::string& source) {
  return read_whole(document_of(json, source), read_prune_settings);
}

void from_json_form(const core::Json& json, const core::JsonPlace& place, Recipe& recipe) {
  recipe = recipe_from_json(json, place.path());
}
void from_json_form(const core::Json& json, const core::JsonPlace& place, Protocol& protocol) {
  protocol = protocol_from_json(json, place.path());
}
void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    SimilaritySettings& settings) {
  settings = similarity_settings_from_json(json, place.path());
}
void from_json_form(const core::Json& json, const core::JsonPlace& place, PruneSettings& settings) {
  settings = prune_settings_from_json(json, place.path());
}

}  // namespace vitlab::sweep
