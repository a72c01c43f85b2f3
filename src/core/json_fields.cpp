#include "core/json_fields.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

constexpr std::size_t kLongestShown = 60;
constexpr const char* kSchemaKey = "schema";

/// What stands in a message for a JSON value of the wrong type.
std::string shown(const Json& json) {
  if (json.is_object()) return "a map";
  if (json.is_array()) return "a list";
  if (json.is_null()) return "nothing";
  if (json.is_string()) return quoted_clip(json.get_ref<const std::string&>());
  return clipped(dump_json(json), kLongestShown);
}

}  // namespace

JsonPlace JsonPlace::key(std::string_view name) const {
  const std::string shown_name = clipped(printable(name), kLongestShown);
  if (path_.empty()) return JsonPlace(shown_name);
  return JsonPlace(path_ + (path_.back() == ':' ? " " : ".") + shown_name);
}

JsonPlace JsonPlace::item(std::size_t index) const {
  return JsonPlace(path_ + "[" + std::to_string(index) + "]");
}

void JsonPlace::refuse(const std::string& message) const { throw UserError(path_ + " " + message); }

void read_json(const Json& json, const JsonPlace& place, bool& value) {
  if (!json.is_boolean()) place.refuse("must be true or false, got " + shown(json));
  value = json.get<bool>();
}

void read_json(const Json& json, const JsonPlace& place, double& value) {
  const bool is_number =
      json.is_number() || (json.is_string() && (json == "nan" || json == "inf" || json == "-inf"));
  if (!is_number) place.refuse("must be a number, got " + shown(json));
  value = number_from_json(json, place.path());
}

void read_json(const Json& json, const JsonPlace& place, std::int64_t& value) {
  if (!json.is_number_integer()) place.refuse("must be a whole number, got " + shown(json));
  if (json.is_number_unsigned() && !std::in_range<std::int64_t>(json.get<std::uint64_t>()))
    place.refuse("is out of range: " + shown(json));
  value = json.get<std::int64_t>();
}

void read_json(const Json& json, const JsonPlace& place, std::uint64_t& value) {
  if (!json.is_number_integer()) place.refuse("must be a whole number, got " + shown(json));
  if (!json.is_number_unsigned() && json.get<std::int64_t>() < 0)
    place.refuse("must not be negative, got " + shown(json));
  value = json.get<std::uint64_t>();
}

void read_json(const Json& json, const JsonPlace& place, std::string& value) {
  if (!json.is_string()) place.refuse("must be a text, got " + shown(json));
  value = json.get<std::string>();
}

void check_object(const Json& json, const JsonPlace& place) {
  if (!json.is_object()) place.refuse("must be a map, got " + shown(json));
}

void check_array(const Json& json, const JsonPlace& place) {
  if (!json.is_array()) place.refuse("must be a list, got " + shown(json));
}

void check_keys(const Json& json, const JsonPlace& place, const std::vector<std::string>& known) {
  for (const auto& [key, item] : json.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      place.key(key).refuse("is not known" + did_you_mean(key, known));
}

Json with_schema(std::int64_t schema, const Json& content) {
  Json json{{kSchemaKey, schema}};
  json.update(content);
  return json;
}

std::int64_t take_schema(Json& content, const JsonPlace& place) {
  check_object(content, place);
  const auto found = content.find(kSchemaKey);
  const JsonPlace own = place.key(kSchemaKey);
  if (found == content.end()) own.refuse("is missing");
  const auto schema = from_json<std::int64_t>(*found, own);
  if (schema < 1) own.refuse("must be at least 1");
  content.erase(found);
  return schema;
}

}  // namespace vitlab::core
