#include <algorithm>

#include "core/text.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

/// The shortest of many runs: what a program takes where nothing disturbs it.
double shortest_seconds(const std::vector<std::string>& words) {
  double least = 1e9;
  for (int i = 0; i < 15; ++i) {
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(run_program(words, "/").code == 0);
    least = std::min(
        least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

TEST_CASE("the program does not load LibTorch") {
  const Ran ldd = run_program({"/usr/bin/ldd", kVitlab}, "/");
  REQUIRE(ldd.code == 0);
  CHECK_THAT(ldd.out, Catch::Contains("libstdc++"));
  // With "lib", since the addresses that ldd prints may spell c10 by chance.
  for (const char* library : {"libtorch", "libc10", "libcuda", "libgomp", "libmkl"})
    CHECK_THAT(ldd.out, !Catch::Contains(library));
}

TEST_CASE("counting a model takes little more than starting a program") {
  const double floor = shortest_seconds({"/bin/true"});
  // A sanitized build starts several times slower; this still tells milliseconds from a second.
  const double times = text_of(kVitlab).find("__asan_init") == std::string::npos ? 20 : 400;
  CHECK(shortest_seconds({kVitlab, "--version"}) < times * floor);
  CHECK(shortest_seconds({kVitlab, "cost", "efficientvit_m0"}) < times * floor);
}

}  // namespace
}  // namespace vitlab::cli
