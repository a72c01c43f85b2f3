#include "charts/label_places.h"

#include <algorithm>
#include <array>

namespace vitlab::charts {
namespace {

constexpr double kHeight = 12;
constexpr double kDistance = 9;

}  // namespace

void LabelPlaces::add_mark(double x, double y, double radius) {
  taken_.push_back({x - radius, y - radius, x + radius, y + radius});
}

bool LabelPlaces::is_free(const Box& box) const {
  if (box.left < area_.left || box.right > area_.right + 12 || box.top < area_.top - 4 ||
      box.bottom > area_.bottom)
    return false;
  return std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) {
    return box.left < other.right && other.left < box.right && box.top < other.bottom &&
           other.top < box.bottom;
  });
}

std::optional<LabelPlaces::Place> LabelPlaces::place(double x, double y, double width) {
  struct Offset {
    double dx, dy;  // of the text's left end and of its middle
  };
  const std::array offsets{Offset{kDistance, -kDistance},
                           Offset{kDistance, kDistance},
                           Offset{-kDistance - width, -kDistance},
                           Offset{-kDistance - width, kDistance},
                           Offset{kDistance, 0},
                           Offset{-kDistance - width, 0},
                           Offset{-width / 2, -14},
                           Offset{-width / 2, 14},
                           Offset{-width / 2, -24},
                           Offset{-width / 2, 24}};
  for (const Offset& offset : offsets) {
    const double left = x + offset.dx, middle = y + offset.dy;
    const Box box{left, middle - kHeight / 2, left + width, middle + kHeight / 2};
    if (!is_free(box)) continue;
    taken_.push_back(box);
    return Place{left, middle + 4};
  }
  return std::nullopt;
}

}  // namespace vitlab::charts
