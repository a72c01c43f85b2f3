#include "charts/scale.h"

#include <cmath>
#include <random>
#include <set>

#include "test.hpp"

namespace vitlab::charts {
namespace {

TEST_CASE("ticks lie inside their scale, rise, and have different labels", "[charts]") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const double low = std::pow(10.0, std::uniform_real_distribution<>(-4, 7)(random));
    const double factor = std::pow(10.0, std::uniform_real_distribution<>(0.01, 4)(random));
    const bool is_log = i % 2 == 0;
    const AxisScale scale = roomy_scale({low, low * factor}, 0, 500, is_log);
    const std::vector<Tick> ticks = nice_ticks(scale, 5);
    INFO(low << " to " << low * factor << (is_log ? " log" : ""));
    REQUIRE(ticks.size() >= 2);
    REQUIRE(ticks.size() <= 16);
    std::set<std::string> labels;
    double before = -1e300;
    for (const Tick& tick : ticks) {
      CHECK(scale(tick.value) >= -1e-6);
      CHECK(scale(tick.value) <= 500 + 1e-6);
      CHECK(tick.value > before);
      before = tick.value;
      labels.insert(tick.label);
    }
    CHECK(labels.size() == ticks.size());
  }
}

TEST_CASE("a scale maps its ends to its pixels, evenly or by logarithm", "[charts]") {
  const AxisScale even{10, 20, 100, 300, false};
  CHECK(even(10) == Approx(100));
  CHECK(even(15) == Approx(200));
  const AxisScale logarithmic{1, 100, 0, 2, true};
  CHECK(logarithmic(10) == Approx(1));
}

TEST_CASE("a scale leaves room but keeps to its limits", "[charts]") {
  const AxisScale scale = roomy_scale({95, 100, 0, 100}, 0, 1, false);
  CHECK(scale.low < 95);
  CHECK(scale.high == 100);
  const AxisScale one = roomy_scale({3, 3}, 0, 1, false);
  CHECK(one.low < 3);
  CHECK(one.high > 3);
}

TEST_CASE("ends that are not finite break a promise", "[charts]") {
  CHECK_THROWS_AS(roomy_scale({0, std::nan("")}, 0, 1, false), std::logic_error);
  CHECK_THROWS_AS(roomy_scale({0, 1}, 0, 1, true), std::logic_error);
}

TEST_CASE("ticks of a percent axis are round numbers", "[charts]") {
  std::string labels;
  for (const Tick& tick : nice_ticks({94.2, 98.9, 0, 1, false}, 5)) labels += tick.label + " ";
  CHECK(labels == "95 96 97 98 ");
}

}  // namespace
}  // namespace vitlab::charts
