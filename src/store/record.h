#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

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
};

/// A file that belongs to a record; `path` is relative to the stage folder.
struct StoredFile {
  std::string name;
  std::string path;
  std::int64_t size = 0;
  std::string sha256;

  friend bool operator==(const StoredFile&, const StoredFile&) = default;
};

/// How an attempt at a stage ended.
enum class StageState {
  kDone,
  kDiverged,
  kOutOfMemory,
  kInvalid,
  kFailed,
  kLost,
  kTimeout,
  kInterrupted,
};

/// "done", "diverged", "oom", "invalid", "failed", "lost", "timeout", "interrupted".
std::string_view name_of(StageState state);
std::optional<StageState> stage_state_named(std::string_view name);
/// Done, diverged, out of memory and invalid are results; the other states may be tried again.
bool is_final(StageState state);

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
  core::Json provenance =
      core::Json::object();  // times, build, machine, worker count: not identity

  friend bool operator==(const StageRecord&, const StageRecord&) = default;
};

/// The run of a sweep that made an attempt; "" where its provenance tells none.
std::string run_of(const StageRecord& record);

/// Whether `text` can be the id of a stage: 32 characters of [0-9a-f].
bool is_stage_id(std::string_view text);

/// NaN and infinities anywhere, also inside details and provenance, become strings.
core::Json to_json(const StageRecord& record);
/// Strict: a missing or mistyped field, an unknown state or an unsafe file path is a UserError
/// naming `source` and the field, a newer schema a CapabilityError. Unknown fields are passed over.
StageRecord stage_record_from_json(const core::Json& json, const std::string& source);

/// The text of a record file: one line of JSON, one line "crc32c " and 8 hexadecimal characters.
std::string encode_record(const StageRecord& record);
/// The inverse for text of an untrusted source; any flipped bit and any truncation is a UserError.
StageRecord decode_record(std::string_view text, const std::string& source);

}  // namespace vitlab::store
