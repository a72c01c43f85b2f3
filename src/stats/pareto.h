#pragma once

#include <span>
#include <vector>

namespace vitlab::stats {

/// Which way an objective is better.
enum class Direction { kMaximise, kMinimise };

/// One value per objective, in the order of the directions.
using ObjectivePoint = std::vector<double>;

/// Whether `a` is at least as good as `b` in every objective and better in one.
bool dominates(const ObjectivePoint& a, const ObjectivePoint& b,
               std::span<const Direction> directions);

/// Indices, ascending, of the points that no other point dominates; equal points stay together.
std::vector<std::size_t> pareto_front(std::span<const ObjectivePoint> points,
                                      std::span<const Direction> directions);

/// The volume, between `reference` (worse than what counts) and the points, that some point
/// dominates, for 1 to 3 objectives. A point that is not better than the reference in every
/// objective adds nothing; no points give 0.
double hypervolume(std::span<const ObjectivePoint> points, std::span<const Direction> directions,
                   const ObjectivePoint& reference);

}  // namespace vitlab::stats
