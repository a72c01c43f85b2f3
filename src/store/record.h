#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"

namespace vitlab::store {

/// One number that was seen, of the whole model or of `subject` inside it (a layer path).
struct MetricValue {
  std::string metric;   // "accuracy.top1", "throughput", …
  std::string subject;  // "" or a layer path
  double value = 0;
  std::string unit;
  std::optional<double> low;  // an interval around value, in `unit`
  std::optional<double> high;
  std::int64_t samples = 1;

  friend bool operator==(const MetricValue&, const MetricValue&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("metric", &MetricValue::metric),
                      core::required("subject", &MetricValue::subject),
                      core::required("value", &MetricValue::value),
                      core::required("unit", &MetricValue::unit),
                      core::optional("low", &MetricValue::low),
                      core::optional("high", &MetricValue::high),
                      core::required("samples", &MetricValue::samples)};
  }
};

/// A file that belongs to a record; `path` is relative to the stage folder.
struct StoredFile {
  std::string name;
  std::string path;
  std::int64_t size = 0;
  std::string sha256;

  friend bool operator==(const StoredFile&, const StoredFile&) = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("name", &StoredFile::name), core::required("path", &StoredFile::path),
        core::required("size", &StoredFile::size), core::required("sha256", &StoredFile::sha256)};
  }
};

/// How an attempt at a stage ended.
enum class StageState : std::uint8_t {
  kDone,
  kDiverged,
  kOutOfMemory,
  kInvalid,
  kFailed,
  kLost,
  kTimeout,
  kInterrupted,
};
struct StageStateRow {
  StageState value;
  std::string_view word;
  bool is_final;  // a result; the others may be tried again
};
inline constexpr std::array kStageStates{
    StageStateRow{StageState::kDone, "done", true},
    StageStateRow{StageState::kDiverged, "diverged", true},
    StageStateRow{StageState::kOutOfMemory, "oom", true},
    StageStateRow{StageState::kInvalid, "invalid", true},
    StageStateRow{StageState::kFailed, "failed", false},
    StageStateRow{StageState::kLost, "lost", false},
    StageStateRow{StageState::kTimeout, "timeout", false},
    StageStateRow{StageState::kInterrupted, "interrupted", false}};
static_assert(core::is_whole(kStageStates));
constexpr const auto& choice_rows(StageState) { return kStageStates; }
constexpr bool is_final(StageState state) { return core::choice_row(state).is_final; }

/// Who made an attempt, on what, in which time. Not part of what a stage is.
struct Provenance {
  std::optional<std::string> vitlab, torch;  // versions
  std::optional<std::string> machine, host;
  std::optional<double> seconds;
  std::optional<std::int64_t> worker;
  std::optional<std::string> run;  // of the sweep

  friend bool operator==(const Provenance&, const Provenance&) = default;
  static constexpr auto fields() {
    return std::tuple{core::optional("vitlab", &Provenance::vitlab),
                      core::optional("torch", &Provenance::torch),
                      core::optional("machine", &Provenance::machine),
                      core::optional("host", &Provenance::host),
                      core::optional("seconds", &Provenance::seconds),
                      core::optional("worker", &Provenance::worker),
                      core::optional("run", &Provenance::run)};
  }
};

/// What one attempt at one stage gave; a file of the store, never changed once published.
struct StageRecord {
  static constexpr int kSchema = 1;

  std::string id;  // of the stage: 32 hexadecimal characters
  std::string kind;
  std::int64_t kind_version = 1;
  std::int64_t attempt = 1;
  StageState state = StageState::kDone;
  std::string reason;  // in words, where the state is not kDone
  std::vector<MetricValue> metrics;
  core::Json details = core::Json::object();
  std::vector<StoredFile> files;
  Provenance provenance;

  friend bool operator==(const StageRecord&, const StageRecord&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("id", &StageRecord::id),
                      core::required("kind", &StageRecord::kind),
                      core::required("kind_version", &StageRecord::kind_version),
                      core::required("attempt", &StageRecord::attempt),
                      core::required("state", &StageRecord::state),
                      core::required("reason", &StageRecord::reason),
                      core::required("metrics", &StageRecord::metrics),
                      core::required("details", &StageRecord::details),
                      core::required("files", &StageRecord::files),
                      core::required("provenance", &StageRecord::provenance)};
  }
};

/// Whether `text` can be the id of a stage: 32 characters of [0-9a-f].
bool is_stage_id(std::string_view text);

/// Reads a record's fields and checks ids, counts and paths of files.
void from_json_form(const core::Json& json, const core::JsonPlace& place, StageRecord& record);

/// What a record says besides numbers, as the kind of its stage has it. Throws UserError naming the
/// stage for what this program did not write.
template <typename Details>
Details details_of(const StageRecord& record) {
  return core::from_json<Details>(record.details, "the record of stage " + record.id + ": details");
}

/// The text of a record file: one line of JSON, one line "crc32c " and 8 hexadecimal characters.
/// NaN and infinities anywhere, also inside details, become strings.
std::string encode_record(const StageRecord& record);
/// The inverse for text of an untrusted source; any flipped bit, any truncation, a missing,
/// mistyped or unknown field is a UserError naming `source` and the field, a newer schema a
/// CapabilityError.
StageRecord decode_record(std::string_view text, const std::string& source);

}  // namespace vitlab::store
