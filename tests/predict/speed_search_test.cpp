#include "predict/speed_search.h"

#include <cmath>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/random.h"
#include "predict/time_guess.h"
#include "test.hpp"

namespace vitlab::predict {
namespace {

/// A device whose time rises along the grid in a way that the guess does not know.
struct PlantedDevice {
  std::size_t size = 400;
  double noise = 0.002;
  double width = 0.004;  // half the interval that a measurement states
  core::Random random{1};
  int calls = 0;

  static double guess(std::size_t i) {
    return 0.01 + 0.001 * std::pow(static_cast<double>(i), 1.6);
  }
  static double truth(std::size_t i) {
    return 3.7 * std::pow(guess(i), 0.85) + 0.002 * static_cast<double>(i % 3);
  }
  MeasuredTime measure(std::size_t i) {
    ++calls;
    const double time = truth(i) * std::exp(noise * random.normal());
    return {time, time * (1 - width), time * (1 + width)};
  }
  SpeedSolution search(const SpeedTarget& target, std::size_t start = 100) {
    return search_speed(
        size, start, target, [](std::size_t i) { return std::optional(guess(i)); },
        [this](std::size_t i) { return measure(i); });
  }
};

TEST_CASE(
    "a speed is found within the tolerance in a few measurements, whatever the guess's factor") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    PlantedDevice device;
    device.random = core::Random(seed);
    core::Random where(seed + 100);
    const double wanted = PlantedDevice::truth(20 + where.below(360));
    const SpeedSolution found = device.search({wanted, 0.03, 6}, where.below(400));
    INFO("seed " << seed << " point " << found.point);
    CHECK(found.verdict == SpeedVerdict::kMet);
    CHECK(found.measurements <= 6);
    CHECK(found.measurements == device.calls);
    CHECK(std::abs(wanted / PlantedDevice::truth(found.point) - 1) < 0.03 + 5 * device.noise);
    CHECK(found.residual == Approx(wanted / found.time.value - 1));
  }
}

TEST_CASE("points that cannot be built are never measured") {
  PlantedDevice device;
  const auto builds = [](std::size_t i) { return i % 5 == 2; };
  const SpeedSolution found = search_speed(
      400, 100, {PlantedDevice::truth(250), 0.05, 6},
      [&](std::size_t i) {
        return builds(i) ? std::optional(PlantedDevice::guess(i)) : std::nullopt;
      },
      [&](std::size_t i) {
        REQUIRE(builds(i));
        return device.measure(i);
      });
  CHECK(found.verdict == SpeedVerdict::kMet);
}

TEST_CASE("a grid too coarse for the target is said to be so, and the nearest point is given") {
  const auto time = [](std::size_t i) { return std::pow(2.0, static_cast<double>(i)); };
  const SpeedSolution found = search_speed(
      8, 0, {10.0, 0.03, 6}, [&](std::size_t i) { return std::optional(2 * time(i)); },
      [&](std::size_t i) {
        return MeasuredTime{time(i), 0.999 * time(i), 1.001 * time(i)};
      });
  CHECK(found.verdict == SpeedVerdict::kCoarseGrid);
  CHECK(found.point == 3);
  CHECK(found.residual == Approx(10.0 / 8 - 1));
}

TEST_CASE("a target beyond the grid, noise and too few measurements are told apart") {
  PlantedDevice device;
  CHECK(device.search({1e-6, 0.03, 6}).verdict == SpeedVerdict::kOutOfReach);
  CHECK(device.search({1e-6, 0.03, 6}).point == 0);
  device.width = 0.4;
  CHECK(device.search({PlantedDevice::truth(50), 0.03, 6}, 50).verdict == SpeedVerdict::kNoisy);
  PlantedDevice other;
  CHECK(other.search({PlantedDevice::truth(300), 0.0005, 1}).verdict == SpeedVerdict::kNotReached);
  CHECK_THROWS_AS(search_speed(
                      5, 2, {1, 0.03, 6}, [](std::size_t) { return std::nullopt; },
                      [](std::size_t) {
                        return MeasuredTime{1, 1, 1};
                      }),
                  core::UserError);
}

TEST_CASE("measuring a point again narrows its interval") {
  PlantedDevice device;
  device.noise = 0;
  device.width = 0.05;
  const SpeedSolution found = device.search({PlantedDevice::truth(200), 0.03, 6});
  CHECK(found.verdict == SpeedVerdict::kMet);
  CHECK(found.time.high - found.time.low < 0.08 * found.time.value);
}

TEST_CASE("the roofline of round numbers grows with width, image and batch") {
  const auto seconds = [](const core::Json& knobs, graph::Index batch, graph::Index threads) {
    return guess_seconds(architecture::build_graph(architecture::expand_knobs(knobs, "test")),
                         batch, threads);
  };
  const core::Json base{{"template", "efficientvit"}};
  core::Json wide = base, large = base;
  wide["widths"] = {128, 256, 384};
  large["image_size"] = 320;
  const double here = seconds(base, 4, 1);
  CHECK(seconds(wide, 4, 1) > 1.5 * here);
  CHECK(seconds(large, 4, 1) > 1.3 * here);
  CHECK(seconds(base, 16, 1) > 2 * here);
  CHECK(seconds(base, 4, 2) < here);
}

}  // namespace
}  // namespace vitlab::predict
