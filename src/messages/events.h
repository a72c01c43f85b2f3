#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"
#include "predict/sample_file.h"

namespace vitlab::messages {

/// How far a request is.
struct Progress {
  static constexpr std::string_view kWord = "progress";

  std::int64_t done = 0, total = 0;
  std::string note;

  static constexpr auto fields() {
    return std::tuple{core::required("done", &Progress::done),
                      core::required("total", &Progress::total),
                      core::required("note", &Progress::note)};
  }
};

/// Something that the user should read meanwhile.
struct Note {
  static constexpr std::string_view kWord = "note";

  std::string note;

  static constexpr auto fields() { return std::tuple{core::required("note", &Note::note)}; }
};

/// The answer of a request, its last event; what it holds is the request's `Answer`.
struct Result {
  static constexpr std::string_view kWord = "result";

  core::Json result;

  static constexpr auto fields() { return std::tuple{core::required("result", &Result::result)}; }
};

/// What kind of error ended a request; each is one of core/error.h, the last none of them.
enum class ErrorKind : std::uint8_t { kUser, kCapability, kFailure, kInterrupted, kInternal };
struct ErrorKindRow {
  ErrorKind value;
  std::string_view word;
};
constexpr std::array kErrorKinds{ErrorKindRow{ErrorKind::kUser, "user"},
                                 ErrorKindRow{ErrorKind::kCapability, "capability"},
                                 ErrorKindRow{ErrorKind::kFailure, "failure"},
                                 ErrorKindRow{ErrorKind::kInterrupted, "interrupted"},
                                 ErrorKindRow{ErrorKind::kInternal, "internal"}};
static_assert(core::is_whole(kErrorKinds));
constexpr const auto& choice_rows(ErrorKind) { return kErrorKinds; }

/// The end of a request that has no answer.
struct Error {
  static constexpr std::string_view kWord = "error";

  ErrorKind kind = ErrorKind::kInternal;
  std::string message;

  static constexpr auto fields() {
    return std::tuple{core::required("kind", &Error::kind),
                      core::required("message", &Error::message)};
  }
};

/// Which stage of a plan an event is about. Stages that are measured together share one event,
/// whose `id` is the first one's or none.
struct StageEvent {
  std::string id;
  std::string kind;
  std::string model;  // its name
  std::optional<std::int64_t> seed;

  static constexpr auto fields() {
    return std::tuple{
        core::optional("id", &StageEvent::id), core::required("kind", &StageEvent::kind),
        core::optional("model", &StageEvent::model), core::optional("seed", &StageEvent::seed)};
  }
};

/// A worker begins a stage.
struct StageBegin : StageEvent {
  static constexpr std::string_view kWord = "stage_begin";
};

/// How far a worker is with a stage, in words.
struct StageProgress : StageEvent {
  static constexpr std::string_view kWord = "stage_progress";

  std::string note;

  static constexpr auto fields() {
    return std::tuple_cat(StageEvent::fields(),
                          std::tuple{core::required("note", &StageProgress::note)});
  }
};

/// A stage was tried and its record published.
struct StageEnd : StageEvent {
  static constexpr std::string_view kWord = "stage_end";

  std::string state;   // a word of store/record.h
  std::string reason;  // where the state is not done
  double seconds = 0;

  static constexpr auto fields() {
    return std::tuple_cat(StageEvent::fields(),
                          std::tuple{core::required("state", &StageEnd::state),
                                     core::optional("reason", &StageEnd::reason),
                                     core::optional("seconds", &StageEnd::seconds)});
  }
};

/// Times of one candidate of a sample request, sent as soon as they are known.
struct Sample : predict::SampleTimes {
  static constexpr std::string_view kWord = "sample";

  std::uint64_t index = 0;  // of the request's candidates

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("index", &Sample::index)},
                          predict::SampleTimes::fields());
  }
};

/// What the engine says while it works at a request: one JSON object a line, told apart by the
/// word under "event".
using Event =
    std::variant<Progress, Note, Result, Error, StageBegin, StageProgress, StageEnd, Sample>;

core::Json event_json(const Event& event);
/// Throws UserError for what is no event.
Event event_from_json(core::Json json);

}  // namespace vitlab::messages
