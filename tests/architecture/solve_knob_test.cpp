#include "architecture/solve_knob.h"

#include <cmath>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/random.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

core::Json small_efficientvit() {
  return core::Json::parse(R"({"template": "efficientvit", "image_size": 64, "classes": 10,
                         "widths": [16, 32, 48], "heads": 2, "qk_dim": 8})");
}

core::Json small_vit() {
  return core::Json::parse(R"({"template": "vit", "image_size": 32, "patch": 8, "classes": 10,
                         "width": 24, "heads": 3, "depth": 2})");
}

core::Json small_swin() {
  return core::Json::parse(
      R"({"template": "swin", "image_size": 32, "classes": 10, "depths": [1, 2],
                         "widths": [24, 48], "heads": [1, 2], "window": 4})");
}

/// The cost at one value of a grid, counted on a graph; NaN where no model comes of it.
double counted(const core::Json& knobs, const KnobGrid& grid, std::size_t i,
               const std::string& metric) {
  try {
    const ModelSpec spec = expand_knobs(with_knob(knobs, grid.knob, grid.values[i]), "test");
    return cost_metric(graph::graph_cost(build_graph(spec)), metric);
  } catch (const core::UserError&) {
    return NAN;
  }
}

TEST_CASE("no value of a knob comes closer to a target than the solved one") {
  struct Case {
    core::Json knobs;
    std::string knob;
    double step;
    std::string metric;
  };
  const std::vector<Case> cases{
      {small_vit(), "width", 3, "macs"},
      {small_vit(), "ffn_ratio", 0.25, "params"},
      {small_vit(), "depth", 1, "bytes_moved"},
      {small_vit(), "image_size", 4, "flops"},
      {small_efficientvit(), "qk_dim", 2, "macs"},
      {small_efficientvit(), "depths", 1, "params"},
      {small_swin(), "widths", 4, "params"},
      {small_swin(), "depth_scale", 0.25, "macs"},
      {small_efficientvit(), "image_size", 8, "peak_activation_bytes"},
  };
  core::Random random(7);
  for (const Case& one : cases) {
    const KnobGrid grid = knob_grid(one.knobs, one.knob, one.step);
    std::vector<double> costs;
    for (std::size_t i = 0; i < grid.values.size() && i < 120; ++i)
      costs.push_back(counted(one.knobs, grid, i, one.metric));
    double low = INFINITY, high = 0;
    for (const double cost : costs) {
      if (std::isnan(cost)) continue;
      low = std::min(low, cost);
      high = std::max(high, cost);
    }
    REQUIRE(high > low);
    for (int draw = 0; draw < 8; ++draw) {
      const double target = low * std::pow(high / low, random.uniform());
      CostCounter counter;
      const KnobSolution found = solve_knob(one.knobs, grid, one.metric, target, counter);
      double nearest = INFINITY;
      for (const double cost : costs)
        if (!std::isnan(cost)) nearest = std::min(nearest, std::abs(cost - target));
      INFO(one.knob << " " << one.metric << " " << target << " -> " << found.value.dump());
      CHECK(std::abs(found.achieved - target) <= nearest);
      CHECK(found.residual == Approx(found.achieved / target - 1));
      const ModelSpec spec = expand_knobs(with_knob(one.knobs, grid.knob, found.value), "test");
      CHECK(cost_metric(graph::graph_cost(build_graph(spec)), one.metric) == found.achieved);
    }
  }
}

TEST_CASE("a bracket holds the wanted value of rising and falling functions with gaps") {
  core::Random random(3);
  for (int draw = 0; draw < 300; ++draw) {
    const std::size_t size = 1 + random.below(60);
    const bool falls = random.below(2) == 1;
    std::vector<std::optional<double>> values;
    double value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value += static_cast<double>(random.below(3));
      values.push_back(random.below(4) == 0 ? std::nullopt
                                            : std::optional(falls ? 100 - value : value));
    }
    const double wanted = random.uniform(-5, 105);
    const GridBracket found =
        bracket_on_grid(size, random.below(size), wanted, [&](std::size_t i) { return values[i]; });
    std::optional<double> below, above;  // the nearest values on both sides
    for (const auto& one : values) {
      if (one && *one <= wanted && (!below || *one > *below)) below = one;
      if (one && *one > wanted && (!above || *one < *above)) above = one;
    }
    INFO("draw " << draw);
    CHECK(found.below.has_value() == below.has_value());
    CHECK(found.above.has_value() == above.has_value());
    if (found.below && below) CHECK(*values[*found.below] == *below);
    if (found.above && above) CHECK(*values[*found.above] == *above);
  }
}

TEST_CASE("a grid rises, keeps proportions and starts at the present value") {
  const KnobGrid widths = knob_grid(small_efficientvit(), "widths", 4);
  CHECK(widths.values[widths.start] == core::Json{16, 32, 48});
  for (std::size_t i = 0; i < widths.values.size(); ++i) {
    double sum = 0, before = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(widths.values[i][k].get<graph::Index>() % 4 == 0);
      sum += widths.values[i][k].get<double>();
      if (i > 0) before += widths.values[i - 1][k].get<double>();
    }
    CHECK(sum > before);
    const double scale = sum / 96;
    if (scale > 1) CHECK(widths.values[i][2].get<double>() == Approx(48 * scale).epsilon(0.1));
  }
  const KnobGrid ratio = knob_grid(small_vit(), "ffn_ratio");
  CHECK(ratio.step == 0.01);
  CHECK(ratio.values[ratio.start].get<double>() == Approx(4));
  CHECK(knob_grid(small_vit(), "depth").step == 1);
  CHECK(knob_grid(core::Json{{"template", "efficientvit"}}, "widths").step == 8);
}

std::string refusal_of(const core::Json& knobs, const std::string& knob, double step = 0) {
  try {
    knob_grid(knobs, knob, step);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "a grid";
}

TEST_CASE("a knob that cannot be solved for is refused with the reason") {
  CHECK(refusal_of(small_vit(), "widht") ==
        "widht is not a knob of template vit; did you mean 'width'?");
  CHECK(refusal_of(small_vit(), "qk_dim") ==
        "qk_dim follows from other knobs (width / heads); set it to a number to start from");
  CHECK(refusal_of(small_vit(), "placement") ==
        "placement must hold positive numbers to be solved for, got \"uniform\"");
  CHECK(refusal_of(small_vit(), "depth", 0.5) ==
        "depth holds whole numbers; a step of 0.5 is none");
  CHECK(refusal_of(small_vit(), "experts") ==
        "experts must hold positive numbers to be solved for, got 0");
  CHECK(refusal_of(core::Json{{"model", 1}}, "width") ==
        "a knob can be solved for in a template only, not in an explicit model");
  CHECK(refusal_of(small_vit(), "ffn_ratio", 1e-9).find("gives more than 400000 values") !=
        std::string::npos);
}

TEST_CASE("knobs written as YAML read back to the same model") {
  for (const core::Json& knobs : {small_efficientvit(), small_vit(), small_swin()}) {
    const core::ConfigDocument document = core::parse_document("knobs.yaml", knobs_yaml(knobs));
    CHECK(json_from_node(document.root) == knobs);
  }
}

}  // namespace
}  // namespace vitlab::architecture
