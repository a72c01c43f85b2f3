#include "data/data_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::data {

namespace {

struct KindRow {
  DataKind kind;
  std::string_view name;
  bool has_path;
  std::string_view options;  // separated by spaces
};

constexpr std::array<KindRow, 6> kKinds{{
    {DataKind::kDigits, "digits", false, ""},
    {DataKind::kSynthetic, "synthetic", false, "classes size count seed validation test"},
    {DataKind::kFolder, "folder", true, "seed validation test"},
    {DataKind::kCifar10, "cifar10", true, "seed validation"},
    {DataKind::kCifar100, "cifar100", true, "seed validation"},
    {DataKind::kIdx, "idx", true, "seed validation"},
}};

constexpr std::string_view kExamples =
    "digits, synthetic:classes=10,size=64,count=5000, folder:PATH, cifar10:PATH, cifar100:PATH or "
    "idx:PATH";

const KindRow& kind_row(DataKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return row;
  core::ensure(false, "every data kind has a row");
  return kKinds[0];
}

const KindRow& row_named(const std::string& name) {
  std::vector<std::string> names;
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row;
    names.emplace_back(row.name);
  }
  throw core::UserError(fmt::format("data '{}' is not a data set{}; give {}", name,
                                    core::did_you_mean(name, names), kExamples));
}

/// Whether a piece reads as `word=value`, so that it is an option and no part of a path.
bool is_option(std::string_view piece) {
  const auto equals = piece.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return piece.substr(0, equals).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
         std::string_view::npos;
}

template <typename Number>
Number read_number(const std::string& key, const std::string& text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !(value >= low && value <= high))
    throw core::UserError(
        fmt::format("data option {}={}: must be a number from {} to {}", key, text, low, high));
  return value;
}

void set_option(DataSpec& spec, const std::string& key, const std::string& value) {
  constexpr double kMostShare = 0.9;
  if (key == "classes") spec.classes = read_number<std::int64_t>(key, value, 2, 120);
  if (key == "size") spec.size = read_number<std::int64_t>(key, value, 16, 4096);
  if (key == "count") spec.count = read_number<std::int64_t>(key, value, 1, 100'000'000);
  if (key == "seed") spec.seed = read_number<std::int64_t>(key, value, 0, INT64_MAX);
  if (key == "validation") spec.validation = read_number<double>(key, value, 0, kMostShare);
  if (key == "test") spec.test = read_number<double>(key, value, 0, kMostShare);
}

void read_options(DataSpec& spec, const KindRow& row, const std::vector<std::string>& pieces) {
  const std::vector<std::string> known = core::split_list(row.options, ' ');
  std::set<std::string> seen;
  for (const std::string& piece : pieces) {
    const auto equals = piece.find('=');
    const std::string key = piece.substr(0, equals);
    if (std::find(known.begin(), known.end(), key) == known.end() || key.empty())
      throw core::UserError(fmt::format("data '{}': '{}' is not an option of {}{}", row.name, key,
                                        row.name, core::did_you_mean(key, known)));
    if (equals == std::string::npos)
      throw core::UserError(fmt::format("data '{}': option '{}' needs a value", row.name, key));
    if (!seen.insert(key).second)
      throw core::UserError(fmt::format("data '{}': option '{}' is given twice", row.name, key));
    set_option(spec, key, piece.substr(equals + 1));
  }
}

/// Takes the trailing options off a path: commas inside the path itself stay.
std::string path_of(std::vector<std::string>& pieces, std::vector<std::string>& options) {
  while (pieces.size() > 1 && is_option(pieces.back())) {
    options.insert(options.begin(), pieces.back());
    pieces.pop_back();
  }
  std::string path = pieces.front();
  for (std::size_t i = 1; i < pieces.size(); ++i) path += "," + pieces[i];
  return path;
}

}  // namespace

DataSpec parse_data_spec(std::string_view text) {
  const auto colon = text.find(':');
  const KindRow& row = row_named(std::string(text.substr(0, colon)));
  const std::string rest(colon == std::string_view::npos ? "" : text.substr(colon + 1));

  DataSpec spec;
  spec.kind = row.kind;
  std::vector<std::string> pieces = core::split_list(rest);
  std::vector<std::string> options;
  if (row.has_path) {
    spec.path = path_of(pieces, options);
    if (spec.path.empty() || spec.path.find('\0') != std::string::npos)
      throw core::UserError(fmt::format("data '{}' needs a path: {}:PATH", text, row.name));
  } else if (!rest.empty()) {
    options = pieces;
  }
  read_options(spec, row, options);
  if (spec.validation.value_or(0) + spec.test.value_or(0) > 0.9)
    throw core::UserError(
        fmt::format("data '{}': validation and test leave too few training images; "
                    "together they may be at most 0.9",
                    text));
  return spec;
}

std::string canonical_text(const DataSpec& spec) {
  const DataSpec defaults;
  std::vector<std::string> options;
  const auto add = [&](std::string_view key, std::int64_t value, std::int64_t usual) {
    if (value != usual) options.push_back(fmt::format("{}={}", key, value));
  };
  add("classes", spec.classes, defaults.classes);
  add("size", spec.size, defaults.size);
  add("count", spec.count, defaults.count);
  add("seed", spec.seed, defaults.seed);
  if (spec.validation) options.push_back("validation=" + core::shortest(*spec.validation));
  if (spec.test) options.push_back("test=" + core::shortest(*spec.test));

  const KindRow& row = kind_row(spec.kind);
  std::string text(row.name);
  if (row.has_path) text += ":" + spec.path;
  for (const std::string& option : options)
    text += (text.find(':') == std::string::npos ? ":" : ",") + option;
  return text;
}

}  // namespace vitlab::data
