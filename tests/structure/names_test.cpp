#include <map>
#include <string>
#include <vector>

#include "structure/definitions.h"
#include "structure/source_tree.h"
#include "test.hpp"

namespace vitlab {
namespace {

/// Where a name of a namespace was defined first, and with which parameters.
struct Seen {
  std::string file;
  Definition definition;
};

/// Functions of one name may differ in their parameters; nothing else may share a name.
bool are_twins(const Definition& a, const Definition& b) {
  return !a.is_function || !b.is_function || a.signature == b.signature;
}

/// A name that two files define in one namespace: the linker takes either of the two where both are
/// public, and no compiler sees both where they are not, unless one unity file holds them. A name
/// defined twice in one file is the compiler's to refuse, or stands under #if.
std::vector<std::string> twins_of(const std::vector<Source>& sources) {
  std::map<std::string, std::vector<Seen>> names;
  std::vector<std::string> problems;
  for (const Source& source : sources)
    for (const Definition& definition : definitions_of(source.text)) {
      std::vector<Seen>& others = names[definition.scope + "::" + definition.name];
      for (const Seen& other : others)
        if (other.file != source.name && are_twins(other.definition, definition))
          problems.push_back(source.name + " defines " + definition.name + definition.signature +
                             ", and so does " + other.file);
      others.push_back({source.name, definition});
    }
  return problems;
}

/// Definitions outside the namespace of their folder but for specialisations of templates.
std::vector<std::string> strays_of(const std::vector<Source>& sources) {
  std::vector<std::string> problems;
  for (const Source& source : sources) {
    const std::string scope = "vitlab::" + source.folder;
    for (const Definition& definition : definitions_of(source.text)) {
      const bool is_inside =
          definition.scope == scope || definition.scope.rfind(scope + "::", 0) == 0;
      // A template is specialised where it stands.
      const bool is_special = definition.name.find('<') != std::string::npos;
      if (!is_inside && !is_special && definition.name != "main")
        problems.push_back(source.name + " defines " + definition.name + " outside " + scope);
    }
  }
  return problems;
}

std::vector<Source> all_sources() {
  return sources_of(std::filesystem::path(VITLAB_SOURCE_DIR) / "src");
}

TEST_CASE("a name is defined once in the namespace of its folder, in nameless namespaces too") {
  const auto problems = twins_of(all_sources());
  for (const std::string& problem : problems) UNSCOPED_INFO(problem);
  CHECK(problems.empty());
}

TEST_CASE("what a folder of src defines lies in its namespace") {
  const auto problems = strays_of(all_sources());
  for (const std::string& problem : problems) UNSCOPED_INFO(problem);
  CHECK(problems.empty());
}

constexpr const char* kEveryKind = R"source(
#define NOT(x) \
  struct x {};
namespace vitlab::core {
struct Forward;
struct Plain { int a = 0; void f() {} };  // struct Comment {};
class Derived final : public Plain { Derived() : a_{1} {} };
enum class Kind : int { kOne };
namespace { using Alias = std::map<int, int>; constexpr int kTable[] = {1, 2}; }
template <typename T> concept Small = sizeof(T) < 8;
template <typename T> struct Box { T t; };
template <> struct Box<int> {};
void only_declared(int a);
inline std::string text(const std::string& a, std::vector<int> b = {1, 2}) { return "}"; }
const char* raw = R"x({ " )x";
int big = 1'000'000;
Plain::Plain(int a) : x_(a), y_{2} { f(); }
Plain::~Plain() = default;
bool operator==(const Box<int>& a, const Box<int>&) { return '{' == '}'; }
template <typename T>
auto generic(T&& value) -> decltype(value.x()) { return value.x(); }
}
int main() {}
)source";

TEST_CASE("definitions of every kind are seen") {
  std::vector<std::string> seen;
  for (const Definition& one : definitions_of(kEveryKind))
    seen.push_back(one.scope + " " + one.name + one.signature);
  const std::vector<std::string> expected{
      "vitlab::core Plain",
      "vitlab::core Derived",
      "vitlab::core Kind",
      "vitlab::core Alias",
      "vitlab::core kTable",
      "vitlab::core Small",
      "vitlab::core Box",
      "vitlab::core Box<int>",
      "vitlab::core text(const std::string&,std::vector<int>)",
      "vitlab::core raw",
      "vitlab::core big",
      "vitlab::core Plain::Plain(int)",
      "vitlab::core Plain::~Plain()",
      "vitlab::core operator==(const Box<int>&,const Box<int>&)",
      "vitlab::core generic<typename T>(T&&)",
      " main()"};
  CHECK(seen == expected);
}

const std::string kOpen = "namespace vitlab::core {\n";

TEST_CASE("planted twins are found") {
  const auto of = [](const std::string& a, const std::string& b) {
    return planted(twins_of,
                   {{"core/a.cpp", kOpen + a + "}\n"}, {"core/b.cpp", kOpen + b + "}\n"}});
  };
  CHECK(of("struct Split { int a; };", "struct Split { int b; };") ==
        "core/b.cpp defines Split, and so does core/a.cpp");
  CHECK(of("namespace { struct Split {}; }", "enum class Split { kOne };") ==
        "core/b.cpp defines Split, and so does core/a.cpp");
  CHECK(of("namespace { constexpr double kStep = 1; }", "namespace { const int kStep{2}; }") ==
        "core/b.cpp defines kStep, and so does core/a.cpp");
  CHECK(of("using Row = int;", "struct Row {};") ==
        "core/b.cpp defines Row, and so does core/a.cpp");
  CHECK(of("namespace { int f(int a, const Json& b = {}) { return a; } }",
           "namespace { int f(const int, const Json&) { return 1; } }") ==
        "core/b.cpp defines f(int,const Json&), and so does core/a.cpp");
  CHECK(of("int f(int a) { return a; }", "int f(double a) { return 1; }") == "0 problems");
  CHECK(of("int f(int a);\nstruct S;", "int f(int a) { return 1; }\nstruct S {};") == "0 problems");
  CHECK(of("namespace { struct Split {}; }", "namespace inner { struct Split {}; }") ==
        "0 problems");
  CHECK(planted(twins_of, {{"core/a.h", kOpen + "struct Shape {};\n}"},
                           {"graph/a.h", "namespace vitlab::graph { struct Shape {}; }"}}) ==
        "0 problems");
}

TEST_CASE("planted strays are found") {
  CHECK(planted(strays_of, {{"graph/a.h", kOpen + "struct Shape {};\n}"}}) ==
        "graph/a.h defines Shape outside vitlab::graph");
  CHECK(planted(strays_of, {{"core/a.cpp", "namespace {\nint f() { return 1; }\n}\n"}}) ==
        "core/a.cpp defines f outside vitlab::core");
}

}  // namespace
}  // namespace vitlab
