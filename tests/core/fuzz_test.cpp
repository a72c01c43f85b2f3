#include "core/config_reader.h"
#include "core/error.h"
#include "core/json.h"
#include "core/random.h"
#include "core/text.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;

namespace {

const std::string kSeedText =
    "# a sweep\n"
    "name: first\n"
    "model:\n"
    "  template: efficientvit\n"
    "  widths: [64, 128, 192]\n"
    "  ratios: {a: 0.5, \"b\": 1e-3}\n"
    "stages:\n"
    "  - layers: [ {kind: mixer, heads: 4}, ~ ]\n"
    "  - |\n"
    "    text\n"
    "? key\n"
    ": 'it''s'\n";

/// A few random edits: bytes changed, dropped or doubled, and fragments of YAML's syntax put in.
std::string mutated(std::string text, Random& random) {
  static const std::vector<std::string> kParts = {
      "[",      "]",  "{",    "}",    ": ",      "- ",  "? ", "&a ",  "*a ", "<<: ",
      "!!int ", "\"", "'",    "\n",   "\n---\n", "...", "|",  ">",    "\t",  "%YAML 1.2\n",
      "#",      ",",  "\x04", "\xff", "\\x",     "@",   "`",  "\r\n", "  "};
  const std::uint64_t edits = 1 + random.below(8);
  for (std::uint64_t i = 0; i < edits; ++i) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(4)) {
      case 0:
        text.insert(at, kParts[random.below(kParts.size())]);
        break;
      case 1:
        text.erase(at, random.below(10));
        break;
      case 2:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(40)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
    }
  }
  return text;
}

std::size_t node_count(const ConfigNode& node) {
  std::size_t count = 1;
  for (const ConfigNode& item : node.items) count += node_count(item);
  return count;
}

}  // namespace

TEST_CASE("mutated YAML gives a tree or problems, never a crash or an endless walk") {
  Random random(20240601);
  int clean = 0;
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = mutated(kSeedText, random);
    Problems problems("f.yaml", text);
    const ConfigNode root = parse_config(text, problems);
    CHECK(node_count(root) <= text.size() + 1);
    ConfigReader reader(root, problems);
    std::string name;
    reader.required("name", name);
    if (auto model = reader.child("model")) {
      std::vector<std::int64_t> widths;
      model->one_or_many("widths", widths);
      model->finish();
    }
    reader.finish();
    try {
      problems.throw_if_any();
      ++clean;
    } catch (const UserError& error) {
      ++refused;
      const std::string message = error.what();
      CHECK(is_utf8(message));
      CHECK(message.starts_with("f.yaml:"));
    }
  }
  CHECK(refused > 1000);
  CHECK(clean + refused == 4000);
}

TEST_CASE("random bytes are never read as a config without a word") {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string text(random.below(200), '\0');
    for (char& c : text) c = static_cast<char>(random.below(256));
    Problems problems("f.yaml", text);
    parse_config(text, problems);
    if (!is_utf8(text)) CHECK_FALSE(problems.empty());
  }
}

TEST_CASE("mutated JSON gives a value or a UserError, and a value survives a round trip") {
  const std::string seed =
      R"({"id": "3f", "metrics": {"top1": 75.25, "n": -3, "big": 18446744073709551615},
          "list": [1, 2.5e-3, true, null, "\u00e4\n"], "empty": {}, "nested": [[[[]]]]})";
  Random random(99);
  int good = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = i == 0 ? seed : mutated(seed, random);
    try {
      const Json value = parse_json(text, "f.json");
      CHECK(canonical_json(parse_json(dump_json(value), "again")) == canonical_json(value));
      ++good;
    } catch (const UserError& error) {
      CHECK(std::string(error.what()).starts_with("f.json: "));
    }
  }
  CHECK(good > 100);
  CHECK(good < 3900);
}
