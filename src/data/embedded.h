#pragma once

#include <string_view>

namespace vitlab::data {

/// The bytes of configs/data/digits/digits.csv.gz; the build writes the source behind it.
std::string_view digits_csv_gz();

}  // namespace vitlab::data
