#include "architecture/presets.h"

#include <charconv>
#include <functional>

#include "architecture/templates.h"
#include "core/embedded.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::architecture {

namespace {

constexpr std::string_view kPresetFolder = "configs/models/";
constexpr std::string_view kPresetSuffix = ".yaml";

ModelSpec read_template(const core::ConfigNode& root, core::Problems& problems) {
  core::ConfigReader reader(root, problems);
  std::string name;
  if (!reader.required("template", name)) return {};
  const Template* found = find_template(name);
  if (found) return found->expand(reader);
  reader.fail("template",
              "'" + name + "' is not a template" + core::did_you_mean(name, template_names()));
  return {};
}

/// The value of `--set key=value`, placed on the command line with everything in it.
core::ConfigNode read_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw core::UserError("--set " + text + ": write key=value");
  core::ConfigNode node = core::parse_document("--set " + text, text.substr(equals + 1)).root;
  node.key = text.substr(0, equals);
  const std::function<void(core::ConfigNode&)> place = [&](core::ConfigNode& each) {
    each.place = each.key_place = core::kCommandLine;
    for (core::ConfigNode& item : each.items) place(item);
  };
  place(node);
  return node;
}

NamedModel read_document(core::ConfigDocument document, std::string name,
                         const std::vector<std::string>& overrides) {
  if (!overrides.empty() && document.root.entry("model"))
    throw core::UserError(
        document.problems.source() +
        " is an explicit model: --set changes the knobs of a template; edit the file");
  for (const std::string& each : overrides) {
    core::ConfigNode value = read_override(each);
    std::erase_if(document.root.items,
                  [&](const core::ConfigNode& item) { return item.key == value.key; });
    document.root.items.push_back(std::move(value));
  }
  NamedModel model;
  model.name = std::move(name);
  model.spec = read_model(document.root, document.problems);
  document.problems.throw_if_any();
  if (!document.root.entry("model")) model.knobs = json_from_node(document.root);
  return model;
}

/// A plain scalar as YAML 1.2 reads it: null, true, false, a number, else text.
core::Json plain_scalar(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (text.empty() || text == "null" || text == "~") return nullptr;
  const char* end = text.data() + text.size();
  graph::Index whole = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && at == end)
    return whole;
  double number = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && at == end)
    return number;
  return text;
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const std::string_view path : core::embedded_names(kPresetFolder))
    names.emplace_back(path.substr(kPresetFolder.size(),
                                   path.size() - kPresetFolder.size() - kPresetSuffix.size()));
  return names;
}

NamedModel resolve_model(const std::string& reference, const std::vector<std::string>& overrides) {
  namespace fs = std::filesystem;
  const std::string preset = std::string(kPresetFolder) + reference + std::string(kPresetSuffix);
  if (const auto text = core::embedded_file(preset))
    return read_document(core::parse_document(preset, std::string(*text)), reference, overrides);
  std::error_code ignored;
  const fs::path path(reference);
  if (fs::is_directory(path, ignored)) {
    if (!fs::exists(path / "spec.yaml", ignored))
      throw core::UserError(reference +
                            " is a folder without spec.yaml; train, prune and export write one");
    NamedModel model =
        read_document(core::load_config(path / "spec.yaml"), path.filename().string(), overrides);
    model.folder = path;
    return model;
  }
  if (fs::exists(path, ignored))
    return read_document(core::load_config(path), path.stem().string(), overrides);
  throw core::UserError("'" + reference + "' is neither a preset, nor a YAML file, nor a folder" +
                        core::did_you_mean(reference, preset_names()) +
                        " (vitlab models lists the presets)");
}

ModelSpec read_model(const core::ConfigNode& root, core::Problems& problems) {
  if (!root.is_map()) {
    problems.add(root.place, "a model is a map with `template: …` or `model: 1`");
    return {};
  }
  if (root.entry("model")) return read_spec(root, problems);
  const std::size_t before = problems.count();
  ModelSpec spec = read_template(root, problems);
  if (problems.count() == before)
    for (const SpecProblem& problem : spec_problems(spec)) problems.add(root.place, problem.text());
  return spec;
}

ModelSpec expand_knobs(const core::Json& knobs, const std::string& source) {
  core::Problems problems(source, "");
  ModelSpec spec = read_model(node_from_json(knobs), problems);
  problems.throw_if_any();
  return spec;
}

ModelSpec expand_knobs_untried(const core::Json& knobs, const std::string& source) {
  core::Problems problems(source, "");
  ModelSpec spec = expand_knobs_untried(knobs, problems);
  problems.throw_if_any();
  return spec;
}

ModelSpec expand_knobs_untried(const core::Json& knobs, core::Problems& problems) {
  return read_template(node_from_json(knobs), problems);
}

core::ConfigNode node_from_json(const core::Json& value) {
  core::ConfigNode node;
  if (value.is_object() || value.is_array()) {
    node.kind =
        value.is_object() ? core::ConfigNode::Kind::kMap : core::ConfigNode::Kind::kSequence;
    for (const auto& [key, item] : value.items()) {
      node.items.push_back(node_from_json(item));
      if (value.is_object()) node.items.back().key = key;
    }
    return node;
  }
  if (value.is_null()) return node;
  node.kind = core::ConfigNode::Kind::kScalar;
  node.quoted = value.is_string();
  node.scalar = value.is_string() ? value.get<std::string>() : core::canonical_json(value);
  return node;
}

core::Json json_from_node(const core::ConfigNode& node) {
  switch (node.kind) {
    case core::ConfigNode::Kind::kNull:
      return nullptr;
    case core::ConfigNode::Kind::kScalar:
      return node.quoted ? core::Json(node.scalar) : plain_scalar(node.scalar);
    case core::ConfigNode::Kind::kSequence: {
      core::Json list = core::Json::array();
      for (const core::ConfigNode& item : node.items) list.push_back(json_from_node(item));
      return list;
    }
    case core::ConfigNode::Kind::kMap: {
      core::Json map = core::Json::object();
      for (const core::ConfigNode& item : node.items) map[item.key] = json_from_node(item);
      return map;
    }
  }
  return nullptr;
}

}  // namespace vitlab::architecture
