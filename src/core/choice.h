#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace vitlab::core {

/// A closed set of named values: an enum beside which `choice_rows(E)` returns its one table, a
/// std::array whose rows start with `value` and `word`; facts about the value may follow.
template <typename E>
concept Choice = std::is_enum_v<E> && requires(E value) {
  { choice_rows(value)[0].value } -> std::convertible_to<E>;
  { choice_rows(value)[0].word } -> std::convertible_to<std::string_view>;
};

namespace detail {

/// Whether the enum names the value `V`: compilers print a value without a name as a cast.
template <auto V>
consteval bool is_enumerator() {
  constexpr std::string_view kSignature = __PRETTY_FUNCTION__;
  constexpr std::size_t kAt = kSignature.rfind("V = ") + 4;
  return kSignature[kAt] != '(';
}

}  // namespace detail

/// Whether a table holds every enumerator once, in order from 0. Stands in a static_assert beside
/// each table, so that an enumerator without a row does not compile.
template <typename Row, std::size_t N>
consteval bool is_whole(const std::array<Row, N>& rows) {
  using E = std::remove_cvref_t<decltype(rows[0].value)>;
  for (std::size_t i = 0; i < N; ++i)
    if (static_cast<std::size_t>(rows[i].value) != i) return false;
  return !detail::is_enumerator<static_cast<E>(N)>();
}

/// The row of `value` in its table.
template <Choice E>
constexpr const auto& choice_row(E value) {
  return choice_rows(value)[static_cast<std::size_t>(value)];
}

/// The word of `value` in files and messages.
template <Choice E>
constexpr std::string_view word_of(E value) {
  return choice_row(value).word;
}

/// The value whose word is `word`, if there is one.
template <Choice E>
constexpr std::optional<E> find_choice(std::string_view word) {
  for (const auto& row : choice_rows(E{}))
    if (row.word == word) return row.value;
  return std::nullopt;
}

/// The words of all rows in the order of the table.
template <Choice E>
std::vector<std::string> words_of() {
  std::vector<std::string> words;
  for (const auto& row : choice_rows(E{})) words.emplace_back(row.word);
  return words;
}

/// Throws UserError "<what> must be one of a, b, got 'x'; did you mean 'a'?".
[[noreturn]] void refuse_word(std::string_view what, std::string_view word,
                              const std::vector<std::string>& words);

/// The value whose word is `word`; throws UserError that names `what` and the words there are.
template <Choice E>
E read_choice(std::string_view word, std::string_view what) {
  const std::optional<E> value = find_choice<E>(word);
  if (!value) refuse_word(what, word, words_of<E>());
  return *value;
}

}  // namespace vitlab::core
