#include "core/config_reader.h"

#include <algorithm>
#include <utility>

#include "core/names.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

// Beyond this many unknown keys in one map, finding near names costs more than it tells.
constexpr int kSuggestions = 20;
constexpr std::size_t kNamesListed = 12;

/// Where a whole map is blamed: at its key, which is what a user looks for.
Place heading(const ConfigNode& node) { return node.key.empty() ? node.place : node.key_place; }

const char* list_kind(const std::vector<std::int64_t>&) { return "whole numbers"; }
const char* list_kind(const std::vector<double>&) { return "numbers"; }
const char* list_kind(const std::vector<std::string>&) { return "texts"; }

template <typename T>
bool read_value(const ConfigNode& node, const std::string& path, Problems& problems, T& value) {
  return read_scalar(node, path, problems, value);
}

template <typename T>
bool read_value(const ConfigNode& node, const std::string& path, Problems& problems,
                std::vector<T>& value) {
  return read_list(node, path, problems, value);
}

}  // namespace

template <typename T>
bool read_list(const ConfigNode& node, const std::string& path, Problems& problems,
               std::vector<T>& value) {
  if (!node.is_sequence()) {
    problems.add(
        {node.place, path,
         std::string("must be a list of ") + list_kind(value) + ", got " + describe(node)});
    return false;
  }
  std::vector<T> items;
  bool good = true;
  for (const ConfigNode& item : node.items) {
    T one{};
    good &= read_scalar(item, path + "[" + std::to_string(items.size()) + "]", problems, one);
    items.push_back(std::move(one));
  }
  if (good) value = std::move(items);
  return good;
}

template <typename T>
bool read_one_or_many(const ConfigNode& node, const std::string& path, Problems& problems,
                      std::vector<T>& value) {
  if (node.is_sequence()) return read_list(node, path, problems, value);
  T one{};
  if (!read_scalar(node, path, problems, one)) return false;
  value = {one};
  return true;
}

template bool read_list(const ConfigNode&, const std::string&, Problems&,
                        std::vector<std::int64_t>&);
template bool read_list(const ConfigNode&, const std::string&, Problems&, std::vector<double>&);
template bool read_list(const ConfigNode&, const std::string&, Problems&,
                        std::vector<std::string>&);
template bool read_one_or_many(const ConfigNode&, const std::string&, Problems&,
                               std::vector<std::int64_t>&);
template bool read_one_or_many(const ConfigNode&, const std::string&, Problems&,
                               std::vector<double>&);

bool read_word(const ConfigNode& node, const std::string& path, Problems& problems,
               const std::vector<std::string>& words, std::size_t& index) {
  const auto match = std::find(words.begin(), words.end(), node.scalar);
  if (node.is_scalar() && match != words.end()) {
    index = static_cast<std::size_t>(match - words.begin());
    return true;
  }
  problems.add({node.place, path,
                "must be one of " + joined(words) + ", got " + describe(node) +
                    (node.is_scalar() ? did_you_mean(node.scalar, words) : "")});
  return false;
}

ConfigReader::ConfigReader(const ConfigNode& node, Problems& problems, std::string path)
    : node_(&node), problems_(&problems), path_(std::move(path)) {
  if (!node.is_map()) fail_here("must be a map of settings, got " + describe(node));
}

bool ConfigReader::has(std::string_view key) const { return node_->entry(key) != nullptr; }

std::string ConfigReader::path_of(std::string_view key) const {
  const std::string name = clipped(printable(key), 60);
  return path_.empty() ? name : path_ + "." + name;
}

const ConfigNode* ConfigReader::node(std::string_view key) {
  asked_.emplace(key);
  return node_->entry(key);
}

template <typename T>
bool ConfigReader::required(std::string_view key, T& value) {
  const ConfigNode* found_node = node(key);
  if (found_node != nullptr) return read_value(*found_node, path_of(key), *problems_, value);
  if (node_->is_map()) fail(key, "is missing");
  return false;
}

template <typename T>
bool ConfigReader::optional(std::string_view key, T& value) {
  const ConfigNode* found_node = node(key);
  return found_node != nullptr && read_value(*found_node, path_of(key), *problems_, value);
}

template bool ConfigReader::required(std::string_view, bool&);
template bool ConfigReader::required(std::string_view, std::int64_t&);
template bool ConfigReader::required(std::string_view, double&);
template bool ConfigReader::required(std::string_view, std::string&);
template bool ConfigReader::required(std::string_view, std::vector<std::int64_t>&);
template bool ConfigReader::required(std::string_view, std::vector<double>&);
template bool ConfigReader::required(std::string_view, std::vector<std::string>&);
template bool ConfigReader::optional(std::string_view, bool&);
template bool ConfigReader::optional(std::string_view, std::int64_t&);
template bool ConfigReader::optional(std::string_view, double&);
template bool ConfigReader::optional(std::string_view, std::string&);
template bool ConfigReader::optional(std::string_view, std::vector<std::int64_t>&);
template bool ConfigReader::optional(std::string_view, std::vector<double>&);
template bool ConfigReader::optional(std::string_view, std::vector<std::string>&);

bool ConfigReader::one_or_many(std::string_view key, std::vector<std::int64_t>& value) {
  const ConfigNode* found = node(key);
  return found != nullptr && read_one_or_many(*found, path_of(key), *problems_, value);
}

bool ConfigReader::one_or_many(std::string_view key, std::vector<double>& value) {
  const ConfigNode* found = node(key);
  return found != nullptr && read_one_or_many(*found, path_of(key), *problems_, value);
}

bool ConfigReader::choice(std::string_view key, const std::vector<std::string>& choices,
                          std::size_t& index) {
  const ConfigNode* chosen = node(key);
  return chosen != nullptr && read_word(*chosen, path_of(key), *problems_, choices, index);
}

std::optional<ConfigReader> ConfigReader::child(std::string_view key) {
  const ConfigNode* inner = node(key);
  if (inner == nullptr) return std::nullopt;
  ConfigReader reader(*inner, *problems_, path_of(key));
  return inner->is_map() ? std::optional(std::move(reader)) : std::nullopt;
}

ConfigReader ConfigReader::child_of(const ConfigNode& node, const std::string& path) const {
  return ConfigReader(node, *problems_, path);
}

void ConfigReader::fail(std::string_view key, const std::string& message) {
  const ConfigNode* blamed = node(key);
  problems_->add({blamed != nullptr ? blamed->place : heading(*node_), path_of(key), message});
}

void ConfigReader::fail_here(const std::string& message) {
  problems_->add({node_->is_map() ? heading(*node_) : node_->place, path_, message});
}

void ConfigReader::finish() {
  if (!node_->is_map()) return;
  std::vector<std::string> unused;
  for (const std::string& name : asked_) {
    if (!has(name)) unused.push_back(name);
  }
  int unknown = 0;
  for (const ConfigNode& item : node_->items) {
    if (asked_.contains(item.key)) continue;
    std::string hint = ++unknown <= kSuggestions ? did_you_mean(item.key, unused) : "";
    if (hint.empty() && !asked_.empty() && asked_.size() <= kNamesListed) {
      hint = "; the settings here are " + joined({asked_.begin(), asked_.end()});
    }
    problems_->add({item.key_place, path_of(item.key), "is not a setting" + hint});
  }
}

void check_between(ConfigReader& reader, std::string_view key, double value, double low,
                   double high) {
  if (value >= low && value <= high) return;
  reader.fail(key,
              "must lie in " + shortest(low) + ".." + shortest(high) + ", got " + shortest(value));
}

void check_word(ConfigReader& reader, std::string_view key, const std::string& word,
                const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return;
  reader.fail(key, "must be one of " + joined(words) + ", got " + quoted_clip(word) +
                       did_you_mean(word, words));
}

}  // namespace vitlab::core
