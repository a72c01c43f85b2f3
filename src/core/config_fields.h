#pragma once

#include <string_view>

#include "core/config_reader.h"
#include "core/fields.h"

namespace vitlab::core {

/// A type that reads itself from config, by a function beside it.
template <typename T>
concept OwnConfigForm = requires(ConfigReader& reader, std::string_view key, T& value) {
  { read_config(reader, key, value) } -> std::convertible_to<bool>;
};

/// Reads the setting under `key` into `value`, as ConfigReader::required and optional do.
template <typename T>
bool read_setting(ConfigReader& reader, std::string_view key, Presence presence, T& value) {
  constexpr bool kIsOwn = OwnConfigForm<T> || Choice<T>;
  if constexpr (kIsOwn) {
    if (presence == Presence::kRequired && !reader.has(key)) {
      if (reader.self().is_map()) reader.fail(key, "is missing");
      return false;
    }
    if constexpr (Choice<T>)
      return reader.choice(key, value);
    else
      return read_config(reader, key, value);
  } else {
    return presence == Presence::kRequired ? reader.required(key, value)
                                           : reader.optional(key, value);
  }
}

/// Reads the settings that `value` lists as its fields; the caller finishes the reader.
template <HasFields T>
void read_fields(ConfigReader& reader, T& value) {
  for_each_field<T>([&](const auto& field) {
    read_setting(reader, field.name, field.presence, value.*(field.member));
  });
}

}  // namespace vitlab::core
