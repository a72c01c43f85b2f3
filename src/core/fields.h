#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>

namespace vitlab::core {

/// Whether a field must be there when its struct is read. An optional one that equals the
/// initialiser of its struct is left out when it is written, so that an initialiser, once
/// published, never changes.
enum class Presence : bool { kOptional, kRequired };

/// One field of a struct: its key in files and messages, and the member that holds it.
template <typename Owner, typename T>
struct Field {
  using Type = T;

  std::string_view name;
  T Owner::*member;
  Presence presence;

  constexpr bool is_required() const { return presence == Presence::kRequired; }
};

template <typename Owner, typename T>
constexpr Field<Owner, T> required(std::string_view name, T Owner::*member) {
  return {name, member, Presence::kRequired};
}
template <typename Owner, typename T>
constexpr Field<Owner, T> optional(std::string_view name, T Owner::*member) {
  return {name, member, Presence::kOptional};
}

/// A struct that lists its fields once, in `static constexpr auto fields()`, a tuple of Field; that
/// of a derived struct begins with its base's. Reading, writing, hashing and comparing all walk
/// that list.
template <typename T>
concept HasFields = requires {
  T::fields();
};

/// Calls visit(field) for each field of `T` in the order of its list.
template <HasFields T, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, T::fields());
}

}  // namespace vitlab::core
