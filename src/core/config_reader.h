#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace vitlab::core
