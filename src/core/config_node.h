#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitlab::core {

/// A place in a text file, both counted from 1.
struct Place {
  int line = 1;
  int column = 1;

  friend bool operator==(const Place&, const Place&) = default;
};

/// Where values stand that the user gave beside the file; messages say so instead of a line.
constexpr Place kCommandLine{0, 0};

/// One value of a YAML (or JSON) text with its place: what yaml-cpp parsed, after the checks that
/// it does not make (duplicate keys, aliases, merge keys, octal numbers, depth, node count).
struct ConfigNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Place place;
  std::string scalar;   // text of a scalar
  bool quoted = false;  // a quoted scalar is a string whatever it looks like
  std::string key;      // this entry's key, when its parent is a map
  Place key_place;
  std::vector<ConfigNode> items;  // elements of a sequence, entries of a map in file order

  bool is_map() const { return kind == Kind::kMap; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNull; }

  /// The entry of a map under `wanted`, or null.
  const ConfigNode* entry(std::string_view wanted) const;
};

/// One thing that is wrong in a text: where, under which dotted path ("" if none), and what.
struct Problem {
  Place place;
  std::string path;
  std::string message;

  /// "path message", or the message alone.
  std::string text() const { return path.empty() ? message : path + " " + message; }
};

/// Gathers every problem of one text, so that a user sees all of them in one pass.
class Problems {
 public:
  /// `source` is the path shown in messages; `text` is kept to show the line and a caret.
  Problems(std::string source, std::string text);

  /// Adds `source:line:col: message`; the offending line and a caret follow when they are shown.
  /// Columns count bytes, as compilers do.
  void add(Place place, std::string message) { add({place, "", std::move(message)}); }
  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  bool empty() const { return problems_.empty(); }
  std::size_t count() const { return problems_.size(); }
  /// Whether something is wrong under exactly this path.
  bool blames(std::string_view path) const;
  /// What was added, in the order of adding.
  const std::vector<Problem>& all() const { return problems_; }

  /// Throws one UserError that holds the messages in order of place (each once; after the first 50
  /// only how many there are); returns if there is none.
  void throw_if_any() const;
  const std::string& source() const { return source_; }

 private:
  std::string source_;
  std::string text_;
  std::vector<Problem> problems_;
};

/// Limits of untrusted text; beyond them a file is refused with its size.
struct ConfigLimits {
  std::size_t bytes = std::size_t{4} << 20;
  std::size_t nodes = 200'000;
  int depth = 64;
};

/// Parses one YAML document; structural problems go to `problems`, and the node returned is what
/// could be read. Accepts JSON too, which is YAML.
ConfigNode parse_config(const std::string& text, Problems& problems,
                        const ConfigLimits& limits = {});

/// A file read whole. Throws UserError naming the path if it cannot be read or is over the limit.
std::string read_text_file(const std::filesystem::path& path, std::size_t limit_bytes);

/// A config text with its source and problems, as every reader of a file starts.
struct ConfigDocument {
  Problems problems;
  ConfigNode root;
};

/// Reads and parses `path`; syntax errors throw at once, since nothing after them can be trusted.
ConfigDocument load_config(const std::filesystem::path& path, const ConfigLimits& limits = {});
ConfigDocument parse_document(std::string source, const std::string& text,
                              const ConfigLimits& limits = {});

}  // namespace vitlab::core
