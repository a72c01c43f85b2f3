#include "core/fields.h"

#include <limits>

#include "core/config_fields.h"
#include "core/error.h"
#include "core/json_fields.h"
#include "test.hpp"

namespace vitlab::core {
namespace {

enum class Fruit : std::uint8_t { kApple, kPear };
struct FruitRow {
  Fruit value;
  std::string_view word;
  int seeds;
};
constexpr std::array kFruits{FruitRow{Fruit::kApple, "apple", 5},
                             FruitRow{Fruit::kPear, "pear", 3}};
static_assert(is_whole(kFruits));
constexpr const auto& choice_rows(Fruit) { return kFruits; }

constexpr std::array kWithoutPear{FruitRow{Fruit::kApple, "apple", 5}};
constexpr std::array kTurned{FruitRow{Fruit::kPear, "pear", 3},
                             FruitRow{Fruit::kApple, "apple", 5}};
static_assert(!is_whole(kWithoutPear) && !is_whole(kTurned));

struct Basket {
  std::string owner;
  std::vector<Fruit> fruits;
  double weight = 0;
  std::optional<std::int64_t> price;
  bool operator==(const Basket&) const = default;
  static constexpr auto fields() {
    return std::tuple{required("owner", &Basket::owner), optional("fruits", &Basket::fruits),
                      optional("weight", &Basket::weight), optional("price", &Basket::price)};
  }
};

struct Shop {
  std::vector<Basket> baskets;
  std::map<std::string, std::int32_t> shelves;
  std::uint64_t seed = 0;
  Json notes;
  bool operator==(const Shop&) const = default;
  static constexpr auto fields() {
    return std::tuple{required("baskets", &Shop::baskets), optional("shelves", &Shop::shelves),
                      optional("seed", &Shop::seed), optional("notes", &Shop::notes)};
  }
};

Shop full_shop() {
  Shop shop;
  shop.baskets = {{"ann", {Fruit::kPear, Fruit::kApple}, 1.5, 7}, {"bob", {}, 0, {}}};
  shop.baskets[1].weight = std::numeric_limits<double>::infinity();
  shop.shelves = {{"low", -3}, {"high", 4}};
  shop.seed = std::numeric_limits<std::uint64_t>::max();
  shop.notes = Json{{"any", {1, 2}}};
  return shop;
}

TEST_CASE("a choice is found by its word and tells its facts") {
  CHECK(word_of(Fruit::kPear) == "pear");
  CHECK(choice_row(Fruit::kApple).seeds == 5);
  CHECK(find_choice<Fruit>("apple") == Fruit::kApple);
  CHECK(!find_choice<Fruit>("Apple"));
  CHECK(words_of<Fruit>() == std::vector<std::string>{"apple", "pear"});
  CHECK_THROWS_WITH(read_choice<Fruit>("aple", "fruit"),
                    "fruit must be one of apple, pear, got 'aple'; did you mean 'apple'?");
}

TEST_CASE("a struct of fields reads back what it wrote") {
  const Shop shop = full_shop();
  const Json json = to_json(shop);
  CHECK(from_json<Shop>(Json::parse(json.dump()), "shop") == shop);
  CHECK(to_json(from_json<Shop>(json, "shop")) == json);
}

TEST_CASE("optional fields are left out where they equal their initialisers") {
  const Shop shop{.baskets = {{.owner = "ann"}}};
  CHECK(to_json(shop).dump() == R"({"baskets":[{"owner":"ann"}]})");
  CHECK(to_json_with_defaults(Basket{.owner = "ann"}).dump() ==
        R"({"owner":"ann","fruits":[],"weight":0.0,"price":null})");
}

TEST_CASE("a fault in JSON is refused with its place") {
  const auto refused = [](const char* text) -> std::string {
    try {
      from_json<Shop>(Json::parse(text), "shop");
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refused("[]") == "shop must be a map, got a list");
  CHECK(refused("{}") == "shop.baskets is missing");
  CHECK(refused(R"({"baskets": 3})") == "shop.baskets must be a list, got 3");
  CHECK(refused(R"({"baskets": [{"owner": "ann", "wieght": 2}]})") ==
        "shop.baskets[0].wieght is not known; did you mean 'weight'?");
  CHECK(refused(R"({"baskets": [{"owner": "ann", "fruits": ["pare"]}]})") ==
        "shop.baskets[0].fruits[0] must be one of apple, pear, got 'pare'; did you mean 'pear'?");
  CHECK(refused(R"({"baskets": [{"owner": "ann", "price": 1.5}]})") ==
        "shop.baskets[0].price must be a whole number, got 1.5");
  CHECK(refused(R"({"baskets": [], "shelves": {"low": 3000000000}})") ==
        "shop.shelves.low is out of range");
  CHECK(refused(R"({"baskets": [], "seed": -1})") == "shop.seed must not be negative, got -1");
  CHECK(refused(R"({"baskets": [{"owner": true}]})") ==
        "shop.baskets[0].owner must be a text, got true");
  CHECK(refused(R"({"baskets": [{"owner": "ann", "weight": "heavy"}]})") ==
        "shop.baskets[0].weight must be a number, got 'heavy'");
}

struct Crate {
  std::string owner;
  Fruit fruit = Fruit::kPear;
  std::vector<std::int64_t> sizes;
  static constexpr auto fields() {
    return std::tuple{required("owner", &Crate::owner), required("fruit", &Crate::fruit),
                      optional("sizes", &Crate::sizes)};
  }
};

/// What is wrong with a crate, a line a problem.
std::string faults_of_crate(const std::string& text, Crate& crate) {
  ConfigDocument document = parse_document("crate.yaml", text);
  ConfigReader reader(document.root, document.problems, "crate");
  read_fields(reader, crate);
  reader.finish();
  std::string all;
  for (const Problem& problem : document.problems.all()) {
    CHECK(problem.path.starts_with("crate"));
    CHECK(document.problems.blames(problem.path));
    all += std::to_string(problem.place.column) + ": " + problem.text() + "\n";
  }
  return all;
}

TEST_CASE("a struct of fields is read from config, its faults with place and path") {
  Crate crate;
  CHECK(faults_of_crate("{owner: ann, fruit: apple, sizes: [1, 2]}", crate).empty());
  CHECK(crate.owner == "ann");
  CHECK(crate.fruit == Fruit::kApple);
  CHECK(crate.sizes == std::vector<std::int64_t>{1, 2});
  CHECK(faults_of_crate("{fruit: aple, sizes: [x], size: 1}", crate) ==
        "1: crate.owner is missing\n"
        "9: crate.fruit must be one of apple, pear, got 'aple'; did you mean 'apple'?\n"
        "23: crate.sizes[0] must be a whole number, got 'x'\n"
        "27: crate.size is not a setting; the settings here are fruit, owner, sizes\n");
  CHECK(faults_of_crate("{owner: ann}", crate) == "1: crate.fruit is missing\n");
}

TEST_CASE("a choice may be narrowed to some of its set") {
  ConfigDocument document = parse_document("f.yaml", "{a: apple, b: pear}");
  ConfigReader reader(document.root, document.problems);
  constexpr std::array kOnlyPear{Fruit::kPear};
  Fruit a = Fruit::kPear, b = Fruit::kApple;
  CHECK_FALSE(reader.choice("a", a, kOnlyPear));
  CHECK(reader.choice("b", b, kOnlyPear));
  CHECK(b == Fruit::kPear);
  CHECK(document.problems.all().at(0).text() == "a must be one of pear, got 'apple'");
}

}  // namespace
}  // namespace vitlab::core
