#include "messages/events.h"
#include "messages/requests.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::messages {
namespace {

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
    value.dtype = coin() ? "float32" : "bfloat16";
    value.deploy = coin();
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

/// Calls check(message) for drawn messages of every kind of a variant.
template <typename Check, typename... Messages>
void for_drawn(std::variant<Messages...>*, Check check) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    (
        [&] {
          INFO(Messages::kWord << " of seed " << seed);
          check(Filler(seed).template make<Messages>());
        }(),
        ...);
}
template <typename Variant, typename Check>
void for_each_message(Check check) {
  for_drawn(static_cast<Variant*>(nullptr), check);
}

std::string refused(const core::Json& request) {
  try {
    request_from_json(request);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "(taken)";
}

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
core::Json renamed(core::Json json, const core::Json::json_pointer& key, const std::string& name) {
  core::Json& parent = json.at(key.parent_pointer());
  core::Json changed = core::Json::object();
  for (const auto& [old, value] : parent.items()) changed[old == key.back() ? name : old] = value;
  parent = changed;
  return json;
}

template <typename Variant, typename Write, typename Read>
void check_round_trip(Write write, Read read) {
  for_each_message<Variant>([&](const auto& message) {
    const std::string text = write(Variant(message)).dump();
    const Variant again = read(core::Json::parse(text));
    CHECK(again.index() == Variant(message).index());
    CHECK(write(again).dump() == text);
  });
}

TEST_CASE("every request and every event reads back as what it was written") {
  check_round_trip<Request>(request_json, request_from_json);
  check_round_trip<Event>(event_json, event_from_json);
}

template <typename Answer>
void check_answer() {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string text = core::to_json(Filler(seed).make<Answer>()).dump();
    CHECK(core::to_json(core::from_json<Answer>(core::Json::parse(text), "answer")).dump() == text);
  }
}

TEST_CASE("every answer reads back as what it was written") {
  check_answer<ForwardAnswer>();
  check_answer<DoctorAnswer>();
  check_answer<WorkAnswer>();
  check_answer<SampleAnswer>();
}

TEST_CASE("a request begins with its command and leaves out what equals its default") {
  const core::Json json = request_json(WorkRequest{"store", "hash", true, 2});
  CHECK(json.dump() == R"({"command":"work","store":"store","plan":"hash","timed":true,)"
                       R"("attempts":2})");
  CHECK(request_json(DoctorRequest{}).dump() == R"({"command":"doctor"})");
}

TEST_CASE("each key of each request, misspelled, is refused by name") {
  std::size_t tried = 0;
  for_each_message<Request>([&]<typename Message>(const Message& message) {
    const core::Json json = request_json(message);
    std::vector<core::Json::json_pointer> keys;
    keys_of<Message>(json, core::Json::json_pointer(), keys);
    for (const core::Json::json_pointer& key : keys) {
      const std::string wrong = key.back() + "e";
      CHECK_THAT(
          refused(renamed(json, key, wrong)),
          Catch::Contains("." + wrong + " is not known; did you mean '" + key.back() + "'?"));
      ++tried;
    }
  });
  CHECK(tried > 1000);
}

TEST_CASE("settings inside requests are read as strictly, with their place") {
  core::Json json = request_json(Filler(1).make<PruneRequest>());
  json["recipe"] = {{"epocs", 3}};
  CHECK_THAT(refused(json), Catch::Contains("request.recipe") && Catch::Contains("epocs") &&
                                Catch::Contains("did you mean 'epochs'?"));
  json = request_json(Filler(1).make<ProfileRequest>());
  json["protocol"] = {{"bacth", 3}};
  CHECK_THAT(refused(json), Catch::Contains("request.protocol") && Catch::Contains("'batch'"));
  json["protocol"] = 3;
  CHECK(refused(json) == "request.protocol must be a map, got 3");
  json["model"]["spec"]["stages"] = 3;
  CHECK_THAT(refused(json),
             Catch::Contains("request.model.spec") && Catch::Contains("stages must be a list"));
}

TEST_CASE("what is no message is refused with its place") {
  CHECK(refused({{"comand", "work"}}) == "request.command is missing");
  CHECK_THAT(refused({{"command", "wrok"}}),
             Catch::Contains("request.command must be one of forward, train") &&
                 Catch::Contains("did you mean 'work'?"));
  CHECK(refused({{"command", 3}}) == "request.command must be a text, got 3");
  CHECK(refused(core::Json::array()) == "request must be a map, got a list");
  CHECK(refused({{"command", "work"}}) == "request.store is missing");
}

}  // namespace
}  // namespace vitlab::messages
