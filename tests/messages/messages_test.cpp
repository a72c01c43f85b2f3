#include "messages/events.h"
#include "messages/filler.h"
#include "messages/requests.h"
#include "test.hpp"

namespace vitlab::messages {
namespace {

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

TEST_CASE("every answer reads back as what it was written") {
  check_answer<ForwardAnswer>();
  check_answer<DoctorAnswer>();
  check_answer<MeasureAnswer>();
  check_answer<MeasuredModel>();
  check_answer<ProfileAnswer>();
  check_answer<ProfileTimes>();
  check_answer<ProfileComparison>();
  check_answer<MeasureDetails>();
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
