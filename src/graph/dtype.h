#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "graph/shape.h"

namespace vitlab::graph {

/// Kinds of numbers that costs are counted for.
enum class Dtype : std::uint8_t { kFloat32, kBfloat16, kFloat16, kFloat64 };
struct DtypeRow {
  Dtype value;
  std::string_view word;
  Index bytes;    // of one number
  bool runs;      // models run in it,
  bool is_timed;  // and protocols measure them in it
};
inline constexpr std::array kDtypes{DtypeRow{Dtype::kFloat32, "float32", 4, true, true},
                                    DtypeRow{Dtype::kBfloat16, "bfloat16", 2, true, true},
                                    DtypeRow{Dtype::kFloat16, "float16", 2, false, false},
                                    DtypeRow{Dtype::kFloat64, "float64", 8, true, false}};
static_assert(core::is_whole(kDtypes));
constexpr const auto& choice_rows(Dtype) { return kDtypes; }

/// The words of the rows that a fact holds of: `dtype_words(&DtypeRow::is_timed)`.
inline std::vector<std::string> dtype_words(bool DtypeRow::*fact) {
  std::vector<std::string> words;
  for (const DtypeRow& row : kDtypes)
    if (row.*fact) words.emplace_back(row.word);
  return words;
}

}  // namespace vitlab::graph
