#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/choice.h"
#include "core/config_reader.h"
#include "core/fields.h"
#include "core/json.h"
#include "graph/shape.h"

namespace vitlab::architecture {

/// What the numbers of a knob may be, whatever the other knobs are.
struct KnobRule {
  double low = 0, high = 0;
  bool is_open = false;                  // `low` itself is none of them
  bool (*fits)(graph::Index) = nullptr;  // what whole numbers must be besides
  std::string_view says = "";            // the rule in words, where a range does not say it
  std::string_view word = "";            // a word that may stand instead of a number,
  graph::Index stands_for = 0;           // and the number outside of the range that holds it
  std::size_t least_items = 1, most_items = std::numeric_limits<std::size_t>::max();
  std::string_view items_say = "";  // how many items a list must have, in words
  bool takes_one = false;           // a number may stand for a list
};

/// Numbers from `low` to `high`.
constexpr KnobRule within(double low, double high) { return {.low = low, .high = high}; }
/// Positive ratios and factors.
constexpr KnobRule ratio() { return {.low = 0, .high = 64, .is_open = true}; }
/// The same for the numbers of lists of `least` to `most`, which `items_say` says in words.
constexpr KnobRule listed(KnobRule rule, std::string_view items_say, std::size_t least = 1,
                          std::size_t most = std::numeric_limits<std::size_t>::max()) {
  rule.items_say = items_say;
  rule.least_items = least;
  rule.most_items = most;
  return rule;
}
/// The same for lists for which one number may stand.
constexpr KnobRule one_or(KnobRule rule) {
  rule.takes_one = true;
  return rule;
}
/// The same for one number or a list with one per stage.
constexpr KnobRule per_stage(KnobRule rule, std::size_t least = 1,
                             std::size_t most = std::numeric_limits<std::size_t>::max()) {
  return one_or(listed(rule, "must be one number or one per stage", least, most));
}
/// The same with a word that stands for `number`.
constexpr KnobRule or_word(KnobRule rule, std::string_view word, graph::Index number) {
  rule.word = word;
  rule.stands_for = number;
  return rule;
}

namespace detail {

/// The values of a knob that is a closed set, of all if none is named; nothing for other knobs.
template <typename T>
struct KnobValues {};
template <core::Choice T>
struct KnobValues<T> {
  std::span<const T> allowed;
};

}  // namespace detail

/// One knob: a field of a template's struct of knobs, whose initialiser is its default, with what
/// it may hold and what it means.
template <typename Owner, typename T>
struct KnobField : core::Field<Owner, T>, detail::KnobValues<T> {
  KnobRule rule;
  std::string_view meaning;
  std::string_view unit = "";
  std::string_view follows = "";        // from what a computed default follows, in words
  T (*follow)(const Owner&) = nullptr;  // computes the default from the other knobs

  /// The same knob, whose numbers count `counted`.
  constexpr KnobField in(std::string_view counted) const {
    KnobField field = *this;
    field.unit = counted;
    return field;
  }
  /// The same knob with a default that `function` computes; `words` tell how, where its value at
  /// the other defaults does not.
  constexpr KnobField following(T (*function)(const Owner&), std::string_view words = "") const {
    KnobField field = *this;
    field.follow = function;
    field.follows = words;
    return field;
  }
};

template <typename Owner, typename T>
constexpr KnobField<Owner, T> knob(std::string_view name, T Owner::*member, KnobRule rule,
                                   std::string_view meaning) {
  return {{name, member, core::Presence::kOptional}, {}, rule, meaning};
}
/// A knob without numbers: true or false, or any of a closed set.
template <typename Owner, typename T>
constexpr KnobField<Owner, T> knob(std::string_view name, T Owner::*member,
                                   std::string_view meaning) {
  return {{name, member, core::Presence::kOptional}, {}, {}, meaning};
}
/// A knob that takes some of a closed set.
template <typename Owner, core::Choice T>
constexpr KnobField<Owner, T> knob(std::string_view name, T Owner::*member,
                                   std::type_identity_t<std::span<const T>> allowed,
                                   std::string_view meaning) {
  return {{name, member, core::Presence::kOptional}, {allowed}, {}, meaning};
}

/// What a knob holds, one or a list of them.
enum class KnobType : std::uint8_t { kWhole, kFraction, kTruth, kWord };

/// One knob as readers of any template see it.
struct Knob {
  std::string_view name;
  KnobType type = KnobType::kWhole;
  bool takes_list = false;
  KnobRule rule;
  std::vector<std::string> words;  // that it takes
  std::string_view said, unit;     // what it means, in words; in what it counts
  std::string_view follows;  // from what the default follows, in words; "" if it stands alone
  /// Adds what is wrong with a value whatever the other knobs are.
  void (*check)(const core::ConfigNode& value, const std::string& path, core::Problems& problems);
  /// What the knob holds beside `knobs` when these do not set it.
  core::Json (*default_beside)(const core::Json& knobs);

  /// What help says: the words that it takes, what it means and in what unit.
  std::string meaning() const;
  /// Its default as users write it, or from what it follows.
  std::string default_text() const;
};

// Reading one value by the rule of its knob. What has the right type is kept even where the rule
// refuses it, so that no other check speaks of a value that nobody wrote.
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, bool& value);
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, graph::Index& value);
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, double& value);
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, std::vector<graph::Index>& value);
void read_knob(const core::ConfigNode& node, const std::string& path, core::Problems& problems,
               const KnobRule& rule, std::vector<double>& value);

/// Why the rule refuses the first of the numbers that it does; "" if it allows all.
std::string knob_refusal(const KnobRule& rule, const std::vector<graph::Index>& values);

// A value as users write it.
core::Json knob_json(const KnobRule& rule, bool value);
core::Json knob_json(const KnobRule& rule, graph::Index value);
core::Json knob_json(const KnobRule& rule, double value);
core::Json knob_json(const KnobRule& rule, const std::vector<graph::Index>& value);
core::Json knob_json(const KnobRule& rule, const std::vector<double>& value);
template <core::Choice T>
core::Json knob_json(const KnobRule& /*rule*/, T value) {
  return core::word_of(value);
}

template <typename Owner, typename T>
void read_knob_field(const core::ConfigNode& node, const std::string& path,
                     core::Problems& problems, const KnobField<Owner, T>& field, T& value) {
  if constexpr (core::Choice<T>)
    core::read_word(node, path, problems, value, field.allowed);
  else
    read_knob(node, path, problems, field.rule, value);
}

/// Reads the knobs that a struct lists, each by its rule.
template <core::HasFields Knobs>
void read_knobs(core::ConfigReader& reader, Knobs& knobs) {
  core::for_each_field<Knobs>([&](const auto& field) {
    if (const core::ConfigNode* node = reader.node(field.name))
      read_knob_field(*node, reader.path_of(field.name), reader.problems(), field,
                      knobs.*(field.member));
  });
}

namespace detail {

/// A map of knobs as a config node, places unknown.
core::ConfigNode node_of_knobs(const core::Json& knobs);

template <typename T>
constexpr bool kIsList = requires(T value) {
  value.push_back({});
};

template <typename T>
constexpr KnobType knob_type() {
  if constexpr (core::Choice<T>)
    return KnobType::kWord;
  else if constexpr (std::is_same_v<T, bool>)
    return KnobType::kTruth;
  else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::vector<double>>)
    return KnobType::kFraction;
  else
    return KnobType::kWhole;
}

template <typename Knobs, std::size_t I>
struct KnobRow {
  static constexpr auto kField = std::get<I>(Knobs::fields());
  using Type = typename decltype(kField)::Type;

  static void check(const core::ConfigNode& value, const std::string& path,
                    core::Problems& problems) {
    Type ignored{};
    read_knob_field(value, path, problems, kField, ignored);
  }
  static core::Json default_beside(const core::Json& given) {
    Knobs knobs;
    if (kField.follow == nullptr) return knob_json(kField.rule, knobs.*(kField.member));
    core::Problems elsewhere("", "");
    const core::ConfigNode node = node_of_knobs(given);
    core::ConfigReader reader(node, elsewhere);
    read_knobs(reader, knobs);
    return knob_json(kField.rule, kField.follow(knobs));
  }
  static Knob row() {
    Knob knob{.name = kField.name,
              .type = knob_type<Type>(),
              .takes_list = kIsList<Type>,
              .rule = kField.rule,
              .words = {},
              .said = kField.meaning,
              .unit = kField.unit,
              .follows = kField.follows,
              .check = check,
              .default_beside = default_beside};
    if constexpr (core::Choice<Type>) knob.words = core::words_of<Type>(kField.allowed);
    if (!knob.rule.word.empty()) knob.words.emplace_back(knob.rule.word);
    return knob;
  }
};

}  // namespace detail

/// The rows of a struct of knobs.
template <core::HasFields Knobs>
std::vector<Knob> knob_rows() {
  constexpr std::size_t kCount = std::tuple_size_v<decltype(Knobs::fields())>;
  return []<std::size_t... I>(std::index_sequence<I...>) {
    std::vector<Knob> rows;
    rows.reserve(sizeof...(I));
    (rows.push_back(detail::KnobRow<Knobs, I>::row()), ...);
    return rows;
  }
  (std::make_index_sequence<kCount>());
}

}  // namespace vitlab::architecture
