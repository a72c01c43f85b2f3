#include "store/record.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"

namespace vitlab::store {
namespace {

/// JSON has no NaN: nlohmann would write null in its place, without a word.
core::Json with_encoded_numbers(const core::Json& json) {
  if (json.is_number_float()) return core::json_number(json.get<double>());
  if (!json.is_structured()) return json;
  core::Json result = json;
  for (auto& child : result) child = with_encoded_numbers(child);
  return result;
}

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

void check_count(std::int64_t count, const core::JsonPlace& place) {
  if (count < 0) place.refuse("must be a whole number, 0 or more");
}

std::string crc_line(std::string_view body) {
  return fmt::format("crc32c {:08x}\n", core::crc32c(body));
}

}  // namespace

bool is_stage_id(std::string_view text) { return is_hexadecimal(text, 32); }

void from_json_form(const core::Json& json, const core::JsonPlace& place, StageRecord& record) {
  core::JsonForm<StageRecord>::read_fields(json, place, record);
  if (!is_stage_id(record.id)) place.key("id").refuse("is not 32 hexadecimal characters");
  check_count(record.kind_version, place.key("kind_version"));
  if (record.attempt < 1) place.key("attempt").refuse("must be at least 1");
  core::check_object(record.details, place.key("details"));
  for (std::size_t i = 0; i < record.metrics.size(); ++i)
    check_count(record.metrics[i].samples, place.key("metrics").item(i).key("samples"));
  for (std::size_t i = 0; i < record.files.size(); ++i) {
    const core::JsonPlace own = place.key("files").item(i);
    const StoredFile& file = record.files[i];
    check_count(file.size, own.key("size"));
    if (!is_safe_path(file.path)) own.key("path").refuse("leaves the stage folder");
    if (!is_hexadecimal(file.sha256, 64)) own.key("sha256").refuse("is not a SHA-256");
  }
}

std::string encode_record(const StageRecord& record) {
  const core::Json json = core::with_schema(StageRecord::kSchema, core::to_json(record));
  std::string text = core::dump_json(with_encoded_numbers(json)) + "\n";
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
  core::Json json = core::parse_json(body, source);
  const core::JsonPlace place(source + ":");
  const std::int64_t schema = core::take_schema(json, place);
  if (schema > StageRecord::kSchema) {
    throw core::CapabilityError(
        fmt::format("{} {} is newer than this program reads (up to {}); use the "
                    "program that wrote it, or a newer one",
                    place.key("schema").path(), schema, StageRecord::kSchema));
  }
  return core::from_json<StageRecord>(json, place);
}

}  // namespace vitlab::store
