#include "sweep/sampling.h"

#include <set>

#include "test.hpp"

namespace vitlab::sweep {
namespace {

/// Whether coordinate `d` of the points falls once into each of as many equal parts.
bool is_stratified(const std::vector<std::vector<double>>& points, std::size_t d) {
  std::set<std::size_t> parts;
  for (const auto& point : points)
    parts.insert(static_cast<std::size_t>(point[d] * static_cast<double>(points.size())));
  return parts.size() == points.size();
}

TEST_CASE("samples lie in the unit cube and repeat for the same seed", "[sweep]") {
  for (const auto method : {SampleMethod::kRandom, SampleMethod::kSobol, SampleMethod::kLatin}) {
    const auto points = unit_points(method, 100, 5, 3);
    CHECK(points == unit_points(method, 100, 5, 3));
    CHECK(points != unit_points(method, 100, 5, 4));
    for (const auto& point : points)
      for (const double x : point) CHECK((x >= 0 && x < 1));
  }
}

TEST_CASE("sobol and latin points are stratified along every axis", "[sweep]") {
  for (const std::size_t count : {16, 64, 256}) {
    const auto sobol = unit_points(SampleMethod::kSobol, count, kSobolDimensions, 11);
    const auto latin = unit_points(SampleMethod::kLatin, count, kSobolDimensions, 11);
    for (std::size_t d = 0; d < kSobolDimensions; ++d) {
      CHECK(is_stratified(sobol, d));
      CHECK(is_stratified(latin, d));
    }
  }
  // Independent points are not: the test can fail.
  CHECK_FALSE(is_stratified(unit_points(SampleMethod::kRandom, 64, 1, 11), 0));
}

TEST_CASE("sobol pairs of axes fill squares evenly", "[sweep]") {
  // The first two dimensions are a (0, 2)-sequence: each elementary box holds one point.
  const auto points = unit_points(SampleMethod::kSobol, 64, 2, 5);
  for (int bits = 0; bits <= 6; ++bits) {
    std::set<std::pair<int, int>> boxes;
    for (const auto& point : points)
      boxes.insert({static_cast<int>(point[0] * (1 << bits)),
                    static_cast<int>(point[1] * (1 << (6 - bits)))});
    CHECK(boxes.size() == 64);
  }
}

TEST_CASE("a longer sobol or random sample starts with the shorter one", "[sweep]") {
  for (const auto method : {SampleMethod::kRandom, SampleMethod::kSobol}) {
    const auto few = unit_points(method, 10, 3, 1);
    const auto many = unit_points(method, 50, 3, 1);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
  }
}

}  // namespace
}  // namespace vitlab::sweep
