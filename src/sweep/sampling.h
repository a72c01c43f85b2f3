#pragma once

#include <cstdint>
#include <vector>

#include "core/json.h"

namespace vitlab::sweep {

enum class SampleMethod { kRandom, kSobol, kLatin };

/// The most dimensions that kSobol has direction numbers for.
constexpr std::size_t kSobolDimensions = 10;

/// `count` points of the unit cube, each coordinate in [0, 1); the same for the same arguments on
/// every machine. Random: independent. Sobol: direction numbers of Joe and Kuo (2008) with a
/// digital shift drawn from the seed, so every 2^k points fall once into each of 2^k equal parts of
/// every axis; a longer sample starts with the shorter one. Latin: a hypercube sample.
std::vector<std::vector<double>> unit_points(SampleMethod method, std::size_t count,
                                             std::size_t dimensions, std::uint64_t seed);

}  // namespace vitlab::sweep
