#include "stats/pareto.h"

#include <algorithm>
#include <stdexcept>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Points = std::vector<ObjectivePoint>;
constexpr auto kMax = Direction::kMaximise;
constexpr auto kMin = Direction::kMinimise;

Points random_points(std::size_t count, std::size_t objectives, std::uint64_t seed) {
  core::Random random(seed);
  Points points(count, ObjectivePoint(objectives));
  for (auto& point : points) {
    for (double& value : point) value = random.uniform();
  }
  return points;
}

TEST_CASE("the front holds what nothing beats, ties included", "[stats]") {
  const Points points{{70, 5}, {72, 6}, {71, 7}, {72, 6}, {60, 4}, {60, 5}};  // accuracy, latency
  const std::vector<Direction> directions{kMax, kMin};
  CHECK(pareto_front(points, directions) == std::vector<std::size_t>{0, 1, 3, 4});
}

TEST_CASE("every point is on the front or beaten by one that is", "[stats]") {
  const Points points = random_points(80, 3, 61);
  const std::vector<Direction> directions{kMax, kMin, kMin};
  const auto front = pareto_front(points, directions);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_beaten = std::any_of(front.begin(), front.end(), [&](std::size_t j) {
      return dominates(points[j], points[i], directions);
    });
    CHECK(is_beaten != (std::find(front.begin(), front.end(), i) != front.end()));
  }
}

TEST_CASE("the front takes any number of objectives", "[stats]") {
  const Points points{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 0, 0, 0}};
  CHECK(pareto_front(points, std::vector<Direction>(4, kMax)).size() == 4);
  CHECK(pareto_front(points, std::vector<Direction>(4, kMin)) == std::vector<std::size_t>{4});
  CHECK(pareto_front(Points{}, std::vector<Direction>{kMax}).empty());
}

TEST_CASE("hypervolumes equal those by hand", "[stats]") {
  CHECK(hypervolume(Points{{3}, {5}}, std::vector<Direction>{kMax}, {1}) == Approx(4));
  CHECK(hypervolume(Points{{3, 1}, {2, 2}, {1, 3}, {1, 1}}, std::vector<Direction>{kMax, kMax},
                    {0, 0}) == Approx(6));
  CHECK(hypervolume(Points{{1, 2}, {2, 1}}, std::vector<Direction>{kMin, kMin}, {3, 3}) ==
        Approx(3));
  CHECK(hypervolume(Points{{2, 1, 1}, {1, 2, 1}, {1, 1, 2}}, std::vector<Direction>(3, kMax),
                    {0, 0, 0}) == Approx(4));
}

TEST_CASE("a hypervolume is the share of random points that are dominated", "[stats]") {
  for (const std::size_t objectives : {2U, 3U}) {
    const Points points = random_points(12, objectives, 62);
    const std::vector<Direction> directions(objectives, kMin);
    const double volume = hypervolume(points, directions, ObjectivePoint(objectives, 1.0));
    int hits = 0;
    for (const ObjectivePoint& probe : random_points(40000, objectives, 63)) {
      hits += std::any_of(points.begin(), points.end(), [&](const ObjectivePoint& point) {
        return dominates(point, probe, directions);
      });
    }
    CHECK(volume == Approx(hits / 40000.0).margin(0.012));
  }
}

TEST_CASE("dominated points, repeats and points beyond the reference add no volume", "[stats]") {
  const std::vector<Direction> directions(3, kMax);
  Points points = random_points(20, 3, 64);
  const double volume = hypervolume(points, directions, {0.2, 0.2, 0.2});
  points.push_back(points.front());
  points.push_back({0.21, 0.21, 0.0});
  std::reverse(points.begin(), points.end());
  CHECK(hypervolume(points, directions, {0.2, 0.2, 0.2}) == Approx(volume));
  CHECK(hypervolume(Points{}, directions, {0, 0, 0}) == 0);
}

TEST_CASE("points of the wrong size break a promise", "[stats]") {
  CHECK_THROWS_AS(pareto_front(Points{{1, 2}}, std::vector<Direction>{kMax}), std::logic_error);
  CHECK_THROWS_AS(hypervolume(Points{}, std::vector<Direction>(4, kMax), {0, 0, 0, 0}),
                  std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
