#include <cstdlib>

#include "cli/command.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

std::string all_help() {
  std::string text = vitlab({"--help"}).out;
  for (const Command& command : commands()) {
    const Ran ran = vitlab({std::string(command.name), "--help"});
    CHECK(ran.code == 0);
    CHECK(ran.err.empty());
    text += "\n---- vitlab " + std::string(command.name) + " --help\n" + ran.out;
  }
  return text;
}

// VITLAB_APPROVE=1 writes the help of today; the difference is for the reviewer.
TEST_CASE("the help of every command is the one that was reviewed") {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/help.txt";
  const std::string help = all_help();
  if (std::getenv("VITLAB_APPROVE") != nullptr) std::ofstream(path) << help;
  CHECK(help == text_of(path));
}

TEST_CASE("help names every command, and every command's help has an example of it") {
  const std::string overview = vitlab({"--help"}).out;
  CHECK(vitlab({"help"}).out == overview);
  CHECK(vitlab({"-h"}).out == overview);
  for (const Command& command : commands()) {
    const std::string name(command.name);
    CHECK_THAT(overview, Catch::Contains("\n  " + name + " "));
    const std::string help = vitlab({name, "--help"}).out;
    CHECK_THAT(help, Catch::Contains("Usage: vitlab " + name));
    CHECK_THAT(help, Catch::Contains("Examples:\n  vitlab " + name));
    CHECK_THAT(help, Catch::Contains("--json"));
  }
}

}  // namespace
}  // namespace vitlab::cli
