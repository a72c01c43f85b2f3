#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/choice.h"
#include "core/config_node.h"

namespace vitlab::core {

/// Reads the settings of one map into plain structs. Nothing throws: a wrong or missing value adds
/// a problem and leaves the default, so that all errors of a file are found in one pass. The owner
/// of the document calls `problems.throw_if_any()` at the end.
class ConfigReader {
 public:
  /// `path` is the dotted path of `node` ("" at the root, "stages[0].layers[2]" inside).
  ConfigReader(const ConfigNode& node, Problems& problems, std::string path = "");

  bool has(std::string_view key) const;

  /// Reads `key` into `value`; a missing key is a problem (required) or leaves `value` (optional).
  /// T: bool, std::int64_t, double, std::string, and vectors of the last three. Integers refuse
  /// octal and overflow; `yes/on/y` are not booleans, only true and false are; a string refuses an
  /// unquoted map or list. Numbers such as 5e6 read as integers when they are whole.
  template <typename T>
  bool required(std::string_view key, T& value);
  template <typename T>
  bool optional(std::string_view key, T& value);

  /// Like optional, for a number or one per item: `4` or `[4, 4, 2]`; a number reads as one item.
  bool one_or_many(std::string_view key, std::vector<std::int64_t>& value);
  bool one_or_many(std::string_view key, std::vector<double>& value);

  /// Reads one of `choices` by name; an unknown name is a problem with the nearest choice.
  bool choice(std::string_view key, const std::vector<std::string>& choices, std::size_t& index);
  /// Reads one of a closed set by its word; `allowed`, if any are named, narrows the set.
  template <Choice E>
  bool choice(std::string_view key, E& value,
              std::type_identity_t<std::span<const E>> allowed = {});

  /// Marks `key` as read and gives its node (null when absent), for nested structures.
  const ConfigNode* node(std::string_view key);
  /// A reader of the map under `key`; a value that is no map is a problem and reads as empty.
  std::optional<ConfigReader> child(std::string_view key);
  ConfigReader child_of(const ConfigNode& node, const std::string& path) const;

  /// Adds a problem at `key`'s value (or at this map when the key is absent): "path.key message".
  void fail(std::string_view key, const std::string& message);
  /// Adds a problem at this map itself.
  void fail_here(const std::string& message);

  /// Every key that nobody read is a problem, with the nearest key that somebody did ask for.
  void finish();

  const ConfigNode& self() const { return *node_; }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  Problems& problems() const { return *problems_; }

 private:
  const ConfigNode* node_;
  Problems* problems_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

/// A problem at `key` unless low <= value <= high.
void check_between(ConfigReader& reader, std::string_view key, double value, double low,
                   double high);
/// A problem at `key` unless `word` is one of `words`.
void check_word(ConfigReader& reader, std::string_view key, const std::string& word,
                const std::vector<std::string>& words);

/// The words of some of a closed set, of all if none is named.
template <Choice E>
std::vector<std::string> words_of(std::span<const E> allowed) {
  if (allowed.empty()) return words_of<E>();
  std::vector<std::string> words;
  for (const E value : allowed) words.emplace_back(word_of(value));
  return words;
}

/// Reads the one of `words` that stands at a node; a problem and false if none does.
bool read_word(const ConfigNode& node, const std::string& path, Problems& problems,
               const std::vector<std::string>& words, std::size_t& index);
/// Reads the one of a closed set, or of its `allowed` values if any are named, that stands there.
template <Choice E>
bool read_word(const ConfigNode& node, const std::string& path, Problems& problems, E& value,
               std::type_identity_t<std::span<const E>> allowed = {}) {
  std::size_t index = 0;
  if (!read_word(node, path, problems, words_of<E>(allowed), index)) return false;
  value = allowed.empty() ? choice_rows(E{})[index].value : allowed[index];
  return true;
}

template <Choice E>
bool ConfigReader::choice(std::string_view key, E& value,
                          std::type_identity_t<std::span<const E>> allowed) {
  const ConfigNode* chosen = node(key);
  return chosen != nullptr && read_word(*chosen, path_of(key), *problems_, value, allowed);
}

/// What stands at a node, for messages: "'text'", "a list", "a map" or "nothing".
std::string describe(const ConfigNode& node);

/// Converts one scalar node; a problem at `node` and false if it is not of the type asked for.
bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems, bool& value);
bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 std::int64_t& value);
bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 double& value);
bool read_scalar(const ConfigNode& node, const std::string& path, Problems& problems,
                 std::string& value);

/// Converts a list; T: std::int64_t, double, std::string.
template <typename T>
bool read_list(const ConfigNode& node, const std::string& path, Problems& problems,
               std::vector<T>& value);
/// Converts a number, which reads as one item, or a list; T: std::int64_t, double.
template <typename T>
bool read_one_or_many(const ConfigNode& node, const std::string& path, Problems& problems,
                      std::vector<T>& value);

}  // namespace vitlab::core
