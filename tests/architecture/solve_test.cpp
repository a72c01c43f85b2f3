#include "architecture/solve.h"

#include <cmath>

#include "architecture/presets.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

core::Json knobs_of(const std::string& text) { return core::Json::parse(text); }

const core::Json kSmall = knobs_of(R"({"template": "efficientvit", "image_size": 32, "classes": 10,
                                 "stem_stride": 4})");

TEST_CASE("solved widths are multiples of the quantum and meet the target within the tolerance") {
  CostCounter counter;
  for (const double target : {5e6, 2e7, 1e8, 1e9}) {
    for (const graph::Index quantum : {2, 4, 8}) {
      const BudgetTarget wanted{"macs", target, 0.02, quantum};
      const BudgetSolution solution = solve_widths(kSmall, wanted, counter);
      INFO(target << " " << quantum);
      REQUIRE(solution.widths.size() == 3);
      for (const graph::Index width : solution.widths) CHECK(width % quantum == 0);
      const ModelSpec spec = expand_knobs(with_widths(kSmall, solution), "test");
      const double macs = static_cast<double>(graph::graph_cost(build_graph(spec)).macs);
      CHECK(macs == solution.achieved);
      CHECK(solution.residual == Approx(macs / target - 1));
      CHECK(std::abs(macs / target - 1) <= 0.02);
    }
  }
}

TEST_CASE("solved widths stay near the proportions of the template") {
  CostCounter counter;
  const BudgetSolution solution =
      solve_widths(core::Json{{"template", "efficientvit"}}, {"macs", 3e8, 0.02, 8}, counter);
  const double scale = static_cast<double>(solution.widths[1]) / 128;
  CHECK(static_cast<double>(solution.widths[0]) / 64 == Approx(scale).epsilon(0.35));
  CHECK(static_cast<double>(solution.widths[2]) / 192 == Approx(scale).epsilon(0.35));
}

TEST_CASE("a model's own cost is met by its own widths") {
  CostCounter counter;
  const BudgetSolution solution =
      solve_widths(core::Json{{"template", "efficientvit"}}, {"macs", 79'193'600, 0.0, 8}, counter);
  CHECK(solution.widths == std::vector<graph::Index>{64, 128, 192});
  CHECK(solution.residual == 0);
}

TEST_CASE("a template with one width is solved for that") {
  CostCounter counter;
  const core::Json vit{{"template", "vit"}, {"heads", 3}};
  const BudgetSolution solution = solve_widths(vit, {"params", 6e6, 0.05, 3}, counter);
  REQUIRE(solution.widths.size() == 1);
  CHECK(solution.widths[0] % 3 == 0);
  const core::Json solved = with_widths(vit, solution);
  CHECK(solved.at("width") == solution.widths[0]);
  CHECK(static_cast<double>(
            graph::graph_cost(build_graph(expand_knobs(solved, "test"))).parameters) ==
        solution.achieved);
}

TEST_CASE("every metric can be a target, and solving is repeatable") {
  for (const std::string& metric : cost_metric_names()) {
    INFO(metric);
    CostCounter counter, other;
    const double target = 1.5 * cost_metric(counter.count(expand_knobs(kSmall, "test")), metric);
    const BudgetTarget wanted{metric, target, 0.05, 4};
    const BudgetSolution first = solve_widths(kSmall, wanted, counter);
    const BudgetSolution second = solve_widths(kSmall, wanted, other);
    CHECK(std::abs(first.residual) <= 0.05);
    CHECK(first.widths == second.widths);
    CHECK(first.achieved == second.achieved);
  }
}

std::string refusal(const core::Json& knobs, const BudgetTarget& target) {
  CostCounter counter;
  try {
    solve_widths(knobs, target, counter);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "solved";
}

TEST_CASE("what cannot be met says so and names the nearest") {
  const std::string coarse = refusal(kSmall, {"macs", 5e6, 0.0001, 64});
  CHECK(coarse.find("no widths in multiples of 64 give macs = 5e+06 within 0.01 %") == 0);
  CHECK(coarse.find("the nearest, [64, ") != std::string::npos);
  CHECK(refusal(kSmall, {"macs", 10, 0.02, 8}).find("the nearest, [8, 8, 8]") != std::string::npos);
  CHECK(refusal(kSmall, {"maks", 1e6}) == "'maks' is not a cost metric; did you mean 'macs'?");
  CHECK(refusal(kSmall, {"macs", 0}) == "equals must be a positive number");
  CHECK(refusal(kSmall, {"macs", 1e6, 0.02, 0}) == "multiple_of must be at least 1");
  CHECK(refusal(core::Json{{"model", 1}}, {"macs", 1e6}) ==
        "widths can be solved for a template only, not for an explicit model");
  CHECK(refusal(core::Json{{"template", "vitt"}}, {"macs", 1e6}) ==
        "'vitt' is not a template; did you mean 'vit'?");
  core::Json impossible = kSmall;
  impossible["image_size"] = 2;
  CHECK(refusal(impossible, {"macs", 1e6}).find("leave nothing of a 2 x 2 image") !=
        std::string::npos);
}

TEST_CASE("the widths of a swin are solved from widths, from the first width or from neither") {
  CostCounter counter;
  for (const core::Json& given : {core::Json::object(), core::Json{{"width", 48}},
                                  core::Json{{"widths", {48, 96, 240, 384}}}}) {
    core::Json swin{{"template", "swin"}, {"image_size", 64}, {"window", 4}};
    swin.update(given);
    const BudgetSolution solution = solve_widths(swin, {"macs", 1e8, 0.02, 24}, counter);
    const core::Json solved = with_widths(swin, solution);
    CHECK_FALSE(solved.contains("width"));
    const graph::Cost cost = graph::graph_cost(build_graph(expand_knobs(solved, "test")));
    CHECK(static_cast<double>(cost.macs) == Approx(1e8).epsilon(0.02));
  }
}

}  // namespace
}  // namespace vitlab::architecture
