#pragma once

#include "messages/requests.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::messages {

/// Fills every field of a message with something drawn, walking its list as readers do; optional
/// fields stay as they are in half of the cases, and always with seed 0.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : is_least_(seed == 0), random_(seed), models_(seed) {}

  template <typename T>
  T make() {
    T value{};
    fill(value);
    return value;
  }

 private:
  bool coin() { return random_.below(2) == 1; }

  void fill(bool& value) { value = coin(); }
  void fill(double& value) { value = random_.uniform() * 1e3 - 5e2; }
  template <std::integral T>
  void fill(T& value) {
    value = static_cast<T>(random_.below(1000));
  }
  void fill(std::string& value) { value = "a \"text\" of ü " + std::to_string(random_.below(99)); }
  void fill(std::filesystem::path& value) {
    value = "some/folder " + std::to_string(random_.below(9));
  }
  void fill(core::Json& value) { value = {{"any", random_.below(9)}, {"list", {1, "two"}}}; }
  void fill(interop::WeightLayout& value) { value = interop::WeightLayout::kTimm; }
  template <core::Choice T>
  void fill(T& value) {
    value = choice_rows(T{})[random_.below(choice_rows(T{}).size())].value;
  }
  void fill(architecture::ModelSpec& value) { value = models_.next(); }
  void fill(sweep::Recipe& value) {
    value.epochs = 7;
    value.mixup = 0.25;
    value.horizontal_flip = coin();
  }
  void fill(sweep::Protocol& value) {
    value.batch = 1 + static_cast<graph::Index>(random_.below(99));
    value.dtype = coin() ? graph::Dtype::kFloat32 : graph::Dtype::kBfloat16;
    value.deploy = coin();
  }
  void fill(WholeProtocol& value) { fill(static_cast<sweep::Protocol&>(value)); }
  void fill(CategoryTimes& value) {
    for (double& ms : value.ms) fill(ms);
  }
  void fill(ProfileComparison& value) {
    fill(value.model);
    if (coin())
      value.out_of_memory = "no";
    else
      value.differences = make<Differences>();
  }
  void fill(ProfileAnswer& value) {
    fill(value.setting);
    if (!value.setting.out_of_memory) value.times = make<ProfileTimes>();
    fill(value.environment);
    if (!is_least_) fill(value.against);
  }
  void fill(LogitDifference& value) {
    value.was_asked = true;
    fill(value.relative);
  }
  void fill(sweep::SimilaritySettings& value) {
    value.seed = random_.below(9);
    value.ablate = coin();
  }
  void fill(sweep::PruneSettings& value) {
    value.keep = {{"params", 0.5}, {"latency", 0.25}};
    value.steps = 2;
  }
  template <typename T>
  void fill(std::optional<T>& value) {
    if (coin()) value = make<T>();
  }
  template <typename T>
  void fill(std::vector<T>& value) {
    for (std::uint64_t i = random_.below(3); i > 0; --i) value.push_back(make<T>());
  }
  template <typename T>
  void fill(std::map<std::string, T>& value) {
    for (std::uint64_t i = random_.below(3); i > 0; --i)
      value.emplace("key " + std::to_string(i), make<T>());
  }
  template <core::HasFields T>
  void fill(T& value) {
    core::for_each_field<T>([&](const auto& field) {
      if (field.is_required() || (!is_least_ && coin())) fill(value.*(field.member));
    });
  }

  bool is_least_;
  core::Random random_;
  RandomModels models_;
};

/// The paths of all keys that fields of `T` have in `json`, of structs inside structs too but for
/// settings, which are read as those of files are.
template <typename T>
void keys_of(const core::Json& json, const core::Json::json_pointer& at,
             std::vector<core::Json::json_pointer>& keys) {
  if constexpr (core::HasFields<T> && !core::OwnJsonReading<T>) {
    core::for_each_field<T>(
        [&]<typename Owner, typename Member>(const core::Field<Owner, Member>& field) {
          const auto key = at / std::string(field.name);
          if (!json.contains(key)) return;
          keys.push_back(key);
          keys_of<Member>(json, key, keys);
        });
  } else if constexpr (requires { typename T::value_type; }) {
    if constexpr (core::HasFields<typename T::value_type>) {
      if (!json.at(at).is_array()) return keys_of<typename T::value_type>(json, at, keys);
      for (std::size_t i = 0; i < json.at(at).size(); ++i)
        keys_of<typename T::value_type>(json, at / i, keys);
    }
  }
}

/// The same JSON with one key renamed in its place.
inline core::Json renamed(core::Json json, const core::Json::json_pointer& key,
                          const std::string& name) {
  core::Json& parent = json.at(key.parent_pointer());
  core::Json changed = core::Json::object();
  for (const auto& [old, value] : parent.items()) changed[old == key.back() ? name : old] = value;
  parent = changed;
  return json;
}

/// The laws of every answer: it reads back as what it was written, and each of its keys,
/// misspelled, is refused by name.
template <typename Answer>
void check_answer() {
  const auto read = [](const core::Json& json) { return core::from_json<Answer>(json, "answer"); };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string text = core::to_json(Filler(seed).make<Answer>()).dump();
    const core::Json json = core::Json::parse(text);
    CHECK(core::to_json(read(json)).dump() == text);
    std::vector<core::Json::json_pointer> keys;
    if constexpr (core::HasFields<Answer>)
      keys_of<Answer>(json, core::Json::json_pointer(), keys);
    else
      for (const auto& [key, value] : json.items())
        keys.push_back(core::Json::json_pointer() / key);
    for (const core::Json::json_pointer& key : keys)
      CHECK_THROWS_WITH(
          read(renamed(json, key, key.back() + "e")),
          Catch::Contains("." + key.back() + "e is not known; did you mean '" + key.back() + "'?"));
  }
}

}  // namespace vitlab::messages
