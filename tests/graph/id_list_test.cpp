#include <vector>

#include "core/random.h"
#include "graph/axis.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

using Ids = IdList<AxisId>;

std::vector<AxisId> as_vector(const Ids& ids) { return {ids.begin(), ids.end()}; }

/// The ids 1, 2, … up to `last`.
Ids up_to(int last) {
  Ids ids;
  for (int id = 1; id <= last; ++id) ids.push_back(AxisId(id));
  return ids;
}

TEST_CASE("an id list behaves as a vector, below and above what it holds inside") {
  core::Random random(3);
  for (int run = 0; run < 200; ++run) {
    Ids list;
    std::vector<AxisId> expected;
    for (int step = 0; step < 40; ++step) {
      const AxisId id(random.below(1000));
      switch (random.below(10)) {
        case 0: {
          const Ids other(random.below(7), id);
          list.append(other);
          expected.insert(expected.end(), other.begin(), other.end());
          break;
        }
        case 1: {
          const Ids copy = list;
          list = copy;
          break;
        }
        case 2: {
          Ids taken = std::move(list);
          list = up_to(3);
          list = std::move(taken);
          break;
        }
        case 3:
          if (random.below(4) == 0) {
            list.clear();
            expected.clear();
          }
          break;
        default:
          list.push_back(id);
          expected.push_back(id);
      }
      REQUIRE(as_vector(list) == expected);
      REQUIRE(list.size() == expected.size());
      if (expected.empty()) continue;
      REQUIRE(list.front() == expected.front());
      REQUIRE(list.back() == expected.back());
      list[expected.size() / 2] = id;
      expected[expected.size() / 2] = id;
    }
    REQUIRE(list == Ids(expected));
  }
}

TEST_CASE("a list that was moved from is empty") {
  Ids few = up_to(2), many(20, AxisId(7));
  const Ids a = std::move(few), b = std::move(many);
  CHECK(a.size() == 2);
  CHECK(b == Ids(20, AxisId(7)));
  CHECK(few.empty());   // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(many.empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("lists differ by content and by length") {
  CHECK_FALSE(up_to(2) == up_to(3));
  CHECK_FALSE(up_to(2) == Ids{AxisId(2), AxisId(1)});
  CHECK(Ids{} == Ids(0, AxisId(5)));
}

}  // namespace
}  // namespace vitlab::graph
