#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/choice.h"
#include "core/fields.h"
#include "core/json.h"

namespace vitlab::core {

/// Where a value stands in a JSON document, for messages: "request.protocol.batch"; in a file,
/// whose path ends in a colon, "store.json: schema".
class JsonPlace {
 public:
  explicit JsonPlace(std::string path) : path_(std::move(path)) {}

  JsonPlace key(std::string_view name) const;
  JsonPlace item(std::size_t index) const;
  /// Throws UserError "path message".
  [[noreturn]] void refuse(const std::string& message) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// How a type stands in JSON. Specialised below for scalars, choices, containers and structs that
/// list their fields; a type with a form of its own (a model spec, say) gives `to_json_form` and
/// `from_json_form` beside it.
template <typename T>
struct JsonForm;

/// `value` as JSON: structs as objects in the order of their fields.
template <typename T>
Json to_json(const T& value) {
  return JsonForm<T>::write(value);
}

/// Reads JSON strictly: a wrong type, a missing required field and a key that no field has throw
/// UserError with the place ("request.protocol.batch must be a whole number, got 'x'").
template <typename T>
T from_json(const Json& json, const JsonPlace& place) {
  T value{};
  JsonForm<T>::read(json, place, value);
  return value;
}
template <typename T>
T from_json(const Json& json, std::string_view what) {
  return from_json<T>(json, JsonPlace(std::string(what)));
}

// Scalars. Doubles take whole numbers and the words of json_number(); whole numbers no fractions.
void read_json(const Json& json, const JsonPlace& place, bool& value);
void read_json(const Json& json, const JsonPlace& place, double& value);
void read_json(const Json& json, const JsonPlace& place, std::int64_t& value);
void read_json(const Json& json, const JsonPlace& place, std::uint64_t& value);
void read_json(const Json& json, const JsonPlace& place, std::string& value);
/// Throws unless `json` is an object or an array respectively.
void check_object(const Json& json, const JsonPlace& place);
void check_array(const Json& json, const JsonPlace& place);
/// Throws if `json` has a key that is none of `known`.
void check_keys(const Json& json, const JsonPlace& place, const std::vector<std::string>& known);

template <typename T>
concept JsonScalar = std::same_as<T, bool> || std::same_as<T, double> || std::integral<T> ||
    std::same_as<T, std::string>;

template <JsonScalar T>
struct JsonForm<T> {
  static Json write(const T& value) {
    if constexpr (std::same_as<T, double>)
      return json_number(value);
    else
      return value;
  }
  static void read(const Json& json, const JsonPlace& place, T& value) {
    if constexpr (std::integral<T> && !std::same_as<T, bool>) {
      std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide = 0;
      read_json(json, place, wide);
      if (!std::in_range<T>(wide)) place.refuse("is out of range");
      value = static_cast<T>(wide);
    } else {
      read_json(json, place, value);
    }
  }
};

template <Choice T>
struct JsonForm<T> {
  static Json write(T value) { return word_of(value); }
  static void read(const Json& json, const JsonPlace& place, T& value) {
    std::string word;
    read_json(json, place, word);
    value = read_choice<T>(word, place.path());
  }
};

/// JSON inside JSON, kept as it is: what another struct reads.
template <>
struct JsonForm<Json> {
  static Json write(const Json& value) { return value; }
  static void read(const Json& json, const JsonPlace& /*place*/, Json& value) { value = json; }
};

template <typename T>
struct JsonForm<std::vector<T>> {
  static Json write(const std::vector<T>& value) {
    Json json = Json::array();
    for (const auto& item : value) json.push_back(JsonForm<T>::write(item));
    return json;
  }
  static void read(const Json& json, const JsonPlace& place, std::vector<T>& value) {
    check_array(json, place);
    value.clear();
    for (const Json& item : json) value.push_back(from_json<T>(item, place.item(value.size())));
  }
};

/// An optional that is empty stands as null; as a field it is left out.
template <typename T>
struct JsonForm<std::optional<T>> {
  static Json write(const std::optional<T>& value) {
    return value ? JsonForm<T>::write(*value) : Json();
  }
  static void read(const Json& json, const JsonPlace& place, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) value = from_json<T>(json, place);
  }
};

template <typename T>
struct JsonForm<std::map<std::string, T>> {
  static Json write(const std::map<std::string, T>& value) {
    Json json = Json::object();
    for (const auto& [key, item] : value) json[key] = JsonForm<T>::write(item);
    return json;
  }
  static void read(const Json& json, const JsonPlace& place, std::map<std::string, T>& value) {
    check_object(json, place);
    value.clear();
    for (const auto& [key, item] : json.items())
      value.emplace(key, from_json<T>(item, place.key(key)));
  }
};

/// Values by name in the order in which they were added; an object in JSON.
template <typename T>
struct Named : std::vector<std::pair<std::string, T>> {
  using std::vector<std::pair<std::string, T>>::vector;

  /// Null where nothing has that name.
  const T* named(std::string_view name) const {
    for (const auto& [own, value] : *this)
      if (own == name) return &value;
    return nullptr;
  }
};

template <typename T>
struct JsonForm<Named<T>> {
  static Json write(const Named<T>& value) {
    Json json = Json::object();
    for (const auto& [key, item] : value) json[key] = JsonForm<T>::write(item);
    return json;
  }
  static void read(const Json& json, const JsonPlace& place, Named<T>& value) {
    check_object(json, place);
    value.clear();
    for (const auto& [key, item] : json.items())
      value.emplace_back(key, from_json<T>(item, place.key(key)));
  }
};

/// A type whose JSON is its own affair.
template <typename T>
concept OwnJsonForm = requires(const T& value, T& target, const Json& json, const JsonPlace& at) {
  { to_json_form(value) } -> std::convertible_to<Json>;
  from_json_form(json, at, target);
};

template <OwnJsonForm T>
struct JsonForm<T> {
  static Json write(const T& value) { return to_json_form(value); }
  static void read(const Json& json, const JsonPlace& place, T& value) {
    from_json_form(json, place, value);
  }
};

/// A type that is read in its own way: a struct with fields that are checked beyond their types.
template <typename T>
concept OwnJsonReading = requires(T& target, const Json& json, const JsonPlace& at) {
  from_json_form(json, at, target);
};

template <HasFields T>
struct JsonForm<T> {
  static Json write(const T& value) { return fields_json(value, false); }
  /// With `all`, optional fields that equal their initialiser too.
  static Json fields_json(const T& value, bool all) {
    [[maybe_unused]] static const T defaults{};
    Json json = Json::object();
    for_each_field<T>([&]<typename Owner, typename Member>(const Field<Owner, Member>& field) {
      const Member& member = value.*(field.member);
      if (!all && !field.is_required() && member == defaults.*(field.member)) return;
      json[std::string(field.name)] = JsonForm<Member>::write(member);
    });
    return json;
  }
  static void read(const Json& json, const JsonPlace& place, T& value) {
    check_object(json, place);
    if constexpr (OwnJsonReading<T>)
      from_json_form(json, place, value);
    else
      read_fields(json, place, value);
  }
  static void read_fields(const Json& json, const JsonPlace& place, T& value) {
    // First, so that a misspelled key is told as such and not as another that is missing.
    check_keys(json, place, names());
    for_each_field<T>([&]<typename Owner, typename Member>(const Field<Owner, Member>& field) {
      const auto found = json.find(std::string(field.name));
      if (found != json.end())
        JsonForm<Member>::read(*found, place.key(field.name), value.*(field.member));
      else if (field.is_required())
        place.key(field.name).refuse("is missing");
    });
  }
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> all = [] {
      std::vector<std::string> listed;
      for_each_field<T>([&](const auto& field) { listed.emplace_back(field.name); });
      return listed;
    }();
    return all;
  }
};

/// A file's content with the number of its form first: {"schema": 1, …}.
Json with_schema(std::int64_t schema, const Json& content);
/// Takes that number out of a file's content; throws UserError with the place if there is none.
std::int64_t take_schema(Json& content, const JsonPlace& place);

/// A struct's fields as JSON, those that equal their initialiser too.
template <HasFields T>
Json to_json_with_defaults(const T& value) {
  return JsonForm<T>::fields_json(value, true);
}

}  // namespace vitlab::core
