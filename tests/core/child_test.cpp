#include "core/child.h"

#include <array>
#include <csignal>

#include <unistd.h>

#include "test.hpp"

namespace vitlab::core {
namespace {

int exit_of(const std::vector<std::string>& words) {
  return wait_for_child(start_child({words, {}}));
}

std::string all_of(int descriptor) {
  std::string text;
  std::array<char, 256> chunk{};
  for (ssize_t count = 0; (count = read(descriptor, chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(count));
  return text;
}

TEST_CASE("the end of a child is its exit code, or minus the signal that killed it") {
  CHECK(exit_of({"true"}) == 0);
  CHECK(exit_of({"sh", "-c", "exit 3"}) == 3);
  CHECK(exit_of({"sh", "-c", "kill -TERM $$"}) == -SIGTERM);
  CHECK(exit_of({"/no/such/program"}) == 127);
}

TEST_CASE("a child has the descriptors that it is given, in any order, and no closed one") {
  const Pipe told = open_pipe();
  // Descriptors that stand where others go: stdout becomes what was handed as 4, 4 what was 1.
  const pid_t child = start_child(
      {{"sh", "-c", "echo one; echo four >&4; (echo three >&3) 2>/dev/null || echo none"},
       {kInherited, told.write, kInherited, kClosed, told.write}});
  close(told.write);
  CHECK(all_of(told.read) == "one\nfour\nnone\n");
  CHECK(wait_for_child(child) == 0);
  close(told.read);
}

TEST_CASE("a child that is ended is gone, and one that never was is left alone") {
  const pid_t child = start_child({{"sleep", "60"}, {}});
  end_child(child);
  CHECK(kill(child, 0) == -1);
  CHECK_NOTHROW(end_child(-1));
}

}  // namespace
}  // namespace vitlab::core
