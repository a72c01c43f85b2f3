#include <charconv>
#include <string>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "data/embedded.h"
#include "data/gzip.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

namespace {

constexpr std::int64_t kSide = 8;
constexpr int kWhite = 16;
constexpr int kDigits = 10;

/// The next number of comma-separated text; the bytes are the project's own, so damage is a bug.
int take_number(const char*& at, const char* end) {
  int value = 0;
  const auto [after, error] = std::from_chars(at, end, value);
  core::ensure(error == std::errc{} && value >= 0 && value <= kWhite,
               "the embedded digits are numbers");
  at = after;
  if (at != end && (*at == ',' || *at == '\n')) ++at;
  return value;
}

/// The split that the data's note writes down.
Split split_of_row(std::int64_t row) {
  if (row % 5 == 0) return Split::kTest;
  return row % 5 == 1 ? Split::kValidation : Split::kTrain;
}

}  // namespace

std::unique_ptr<Dataset> open_digits() {
  const std::string csv = gunzip(digits_csv_gz(), std::size_t{1} << 20, "embedded digits");
  StoredImages images{.channels = 1, .size = {kSide, kSide}, .white = kWhite};
  const char* at = csv.data();
  const char* const end = at + csv.size();
  for (std::int64_t row = 0; at != end; ++row) {
    for (std::int64_t i = 0; i < kSide * kSide; ++i)
      images.pixels.push_back(static_cast<std::uint8_t>(take_number(at, end)));
    images.labels.push_back(take_number(at, end));
    images.rows[static_cast<std::size_t>(split_of_row(row))].push_back(row);
  }

  DatasetDescription about;
  for (int digit = 0; digit < kDigits; ++digit)
    about.class_names.push_back(fmt::format("{}", digit));
  about.fingerprint = core::sha256("digits 1\n" + csv);
  return make_stored_dataset(std::move(about), std::move(images));
}

}  // namespace vitlab::data
