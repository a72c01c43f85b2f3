#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json_fields.h"

namespace vitlab::messages {

/// Reads and writes one of several messages that a word tells apart, as in {"event": "note", …}:
/// the variant is the list of them, and each names its word in `kWord`.
template <typename Variant>
struct OneOf;

template <typename... Messages>
struct OneOf<std::variant<Messages...>> {
  using Variant = std::variant<Messages...>;

  static std::vector<std::string> words() { return {std::string(Messages::kWord)...}; }

  /// The word under `key` first, then the message's fields.
  static core::Json write(std::string_view key, const Variant& message) {
    return std::visit(
        [&]<typename Message>(const Message& one) {
          core::Json json = core::Json::object();
          json[std::string(key)] = Message::kWord;
          json.update(core::to_json(one));
          return json;
        },
        message);
  }

  /// Throws UserError with the place for an unknown word and for what the message does not know.
  static Variant read(std::string_view key, core::Json json, const core::JsonPlace& place) {
    core::check_object(json, place);
    const auto found = json.find(std::string(key));
    if (found == json.end()) place.key(key).refuse("is missing");
    const auto word = core::from_json<std::string>(*found, place.key(key));
    json.erase(found);
    std::optional<Variant> message;
    const bool is_known =
        ((word == Messages::kWord && (message = core::from_json<Messages>(json, place), true)) ||
         ...);
    if (!is_known) core::refuse_word(place.key(key).path(), word, words());
    return *std::move(message);
  }
};

}  // namespace vitlab::messages
