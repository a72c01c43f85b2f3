#include "data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/error.h"
#include "core/hash.h"
#include "core/random.h"

namespace vitlab::data {

namespace {

constexpr int kMostMarks = 6;
constexpr double kNoise = 0.2;  // the background is uniform noise below it

// Also distinct in grey: their luma is 0.30, 0.59, 0.11, 0.89, 0.41, 0.70.
constexpr std::array<MarkColour, kMostMarks> kColours{
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}}};

/// Signed distance to the outline of a mark of radius 1 about the origin, negative inside.
double distance_to_mark(int mark, double u, double v) {
  const double length = std::hypot(u, v);
  const auto plus = [](double a, double b) {
    return std::max(std::min(std::abs(a), std::abs(b)) - 0.35,
                    std::max(std::abs(a), std::abs(b)) - 1);
  };
  switch (mark) {
    case 0:
      return length - 1;  // disc
    case 1:
      return std::max(std::abs(u), std::abs(v)) - 0.85;  // square
    case 2:
      return (std::abs(u) + std::abs(v) - 1.2) / std::numbers::sqrt2;  // diamond
    case 3:
      return plus(u, v);
    case 4:
      return std::abs(length - 0.75) - 0.3;  // ring
    default:
      return plus((u + v) / std::numbers::sqrt2, (u - v) / std::numbers::sqrt2);  // diagonal cross
  }
}

struct Mark {
  int kind = 0;
  double x = 0;
  double y = 0;
  double radius = 0;
  float brightness = 1;
};

void draw_mark(const Mark& mark, std::int64_t size, float* out) {
  const MarkColour colour = mark_colour(mark.kind);
  const float channels[3] = {colour.red, colour.green, colour.blue};
  const auto side = [&](double at) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0, size - 1);
  };
  const double reach = mark.radius * 1.1 + 1;
  for (std::int64_t y = side(mark.y - reach); y <= side(mark.y + reach); ++y) {
    for (std::int64_t x = side(mark.x - reach); x <= side(mark.x + reach); ++x) {
      const double u = (static_cast<double>(x) + 0.5 - mark.x) / mark.radius;
      const double v = (static_cast<double>(y) + 0.5 - mark.y) / mark.radius;
      const double inside =
          std::clamp(0.5 - distance_to_mark(mark.kind, u, v) * mark.radius, 0.0, 1.0);
      const auto cover = static_cast<float>(inside);
      for (std::int64_t c = 0; c < 3; ++c) {
        float& sample = out[(c * size + y) * size + x];
        sample += cover * (channels[c] * mark.brightness - sample);
      }
    }
  }
}

}  // namespace

int RingTask::marks() const {
  int count = 3;
  std::int64_t orders = 2;  // (count - 1)!
  while (orders < classes) orders *= count++;
  core::ensure(count <= kMostMarks, "six marks spell every class");
  return count;
}

std::vector<int> RingTask::order_of_class(std::int64_t label) const {
  core::ensure(label >= 0 && label < classes, "a label is one of the classes");
  std::vector<int> order(static_cast<std::size_t>(marks()));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = 0; i < label; ++i) std::next_permutation(order.begin() + 1, order.end());
  return order;
}

void RingTask::draw(std::int64_t image, float* out) const {
  core::Random random(
      core::mix64(core::mix64(seed, "ring of marks"), static_cast<std::uint64_t>(image)));
  std::generate(out, out + 3 * size * size,
                [&] { return static_cast<float>(random.uniform(0, kNoise)); });

  const std::vector<int> order = order_of_class(label_of(image));
  const std::size_t turn = random.below(order.size());
  const auto side = static_cast<double>(size);
  const double middle_x = side * random.uniform(0.46, 0.54);
  const double middle_y = side * random.uniform(0.46, 0.54);
  for (std::size_t i = 0; i < order.size(); ++i) {
    constexpr double kJitter = 0.14;  // radians, about 8 degrees
    const double place = static_cast<double>((i + turn) % order.size());
    const double angle = 2 * std::numbers::pi * place / static_cast<double>(order.size()) +
                         random.uniform(-kJitter, kJitter);
    const double distance = side * random.uniform(0.30, 0.35);
    Mark mark;
    mark.kind = order[i];
    mark.x = middle_x + distance * std::sin(angle);
    mark.y = middle_y - distance * std::cos(angle);
    mark.radius = side * random.uniform(0.075, 0.1);
    mark.brightness = static_cast<float>(random.uniform(0.8, 1));
    draw_mark(mark, size, out);
  }
}

MarkColour mark_colour(int mark) {
  core::ensure(mark >= 0 && mark < kMostMarks, "there are six marks");
  return kColours[static_cast<std::size_t>(mark)];
}

}  // namespace vitlab::data
