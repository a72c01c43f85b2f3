#include <fstream>
#include <sstream>

#include "core/config_node.h"
#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// Every message about `text`, or "" if there is none.
std::string complaints(const std::string& text, const ConfigLimits& limits = {}) {
  Problems problems("f.yaml", text);
  parse_config(text, problems, limits);
  try {
    problems.throw_if_any();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("a node knows its kind, text, quotes, key and places") {
  const ConfigDocument document = parse_document("f.yaml",
                                                 "# comment\n"
                                                 "name: \"3\"\n"
                                                 "train:\n"
                                                 "  epochs: 20\n"
                                                 "  none:\n"
                                                 "list: [1, two, ~]\n");
  const ConfigNode& root = document.root;
  REQUIRE(document.problems.empty());
  REQUIRE(root.is_map());
  CHECK(root.place == Place{2, 1});
  REQUIRE(root.items.size() == 3);
  CHECK(root.entry("name")->quoted);
  CHECK(root.entry("name")->scalar == "3");
  CHECK(root.entry("name")->place == Place{2, 7});
  const ConfigNode* train = root.entry("train");
  CHECK(train->key_place == Place{3, 1});
  CHECK(train->entry("epochs")->place == Place{4, 11});
  CHECK(train->entry("epochs")->key_place == Place{4, 3});
  CHECK_FALSE(train->entry("epochs")->quoted);
  CHECK(train->entry("none")->is_null());
  CHECK(train->entry("none")->place == Place{5, 3});
  const ConfigNode* list = root.entry("list");
  REQUIRE(list->is_sequence());
  REQUIRE(list->items.size() == 3);
  CHECK(list->items[1].scalar == "two");
  CHECK(list->items[1].place == Place{6, 11});
  CHECK(list->items[2].is_null());
  CHECK(root.entry("absent") == nullptr);
  CHECK(list->entry("name") == nullptr);
}

TEST_CASE("JSON text reads as the same tree") {
  const ConfigDocument document =
      parse_document("f.json", "{\"a\":1,\n\t\"b\": [true, null, \"x\\ty\"], \"c\": {}}");
  CHECK(document.problems.empty());
  CHECK(document.root.entry("a")->scalar == "1");
  REQUIRE(document.root.entry("b")->items.size() == 3);
  CHECK(document.root.entry("b")->items[1].is_null());
  CHECK(document.root.entry("b")->items[2].scalar == "x\ty");
  CHECK(document.root.entry("c")->is_map());
}

TEST_CASE("an empty text is a null node") {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "~"}) {
    const ConfigDocument document = parse_document("f.yaml", text);
    CHECK(document.problems.empty());
    CHECK(document.root.is_null());
  }
}

TEST_CASE("block text, folded text and Windows line ends are read") {
  const ConfigDocument document = parse_document("f.yaml", "a: |\r\n  one\r\n  two\r\nb: 2\r\n");
  CHECK(document.root.entry("a")->scalar == "one\ntwo\n");
  CHECK(document.root.entry("b")->place == Place{4, 4});
  CHECK(document.root.entry("b")->scalar == "2");
}

TEST_CASE("what YAML readers hide is refused at its place") {
  CHECK_THAT(complaints("a: 1\nb: 2\na: 3\n"),
             StartsWith("f.yaml:3:1: a is given twice, first on line 1; remove one\n"));
  CHECK_THAT(complaints("s:\n  - x: {k: 1, k: 2}\n"),
             StartsWith("f.yaml:2:15: s[0].x.k is given twice, first on line 2"));
  CHECK_THAT(complaints("a: 1\n\"a\": 3\n"), Contains("f.yaml:2:1: a is given twice"));
  CHECK_THAT(complaints("a: &x 1\nb: *x\n"),
             Contains("f.yaml:1:4: anchors") && Contains("f.yaml:2:4: aliases"));
  CHECK_THAT(complaints("<<: {a: 1}\n"), StartsWith("f.yaml:1:1: merge keys (<<)"));
  CHECK_THAT(complaints("a: !!int 3\n"), StartsWith("f.yaml:1:4: tags are not supported"));
  CHECK_THAT(complaints("a: !!map {b: 1}\n"), Contains("tags are not supported"));
  CHECK_THAT(complaints("a: !x [1]\n"), Contains("tags are not supported; remove '!x'"));
  CHECK_THAT(complaints("[1, 2]: 3\n"), Contains("f.yaml:1:1: a key must be plain text"));
  CHECK_THAT(complaints("? {a: 1}\n: 3\n"), Contains("a key must be plain text"));
  CHECK_THAT(complaints("~: 3\n"), Contains("a key must not be empty"));
  CHECK_THAT(complaints("&x a: 3\n*x : 4\n"), Contains("anchors") && Contains("aliases"));
  CHECK_THAT(complaints("a: 1\n---\nb: 2\n"), Contains("a second document starts here"));
  CHECK(complaints("\"<<\": 1\n") == "");
}

TEST_CASE("a dropped entry does not shift the ones after it") {
  Problems problems("f.yaml", "");
  const ConfigNode root = parse_config("a: 1\na: {b: [1, {c: 2}]}\n[x]: {y: 1}\nd: 4\n", problems);
  CHECK(problems.count() == 2);
  REQUIRE(root.items.size() == 2);
  CHECK(root.entry("a")->scalar == "1");
  CHECK(root.entry("d")->scalar == "4");
}

TEST_CASE("syntax errors become problems at their mark") {
  CHECK_THAT(complaints("a: 1\nb: [1, 2\n"), StartsWith("f.yaml:"));
  CHECK_THAT(complaints("a: b: c\n"), Contains("f.yaml:1:5: a ':' is not allowed here"));
  CHECK_THAT(complaints("a:\n\tb: 1\n"), Contains("f.yaml:2:"));
  CHECK_THAT(complaints("a: *nobody\n"), Contains("f.yaml:1:"));
  for (const char* open :
       {"a: \"open", "a: \"open\n", "a: 'open\nb: 1\n", "- 'x\n\n", "a: 1\nb: \"x\r\n"}) {
    CHECK_THAT(complaints(open), Contains("the text ends inside quotes"));
  }
  CHECK_THAT(complaints("a: 1\n}\n"), Contains("f.yaml:2:1:"));
}

TEST_CASE("a syntax error throws at once, other problems wait") {
  CHECK_THROWS_AS(parse_document("f.yaml", "a: [1"), UserError);
  CHECK_THROWS_AS(parse_document("f.yaml", "a: 1\n---\nb: 1\n"), UserError);
  const ConfigDocument document = parse_document("f.yaml", "a: 1\na: 2\n");
  CHECK(document.problems.count() == 1);
  CHECK(document.root.entry("a")->scalar == "1");
}

TEST_CASE("text that is not clean UTF-8 is refused before it is parsed") {
  // yaml-cpp takes the byte 4 for the end of the text and would drop the rest silently.
  CHECK_THAT(complaints("a: 1\n\x04"
                        "b: 2\n"),
             Contains("f.yaml:2:1: control character"));
  CHECK_THAT(complaints(std::string("a: \0", 4)), Contains("f.yaml:1:4: control character"));
  CHECK_THAT(complaints("a: \xff\n"), Contains("not UTF-8"));
  CHECK_THAT(complaints("a: \xed\xa0\x80\n"), Contains("not UTF-8"));
  CHECK(complaints("a: \u00e4\u20ac\U0001f600\n") == "");
  CHECK(complaints("\xef\xbb\xbf"
                   "a: 1\n") == "");
}

TEST_CASE("texts beyond a limit are refused with the limit") {
  const ConfigLimits small{.bytes = 100, .nodes = 10, .depth = 3};
  CHECK_THAT(complaints(std::string(101, '#'), small),
             Contains("101 bytes are over the limit of 100"));
  CHECK(complaints(std::string(100, '#'), small) == "");
  CHECK(complaints("[1,2,3,4,5,6,7,8,9]", small) == "");
  CHECK_THAT(complaints("[1,2,3,4,5,6,7,8,9,0]", small), Contains("more than 10 values"));
  CHECK(complaints("[[[1]]]", small) == "");
  CHECK_THAT(complaints("[[[[1]]]]", small), Contains("f.yaml:1:4: nested deeper than 3 levels"));
}

TEST_CASE("deep nesting, alias bombs and cycles end quickly") {
  CHECK_THAT(complaints(std::string(1'000'000, '[')), Contains("more than 200,000 values"));
  CHECK_THAT(complaints(repeated("{a: ", 100'000)), Contains("nested deeper than 64"));
  CHECK_THAT(complaints(repeated("- ", 500'000)), Contains("nested deeper than 64"));
  CHECK_THAT(complaints(repeated("? ", 500'000)), Contains("nested deeper than 64"));
  CHECK_THAT(complaints(std::string(150'000, '[')), Contains("nested deeper than 64"));
  CHECK_THAT(complaints("a: &a [*a]\n"), Contains("aliases"));
  std::string bomb = "x0: &x0 [1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string alias = "*x" + std::to_string(i - 1);
    bomb +=
        "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + alias + " ," + alias + " ]\n";
  }
  CHECK_THAT(complaints(bomb), Contains("anchors") && Contains("aliases"));
}

TEST_CASE("all problems come in order of place, each once, with its line and a caret") {
  Problems problems("dir/f.yaml", "a: 1\n\tb: 2\nc: 3");
  problems.add({3, 4}, "third");
  problems.add({1, 1}, "first");
  problems.add({3, 4}, "third");
  problems.add({2, 3}, "second");
  CHECK(problems.count() == 4);
  try {
    problems.throw_if_any();
    FAIL("nothing was thrown");
  } catch (const UserError& error) {
    CHECK(std::string(error.what()) ==
          "dir/f.yaml:1:1: first\n    a: 1\n    ^\n"
          "dir/f.yaml:2:3: second\n     b: 2\n      ^\n"
          "dir/f.yaml:3:4: third\n    c: 3\n       ^");
  }
}

TEST_CASE("no problems, no error; places outside of the text are harmless") {
  Problems problems("f.yaml", "a\n");
  CHECK_NOTHROW(problems.throw_if_any());
  problems.add({99, 99}, "far");
  problems.add({0, 0}, "near");
  problems.add({1, 99}, "beside");
  CHECK_THROWS_AS(problems.throw_if_any(), UserError);
}

TEST_CASE("a long line is clipped around its caret") {
  std::string line(500, 'a');
  line += 'X';
  line.append(500, 'b');
  Problems problems("f.yaml", line);
  problems.add({1, 501}, "here");
  try {
    problems.throw_if_any();
  } catch (const UserError& error) {
    std::istringstream lines(error.what());
    std::string head, source, caret;
    std::getline(lines, head);
    std::getline(lines, source);
    std::getline(lines, caret);
    CHECK(source.size() < 120);
    CHECK_THAT(source, Contains("…aa") && Contains("bb…"));
    // The sign of the cut is one column and three bytes.
    CHECK(source[caret.find('^') + 2] == 'X');
  }
}

TEST_CASE("the caret stands right after text of several bytes a character") {
  Problems problems("f.yaml", "é€: x");
  problems.add({1, 8}, "here");
  try {
    problems.throw_if_any();
  } catch (const UserError& error) {
    CHECK(std::string(error.what()) == "f.yaml:1:8: here\n    é€: x\n        ^");
  }
}

TEST_CASE("messages cannot steer a terminal and do not flood it") {
  CHECK_THAT(complaints("\"\\e[31m\": 1\n\"\\e[31m\": 2\n"), !Contains("\x1b"));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "a: 1\n";
  const std::string all = complaints(many);
  CHECK_THAT(all, Contains("and 19949 more problems"));
  CHECK(all.size() < 20'000);
}

TEST_CASE("a file is read whole or refused with its path") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.yaml") << "a: 1\n";
  CHECK(read_text_file(folder / "a.yaml", 5) == "a: 1\n");
  CHECK_THROWS_WITH(read_text_file(folder / "a.yaml", 4),
                    Contains("a.yaml") && Contains("over the limit of 4 bytes"));
  CHECK_THROWS_WITH(read_text_file(folder / "none.yaml", 5), Contains("No such file"));
  CHECK_THROWS_WITH(read_text_file(folder.path(), 5), Contains("is a folder"));
  CHECK_THROWS_WITH(read_text_file("/dev/zero", 1000), Contains("over the limit"));
  CHECK(load_config(folder / "a.yaml").root.entry("a")->scalar == "1");
  CHECK(load_config(folder / "a.yaml").problems.source() == (folder / "a.yaml").string());
}
