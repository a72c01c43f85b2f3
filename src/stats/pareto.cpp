#include "stats/pareto.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"

namespace vitlab::stats {
namespace {

/// Distances by which a point beats the reference; unused objectives are 1, so that one, two and
/// three objectives share the code.
using Gains = std::array<double, 3>;

double gain(double value, double reference, Direction direction) {
  return direction == Direction::kMaximise ? value - reference : reference - value;
}

/// Area of the union of the rectangles [0, g0] x [0, g1].
double dominated_area(std::vector<Gains> rectangles) {
  std::sort(rectangles.begin(), rectangles.end(), std::greater<>());
  double area = 0;
  double covered = 0;
  for (const Gains& gains : rectangles) {
    if (gains[1] <= covered) continue;
    area += gains[0] * (gains[1] - covered);
    covered = gains[1];
  }
  return area;
}

/// Volume of the union of boxes: slices between the heights of the third objective.
double dominated_volume(std::vector<Gains> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Gains& a, const Gains& b) { return a[2] > b[2]; });
  double volume = 0;
  std::vector<Gains> above;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    above.push_back(boxes[i]);
    const double floor = i + 1 < boxes.size() ? boxes[i + 1][2] : 0;
    if (boxes[i][2] > floor) volume += dominated_area(above) * (boxes[i][2] - floor);
  }
  return volume;
}

}  // namespace

bool dominates(const ObjectivePoint& a, const ObjectivePoint& b,
               std::span<const Direction> directions) {
  core::ensure(a.size() == directions.size() && b.size() == directions.size(),
               "a point has one value per objective");
  bool is_better_once = false;
  for (std::size_t k = 0; k < directions.size(); ++k) {
    core::ensure(std::isfinite(a[k]) && std::isfinite(b[k]), "objectives are finite");
    const double lead = gain(a[k], b[k], directions[k]);
    if (lead < 0) return false;
    is_better_once |= lead > 0;
  }
  return is_better_once;
}

std::vector<std::size_t> pareto_front(std::span<const ObjectivePoint> points,
                                      std::span<const Direction> directions) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_dominated = std::any_of(
        points.begin(), points.end(),
        [&](const ObjectivePoint& other) { return dominates(other, points[i], directions); });
    if (!is_dominated) front.push_back(i);
  }
  return front;
}

double hypervolume(std::span<const ObjectivePoint> points, std::span<const Direction> directions,
                   const ObjectivePoint& reference) {
  core::ensure(!directions.empty() && directions.size() <= 3,
               "hypervolume takes 1 to 3 objectives");
  core::ensure(reference.size() == directions.size(), "the reference has one value per objective");
  std::vector<Gains> boxes;
  for (const ObjectivePoint& point : points) {
    core::ensure(point.size() == directions.size(), "a point has one value per objective");
    Gains gains{1, 1, 1};
    for (std::size_t k = 0; k < directions.size(); ++k) {
      core::ensure(std::isfinite(point[k]), "objectives are finite");
      gains[k] = gain(point[k], reference[k], directions[k]);
    }
    if (std::all_of(gains.begin(), gains.end(), [](double g) { return g > 0; })) {
      boxes.push_back(gains);
    }
  }
  return dominated_volume(std::move(boxes));
}

}  // namespace vitlab::stats
