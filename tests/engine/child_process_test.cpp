#include "engine/child_process.h"

#include "core/error.h"
#include "test.hpp"

namespace vitlab::engine {

TEST_CASE("a child hears lines and bytes and answers both") {
  ChildProcess child({"sh", "-c", "read line; echo \"heard $line\"; head -c 3; echo; cat"});
  child.write("a word\nxyz");
  CHECK(child.read_line() == "heard a word");
  CHECK(child.read_bytes(3) == "xyz");
  CHECK(child.read_line().empty());
  const std::string much(300'000, 'm');
  child.write(much.substr(0, 60'000));
  CHECK(child.read_bytes(60'000) == much.substr(0, 60'000));
}

TEST_CASE("a child that ends early fails with the last line of its stderr") {
  ChildProcess child({"sh", "-c", "echo first >&2; echo 'the last words' >&2; exit 3"});
  CHECK_THROWS_WITH(child.read_line(), "sh ended early: the last words");
  ChildProcess killed({"sh", "-c", "kill -9 $$"});
  CHECK_THROWS_WITH(killed.read_line(), Catch::Contains("was killed from outside"));
  ChildProcess missing({"/no/such/program"});
  CHECK_THROWS_WITH(missing.read_line(), "/no/such/program cannot be started");
}

TEST_CASE("writing to a child that is gone is a failure, not a signal") {
  ChildProcess child({"true"});
  const std::string much(1'000'000, 'm');
  CHECK_THROWS_AS(child.write(much), core::Failure);
}

}  // namespace vitlab::engine
