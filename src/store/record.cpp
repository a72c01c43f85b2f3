#include "store/record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"

namespace vitlab::store {
namespace {

struct StateName {
  StageState state;
  std::string_view name;
  bool is_final;
};

constexpr std::array<StateName, 8> kStates{{{StageState::kDone, "done", true},
                                            {StageState::kDiverged, "diverged", true},
                                            {StageState::kOutOfMemory, "oom", true},
                                            {StageState::kInvalid, "invalid", true},
                                            {StageState::kFailed, "failed", false},
                                            {StageState::kLost, "lost", false},
                                            {StageState::kTimeout, "timeout", false},
                                            {StageState::kInterrupted, "interrupted", false}}};

const StateName& row_of(StageState state) {
  const auto row = std::find_if(kStates.begin(), kStates.end(),
                                [&](const StateName& entry) { return entry.state == state; });
  core::ensure(row != kStates.end(), "a stage state is one of the eight");
  return *row;
}

/// JSON has no NaN: nlohmann would write null in its place, without a word.
core::Json with_encoded_numbers(const core::Json& json) {
  if (json.is_number_float()) return core::json_number(json.get<double>());
  if (!json.is_structured()) return json;
  core::Json result = json;
  for (auto& child : result) child = with_encoded_numbers(child);
  return result;
}

/// Reads the fields of one JSON object and says where it stands when one is wrong.
class Fields {
 public:
  Fields(const core::Json& json, std::string place) : json_(json), place_(std::move(place)) {
    if (!json.is_object()) throw core::UserError(place_ + ": not a JSON object");
  }

  const core::Json& operator[](const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(key, "is missing");
    return *found;
  }
  std::string text(const char* key) const {
    const core::Json& value = (*this)[key];
    if (!value.is_string()) fail(key, "must be a text");
    return value.get<std::string>();
  }
  std::int64_t count(const char* key) const {
    const core::Json& value = (*this)[key];
    if (!value.is_number_unsigned() ||
        value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      fail(key, "must be a whole number, 0 or more");
    }
    return value.get<std::int64_t>();
  }
  double number(const char* key) const { return core::number_from_json((*this)[key], name(key)); }
  std::optional<double> optional_number(const char* key) const {
    if (!json_.contains(key)) return std::nullopt;
    return number(key);
  }
  const core::Json& list(const char* key) const {
    const core::Json& value = (*this)[key];
    if (!value.is_array()) fail(key, "must be a list");
    return value;
  }
  const core::Json& object(const char* key) const {
    const core::Json& value = (*this)[key];
    if (!value.is_object()) fail(key, "must be an object");
    return value;
  }
  std::string name(const char* key) const { return fmt::format("{}: {}", place_, key); }
  [[noreturn]] void fail(const char* key, const std::string& problem) const {
    throw core::UserError(name(key) + " " + problem);
  }

 private:
  const core::Json& json_;
  std::string place_;
};

/// A record may name files of its own stage folder only.
bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > 4096 || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_hexadecimal(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos;
}

core::Json to_json(const MetricValue& metric) {
  core::Json json{{"metric", metric.metric},
                  {"subject", metric.subject},
                  {"value", core::json_number(metric.value)},
                  {"unit", metric.unit}};
  if (metric.low) json["low"] = core::json_number(*metric.low);
  if (metric.high) json["high"] = core::json_number(*metric.high);
  json["samples"] = metric.samples;
  return json;
}

MetricValue metric_from_json(const core::Json& json, const std::string& place) {
  const Fields fields(json, place);
  return {.metric = fields.text("metric"),
          .subject = fields.text("subject"),
          .value = fields.number("value"),
          .unit = fields.text("unit"),
          .low = fields.optional_number("low"),
          .high = fields.optional_number("high"),
          .samples = fields.count("samples")};
}

StoredFile file_from_json(const core::Json& json, const std::string& place) {
  const Fields fields(json, place);
  StoredFile file{.name = fields.text("name"),
                  .path = fields.text("path"),
                  .size = fields.count("size"),
                  .sha256 = fields.text("sha256")};
  if (!is_safe_path(file.path)) fields.fail("path", "leaves the stage folder");
  if (!is_hexadecimal(file.sha256, 64)) fields.fail("sha256", "is not a SHA-256");
  return file;
}

void check_schema(const Fields& fields) {
  const std::int64_t schema = fields.count("schema");
  if (schema > StageRecord::kSchema) {
    throw core::CapabilityError(
        fmt::format("{} {} is newer than this program reads (up to {}); use the "
                    "program that wrote it, or a newer one",
                    fields.name("schema"), schema, StageRecord::kSchema));
  }
  if (schema < 1) fields.fail("schema", "must be at least 1");
}

std::string crc_line(std::string_view body) {
  return fmt::format("crc32c {:08x}\n", core::crc32c(body));
}

}  // namespace

std::string_view name_of(StageState state) { return row_of(state).name; }

std::optional<StageState> stage_state_named(std::string_view name) {
  for (const StateName& row : kStates) {
    if (row.name == name) return row.state;
  }
  return std::nullopt;
}

bool is_final(StageState state) { return row_of(state).is_final; }

std::string run_of(const StageRecord& record) {
  return record.provenance.value("run", std::string());
}

bool is_stage_id(std::string_view text) { return is_hexadecimal(text, 32); }

core::Json to_json(const StageRecord& record) {
  core::Json metrics = core::Json::array();
  for (const MetricValue& metric : record.metrics) metrics.push_back(to_json(metric));
  core::Json files = core::Json::array();
  for (const StoredFile& file : record.files) {
    files.push_back(
        {{"name", file.name}, {"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
  }
  return {{"schema", StageRecord::kSchema},
          {"id", record.id},
          {"kind", record.kind},
          {"kind_version", record.kind_version},
          {"attempt", record.attempt},
          {"state", name_of(record.state)},
          {"reason", record.reason},
          {"metrics", std::move(metrics)},
          {"details", with_encoded_numbers(record.details)},
          {"files", std::move(files)},
          {"provenance", with_encoded_numbers(record.provenance)}};
}

StageRecord stage_record_from_json(const core::Json& json, const std::string& source) {
  const Fields fields(json, source);
  check_schema(fields);
  StageRecord record{.id = fields.text("id"),
                     .kind = fields.text("kind"),
                     .kind_version = fields.count("kind_version"),
                     .attempt = fields.count("attempt"),
                     .reason = fields.text("reason"),
                     .details = fields.object("details"),
                     .provenance = fields.object("provenance")};
  if (!is_stage_id(record.id)) fields.fail("id", "is not 32 hexadecimal characters");
  if (record.attempt < 1) fields.fail("attempt", "must be at least 1");
  const auto state = stage_state_named(fields.text("state"));
  if (!state) fields.fail("state", "'" + fields.text("state") + "' is not a stage state");
  record.state = *state;
  for (const core::Json& metric : fields.list("metrics")) {
    const std::string place = fmt::format("{}: metrics[{}]", source, record.metrics.size());
    record.metrics.push_back(metric_from_json(metric, place));
  }
  for (const core::Json& file : fields.list("files")) {
    const std::string place = fmt::format("{}: files[{}]", source, record.files.size());
    record.files.push_back(file_from_json(file, place));
  }
  return record;
}

std::string encode_record(const StageRecord& record) {
  std::string text = core::dump_json(to_json(record)) + "\n";
  text += crc_line(text);
  return text;
}

StageRecord decode_record(std::string_view text, const std::string& source) {
  constexpr std::size_t kCrcLine = sizeof("crc32c 01234567\n") - 1;
  if (text.size() <= kCrcLine || text.back() != '\n') {
    throw core::UserError(source + ": truncated: the line with the checksum is missing");
  }
  const std::string_view body = text.substr(0, text.size() - kCrcLine);
  if (text.substr(body.size()) != crc_line(body)) {
    throw core::UserError(source + ": damaged: the checksum does not match");
  }
  return stage_record_from_json(core::parse_json(body, source), source);
}

}  // namespace vitlab::store
