#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config_reader.h"
#include "core/json.h"

namespace vitlab::sweep {

/// A struct of settings lists its fields once, in `visit_settings(tag, visit)` that calls
/// visit("name", &Struct::member); reading and canonical writing walk that list. An initialiser,
/// once published, never changes, since what equals it is left out of identities.
template <typename Settings>
void read_settings(core::ConfigReader& reader, Settings& settings) {
  visit_settings(settings, [&](std::string_view name, auto member) {
    reader.optional(name, settings.*member);
  });
}

/// The settings in the order of the list; those that equal their defaults only `with_defaults`.
template <typename Settings>
core::Json settings_json(const Settings& settings, bool with_defaults = false) {
  const Settings defaults;
  core::Json json = core::Json::object();
  visit_settings(settings, [&](std::string_view name, auto member) {
    if (with_defaults || settings.*member != defaults.*member)
      json[std::string(name)] = settings.*member;
  });
  return json;
}

/// A problem at `key` unless low <= value <= high.
void check_between(core::ConfigReader& reader, std::string_view key, double value, double low,
                   double high);
/// A problem at `key` unless `value` is one of `choices`.
void check_choice(core::ConfigReader& reader, std::string_view key, const std::string& value,
                  const std::vector<std::string>& choices);

}  // namespace vitlab::sweep
