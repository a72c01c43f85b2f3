#include <algorithm>
#include <limits>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

/// Ends the parse of a text that is over a limit; its problem has been added already.
struct Stop {};

std::string too_many(const ConfigLimits& limits) {
  return "more than " + with_thousands(static_cast<std::int64_t>(limits.nodes)) +
         " values in one file";
}

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// Builds a ConfigNode straight from the parser's events: aliases, anchors, tags and repeated keys
/// can be seen here, while yaml-cpp's own nodes hide them.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Problems& problems, const ConfigLimits& limits)
      : problems_(problems), limits_(limits) {}

  ConfigNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    stop(place_of(mark),
         "a second document starts here; a file holds one (or the indentation of this line is "
         "wrong)");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(mark);
    refuse_anchor(mark, anchor);
    if (is_key_next()) return put_key({place_of(mark), {}, "a key must not be empty"});
    ConfigNode node;
    node.place = place_of(mark);
    const bool in_map = !open_.empty() && open_.back().node.is_map();
    if (in_map) node.place = open_.back().key.place;  // the mark is where the next token starts
    put(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    count(mark);
    const std::string message = "aliases (*name) are not supported; write the value out";
    if (is_key_next()) return put_key({place_of(mark), {}, message});
    add(place_of(mark), message);
    ConfigNode node;
    node.place = place_of(mark);
    put(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    count(mark);
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    const bool quoted = tag == "!";
    if (is_key_next()) {
      const bool merge = value == "<<" && !quoted;
      return put_key({place_of(mark), value,
                      merge ? "merge keys (<<) are not supported; write the settings out" : ""});
    }
    ConfigNode node;
    node.kind = ConfigNode::Kind::kScalar;
    node.place = place_of(mark);
    node.scalar = value;
    node.quoted = quoted;
    put(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, ConfigNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, ConfigNode::Kind::kMap);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Key {
    Place place;
    std::string name;
    std::string problem;  // not empty: the entry is dropped
  };
  struct Level {
    ConfigNode node;
    bool is_key = false;  // this structure stands where a key must stand
    bool key_read = false;
    Key key;
    std::unordered_map<std::string, int> lines;  // of the keys seen
  };

  bool is_key_next() const {
    return !open_.empty() && open_.back().node.is_map() && !open_.back().key_read;
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             ConfigNode::Kind kind) {
    count(mark);
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      stop(place_of(mark), "nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    Level level;
    level.is_key = is_key_next();
    level.node.kind = kind;
    level.node.place = place_of(mark);
    open_.push_back(std::move(level));
  }

  void end() {
    Level level = std::move(open_.back());
    open_.pop_back();
    if (level.is_key) return put_key({level.node.place, {}, "a key must be plain text"});
    put(std::move(level.node));
  }

  void put_key(Key key) {
    Level& level = open_.back();
    level.key_read = true;
    level.key = std::move(key);
    if (level.key.problem.empty()) {
      const auto [first, is_new] = level.lines.emplace(level.key.name, level.key.place.line);
      if (is_new) return;
      level.key.problem =
          "is given twice, first on line " + std::to_string(first->second) + "; remove one";
      return add(level.key.place, path() + " " + level.key.problem);
    }
    add(level.key.place, level.key.problem);
  }

  void put(ConfigNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = open_.back();
    if (level.node.is_map()) {
      level.key_read = false;
      if (!level.key.problem.empty()) return;
      node.key = std::move(level.key.name);
      node.key_place = level.key.place;
    }
    level.node.items.push_back(std::move(node));
  }

  /// The dotted path of what is read now, for messages.
  std::string path() const {
    std::string text;
    for (const Level& level : open_) {
      if (level.node.is_sequence()) {
        text += "[" + std::to_string(level.node.items.size()) + "]";
      } else {
        text += (text.empty() ? "" : ".") + clipped(printable(level.key.name), 60);
      }
    }
    return text;
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    add(place_of(mark), "anchors (&name) are not supported; remove the anchor");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    add(place_of(mark), "tags are not supported; remove " + quoted_clip(tag));
  }

  void count(const YAML::Mark& mark) {
    if (++nodes_ <= limits_.nodes) return;
    stop(place_of(mark), too_many(limits_));
  }

  void add(Place place, const std::string& message) { problems_.add(place, message); }

  [[noreturn]] void stop(Place place, const std::string& message) {
    add(place, message);
    throw Stop{};
  }

  Problems& problems_;
  const ConfigLimits& limits_;
  ConfigNode root_;
  std::vector<Level> open_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

/// yaml-cpp's terse words with what usually causes them.
std::string explained(const std::string& words) {
  if (words == YAML::ErrorMsg::MAP_VALUE) {
    return "a ':' is not allowed here; quote text that holds ': ', and check the indentation";
  }
  if (words == YAML::ErrorMsg::EOF_IN_SCALAR) {
    return "the text ends inside quotes; close them";
  }
  if (words == YAML::ErrorMsg::TAB_IN_INDENTATION) {
    return "a tab in the indentation; YAML allows spaces only";
  }
  if (words == YAML::ErrorMsg::END_OF_MAP || words == YAML::ErrorMsg::END_OF_SEQ) {
    return words + "; check the indentation of this line and of the one before it";
  }
  return words;
}

// Texts with fewer of these signs than this are cheap whatever the limit of nodes.
constexpr std::size_t kFewSigns = 10'000;

/// Finds what yaml-cpp would read as the end of the text or pass on unseen, and what would make it
/// hold a gigabyte: it scans a flow such as `[{a: 1}, 2]` to its end before the first event. Each
/// of a text's `[ { , :` belongs to about one node.
bool is_clean_text(std::string_view text, Problems& problems, const ConfigLimits& limits) {
  std::size_t signs = 0;
  Place place;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
      problems.add(place, "control character; a config is plain UTF-8 text");
      return false;
    }
    signs += byte == '[' || byte == '{' || byte == ',' || byte == ':';
    if (signs > std::max(limits.nodes, kFewSigns)) {
      problems.add(place, too_many(limits));
      return false;
    }
    place = byte == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  if (is_utf8(text)) return true;
  problems.add({}, "is not UTF-8 text");
  return false;
}

struct Parsed {
  ConfigNode root;
  bool is_whole = false;
};

Parsed parse_text(const std::string& text, Problems& problems, const ConfigLimits& limits) {
  if (text.size() > limits.bytes) {
    problems.add({}, with_thousands(static_cast<std::int64_t>(text.size())) +
                         " bytes are over the limit of " +
                         with_thousands(static_cast<std::int64_t>(limits.bytes)));
    return {};
  }
  if (!is_clean_text(text, problems, limits)) return {};
  TreeBuilder builder(problems, limits);
  bool is_whole = false;
  try {
    // yaml-cpp closes a quote that is still open after the last line end without a word, and with
    // it all the lines it swallowed; a comment without a line end makes it complain.
    std::istringstream stream(text.ends_with('\n') ? text + "#" : text);
    YAML::Parser parser(stream);
    // The second call reaches a second document, which the builder refuses.
    is_whole = !parser.HandleNextDocument(builder) || !parser.HandleNextDocument(builder);
  } catch (const Stop&) {
    is_whole = false;
  } catch (const YAML::Exception& error) {
    problems.add(place_of(error.mark), explained(error.msg));
  }
  return {builder.take(), is_whole};
}

}  // namespace

ConfigNode parse_config(const std::string& text, Problems& problems, const ConfigLimits& limits) {
  return parse_text(text, problems, limits).root;
}

ConfigDocument parse_document(std::string source, const std::string& text,
                              const ConfigLimits& limits) {
  ConfigDocument document{Problems(std::move(source), text), {}};
  Parsed parsed = parse_text(text, document.problems, limits);
  if (!parsed.is_whole) document.problems.throw_if_any();
  document.root = std::move(parsed.root);
  return document;
}

ConfigDocument load_config(const std::filesystem::path& path, const ConfigLimits& limits) {
  return parse_document(path.string(), read_text_file(path, limits.bytes), limits);
}

}  // namespace vitlab::core
