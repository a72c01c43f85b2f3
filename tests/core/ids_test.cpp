#include "core/ids.h"

#include <set>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "test.hpp"

namespace vitlab::core {
namespace {

using CatId = Id<struct CatTag>;
using DogId = Id<struct DogTag>;
using Cats = IdVector<CatId, std::string>;

template <typename List, typename Key>
concept IndexedBy = requires(List list, Key key) {
  list[key];
};

static_assert(IndexedBy<Cats, CatId>);
static_assert(!IndexedBy<Cats, DogId>);
static_assert(!IndexedBy<Cats, int>);
static_assert(!IndexedBy<Cats, std::size_t>);
static_assert(!std::is_convertible_v<int, CatId> && !std::is_convertible_v<CatId, int>);
static_assert(!std::is_constructible_v<CatId, DogId>);
static_assert(!std::equality_comparable_with<CatId, DogId>);
static_assert(sizeof(CatId) == sizeof(std::int32_t) && std::is_trivially_copyable_v<CatId>);

TEST_CASE("an id names something or nothing, and ids are ordered and hashed by number") {
  CHECK_FALSE(CatId().valid());
  CHECK(CatId(0).valid());
  CHECK(CatId(7).number() == 7);
  CHECK(CatId(7).index() == 7);
  CHECK(next(CatId(7)) == CatId(8));
  CHECK(CatId() < CatId(0));
  CHECK(std::set<CatId>{CatId(2), CatId(1), CatId(2)}.size() == 2);
  CHECK(std::unordered_set<CatId>{CatId(2), CatId(1), CatId(2)}.size() == 2);
}

TEST_CASE("a list gives each thing an id and walks them in order") {
  Cats cats;
  CHECK(cats.empty());
  const CatId tom = cats.push_back("Tom"), felix = cats.push_back("Felix");
  CHECK(tom == CatId(0));
  CHECK(cats[felix] == "Felix");
  std::vector<CatId> ids;
  for (const CatId id : cats.ids()) ids.push_back(id);
  CHECK(ids == std::vector{tom, felix});
  CHECK_THROWS_AS(cats.at(CatId(2)), std::out_of_range);
  IdVector<CatId, bool> fed(cats.size());
  fed[felix] = true;
  CHECK((!fed[tom] && fed[felix]));
  CHECK(fed.items() == std::vector<bool>{false, true});
}

}  // namespace
}  // namespace vitlab::core
