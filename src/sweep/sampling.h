#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "core/json.h"

namespace vitlab::sweep {

enum class SampleMethod : std::uint8_t { kRandom, kSobol, kLatin };
struct SampleMethodRow {
  SampleMethod value;
  std::string_view word;
};
inline constexpr std::array kSampleMethods{SampleMethodRow{SampleMethod::kRandom, "random"},
                                           SampleMethodRow{SampleMethod::kSobol, "sobol"},
                                           SampleMethodRow{SampleMethod::kLatin, "lhs"}};
static_assert(core::is_whole(kSampleMethods));
constexpr const auto& choice_rows(SampleMethod) { return kSampleMethods; }

/// The most dimensions that kSobol has direction numbers for.
constexpr std::size_t kSobolDimensions = 10;

/// `count` points of the unit cube, each coordinate in [0, 1); the same for the same arguments on
/// every machine. Random: independent. Sobol: direction numbers of Joe and Kuo (2008) with a
/// digital shift drawn from the seed, so every 2^k points fall once into each of 2^k equal parts of
/// every axis; a longer sample starts with the shorter one. Latin: a hypercube sample.
std::vector<std::vector<double>> unit_points(SampleMethod method, std::size_t count,
                                             std::size_t dimensions, std::uint64_t seed);

}  // namespace vitlab::sweep
