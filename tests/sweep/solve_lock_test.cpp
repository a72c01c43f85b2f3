#include "sweep/solve_lock.h"

#include <fstream>

#include "core/error.h"
#include "sweep/plan.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

constexpr const char* kMeasuredSweep =
    "sweep: t\n"
    "base: {template: efficientvit, image_size: 32, classes: 10, stem_stride: 4, window: 8}\n"
    "axes:\n  - grid: {mixer: [cascaded, full]}\n"
    "derive:\n"
    "  widths: {solve: {metric: throughput, equals: [1.25, 1.5], relative_to: efficientvit_m0,\n"
    "           protocol: configs/measure/quick.yaml, multiple_of: 8}}\n"
    "reference: {mixer: full, budget: 1.5}\n";

LockedSolution found(const core::Json& value, double achieved) {
  return {value, achieved, 0.99 * achieved, 1.01 * achieved, 0.001, "met", "", 3, "a machine"};
}

TEST_CASE("points of a measured solve wait until the lock holds their widths") {
  const SweepSpec sweep = parse_sweep("s.yaml", kMeasuredSweep);
  CHECK(sweep.solve->tolerance == 0.03);
  CHECK(sweep.solve->metric_name() == "throughput_ratio");
  const Plan open = expand(sweep);
  CHECK(open.points == 4);
  CHECK(open.unsolved.size() == 4);
  CHECK(open.models.empty());
  CHECK(open.rejected.empty());
  TemporaryFolder folder;
  SolveLock lock;
  graph::Index width = 32;
  for (const Unsolved& unsolved : open.unsolved) {
    lock.add(unsolved.key, found(core::Json{width, width, width}, 1.26), unsolved.point,
             folder.path());
    width += 16;
  }
  const Plan plan = expand(sweep, SolveLock::read(folder.path()));
  CHECK(plan.unsolved.empty());
  CHECK(plan.models.size() == 4);
  CHECK_FALSE(plan.reference.empty());
  for (const auto& [id, model] : plan.models) {
    CHECK(model.budget_metric == "throughput_ratio");
    CHECK(model.residual == Approx(1.26 / *model.budget - 1));
    CHECK(model.knobs.at("widths").size() == 3);
  }
}

TEST_CASE("a changed target, knob or protocol asks anew for what it changes, and for no more") {
  const auto keys = [](const std::string& text) {
    std::set<std::string> all;
    for (const Unsolved& unsolved : expand(parse_sweep("s.yaml", text)).unsolved)
      all.insert(unsolved.key);
    return all;
  };
  const auto shared = [&](const std::string& from, const std::string& to) {
    std::string text = kMeasuredSweep;
    text.replace(text.find(from), from.size(), to);
    std::size_t count = 0;
    for (const std::string& key : keys(text)) count += keys(kMeasuredSweep).count(key);
    return count;
  };
  CHECK(keys(kMeasuredSweep).size() == 4);
  CHECK(shared("[1.25, 1.5]", "[1.25, 1.75]") == 2);
  CHECK(shared("[cascaded, full]", "[full, grouped]") == 2);
  CHECK(shared("quick.yaml", "cpu_1thread_bs16.yaml") == 0);
  CHECK(shared("efficientvit_m0,", "efficientvit_m1,") == 0);
  CHECK(shared("multiple_of: 8", "multiple_of: 16") == 0);
  CHECK(shared("sweep: t", "sweep: other") == 4);
}

TEST_CASE("a solution that did not meet its target is a rejected point with the reason") {
  const SweepSpec sweep = parse_sweep("s.yaml", kMeasuredSweep);
  const Plan open = expand(sweep);
  TemporaryFolder folder;
  SolveLock lock;
  for (const Unsolved& unsolved : open.unsolved) {
    LockedSolution solution = found(core::Json{32, 32, 32}, 1.4);
    solution.verdict = "coarse_grid";
    solution.reason = "the neighbours lie on both sides";
    lock.add(unsolved.key, solution, unsolved.point, folder.path());
  }
  std::string text = kMeasuredSweep;
  text = text.substr(0, text.find("reference"));
  const Plan plan = expand(parse_sweep("s.yaml", text), lock);
  REQUIRE(plan.rejected.size() == 4);
  CHECK(plan.rejected[0].reason ==
        "no widths give throughput_ratio = 1.25: the neighbours lie on both sides; the nearest, "
        "[32,32,32], give 1.4");
}

std::string problems_of(const std::string& from, const std::string& to) {
  std::string text = kMeasuredSweep;
  text.replace(text.find(from), from.size(), to);
  try {
    parse_sweep("s.yaml", text);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "read";
}

TEST_CASE("wrong settings of a measured solve are named with their places") {
  CHECK(problems_of("relative_to: efficientvit_m0", "relative_to: efficientvit_n0")
            .find("derive.widths.solve.relative_to 'efficientvit_n0' is neither") !=
        std::string::npos);
  CHECK(problems_of("throughput", "throughputs").find("did you mean 'throughput'?") !=
        std::string::npos);
  CHECK(problems_of("quick.yaml", "quik.yaml").find("derive.widths.solve.protocol") !=
        std::string::npos);
  CHECK(problems_of("relative_to", "relative").find("relative is not a setting") !=
        std::string::npos);
  CHECK(problems_of("throughput", "macs")
            .find("derive.widths.solve.relative_to is for throughput and latency_ms only") !=
        std::string::npos);
}

TEST_CASE("a search that ran out of measurements goes on, whatever else was locked stays") {
  TemporaryFolder folder;
  SolveLock lock;
  for (const char* verdict : {"met", "noisy", "coarse_grid", "out_of_reach", "not_reached"}) {
    LockedSolution solution = found(core::Json{8}, 1.2);
    solution.verdict = verdict;
    lock.add(verdict, solution, core::Json::object(), folder.path());
  }
  SolveLock read = SolveLock::read(folder.path());
  for (const char* verdict : {"met", "noisy", "coarse_grid", "out_of_reach", "not_reached"})
    REQUIRE(read.find(verdict) != nullptr);
  CHECK(read.find("noisy")->verdict == "noisy");
  read.forget_unsettled();
  CHECK(read.find("not_reached") == nullptr);
  for (const char* verdict : {"met", "noisy", "coarse_grid", "out_of_reach"})
    CHECK(read.find(verdict) != nullptr);
}

TEST_CASE("a solution that fits by its middle value alone makes a model and is told apart") {
  const SweepSpec sweep = parse_sweep("s.yaml", kMeasuredSweep);
  TemporaryFolder folder;
  SolveLock lock;
  for (const Unsolved& unsolved : expand(sweep).unsolved) {
    const double target = unsolved.target.equals;
    LockedSolution solution =
        found(core::Json(std::vector<graph::Index>{32, 32, target > 1.3 ? 32 : 64}), target);
    if (target > 1.3) {
      solution.verdict = "noisy";
      solution.reason = "the interval is wider than the tolerance";
      solution.low = 1.3;
      solution.high = 1.7;
    }
    lock.add(unsolved.key, solution, unsolved.point, folder.path());
  }
  const Plan plan = expand(sweep, lock);
  CHECK(plan.rejected.empty());
  CHECK(plan.models.size() == 4);
  REQUIRE(plan.imprecise.size() == 2);
  for (const Imprecise& one : plan.imprecise) {
    CHECK(one.point.at("budget") == 1.5);
    CHECK(one.achieved == 1.5);
    CHECK(one.low == 1.3);
    CHECK(one.high == 1.7);
  }
}

TEST_CASE("a lock file that somebody broke is refused with the place") {
  TemporaryFolder folder;
  const auto refusal = [&](const std::string& text) -> std::string {
    std::ofstream(folder / kSolveLockName) << text;
    try {
      SolveLock::read(folder.path());
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "read";
  };
  CHECK(refusal("lock: 1\nsolutions: {}\n") == "read");
  CHECK(refusal("lock: 2\n").find("sweep.lock.yaml:1:7: lock is of version 2") !=
        std::string::npos);
  CHECK(refusal("lock: 1\nsolutions:\n  abc: {value: [8, x]}\n")
            .find(":3:16: solutions.abc.value must be") != std::string::npos);
  CHECK(refusal("lock: 1\nsolutions:\n  abc: {value: 8, achieved: fast}\n")
            .find("solutions.abc.achieved") != std::string::npos);
}

}  // namespace
}  // namespace vitlab::sweep
