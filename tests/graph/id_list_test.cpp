#include "graph/id_list.h"

#include <vector>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

std::vector<std::int32_t> as_vector(const IdList& ids) { return {ids.begin(), ids.end()}; }

TEST_CASE("an id list behaves as a vector, below and above what it holds inside") {
  core::Random random(3);
  for (int run = 0; run < 200; ++run) {
    IdList list;
    std::vector<std::int32_t> expected;
    for (int step = 0; step < 40; ++step) {
      const auto id = static_cast<std::int32_t>(random.below(1000));
      switch (random.below(10)) {
        case 0: {
          const IdList other(random.below(7), id);
          list.append(other);
          expected.insert(expected.end(), other.begin(), other.end());
          break;
        }
        case 1: {
          const IdList copy = list;
          list = copy;
          break;
        }
        case 2: {
          IdList taken = std::move(list);
          list = {1, 2, 3};
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
    REQUIRE(list == IdList(expected));
  }
}

TEST_CASE("a list that was moved from is empty") {
  IdList few{1, 2}, many(20, 7);
  const IdList a = std::move(few), b = std::move(many);
  CHECK(a.size() == 2);
  CHECK(b == IdList(20, 7));
  CHECK(few.empty());   // NOLINT(bugprone-use-after-move): that is what is tested
  CHECK(many.empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("lists differ by content and by length") {
  CHECK_FALSE(IdList{1, 2} == IdList{1, 2, 3});
  CHECK_FALSE(IdList{1, 2} == IdList{2, 1});
  CHECK(IdList{} == IdList(0, 5));
}

}  // namespace
}  // namespace vitlab::graph
