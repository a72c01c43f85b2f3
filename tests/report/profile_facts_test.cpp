#include "report/profile_facts.h"

#include <functional>

#include "sample_profile.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

double sum_of_shares(const std::vector<GroupFacts>& groups) {
  double sum = 0;
  for (const GroupFacts& group : groups) sum += group.share;
  return sum;
}

/// Every value of a document replaced by `bad`, one at a time, gives a document of its own.
void each_spoiled(core::Json& root, core::Json& part, const core::Json& bad,
                  const std::function<void()>& check) {
  for (core::Json& value : part) {
    const core::Json kept = value;
    value = bad;
    check();
    value = kept;
    if (value.is_structured()) each_spoiled(root, value, bad, check);
  }
}

TEST_CASE("a profile's facts are the numbers of its JSON", "[report]") {
  const ProfileFacts facts = profile_facts(sample_profile(1));
  REQUIRE(facts.ops.size() == 10);
  CHECK(facts.ops[0].node == "stages.0.layers.0.qkv");
  CHECK(facts.ops[0].kind == "full");
  CHECK(facts.ops[0].gflops_per_s() == Approx(50));
  CHECK(facts.ops[0].gbytes_per_s() == Approx(1));
  CHECK(*facts.ops[0].flops_per_byte() == Approx(50));
  CHECK(facts.total_ms() == Approx(19.51));
  CHECK(facts.roofs.levels[0].gbytes_per_s == 80);
  CHECK(facts.roofs.levels[1].gbytes_per_s == 10);  // the largest of what was measured
  CHECK(facts.memory.timeline.size() == 2);
}

TEST_CASE("groups that a profile does not hold are summed from its ops", "[report]") {
  const ProfileFacts facts = profile_facts(sample_profile(1));
  CHECK(sum_of_shares(facts.layers) == Approx(1));
  CHECK(sum_of_shares(facts.kinds) == Approx(1));
  REQUIRE(facts.kinds.size() == 2);
  CHECK(facts.kinds[0].name == "full");
  CHECK(facts.kinds[0].time_ms == Approx(15));
  CHECK(*facts.kinds[0].memory_bound_share == Approx(3.0 / 15));
  REQUIRE(facts.others.size() == 1);
  CHECK(facts.others[0].name == "softmax");
  CHECK(facts.others[0].share == Approx(4 / 19.51));
}

TEST_CASE("an older profile without arithmetic and roofs gives the same ones", "[report]") {
  core::Json old = sample_profile(1);
  old["roofline"].erase("levels");
  old["roofline"].erase("fma_gflops_per_s");
  for (core::Json& op : old["ops"]) {
    op["gflops_per_s"] = op["flops"].get<double>() / op["time_ms"].get<double>() / 1e6;
    if (op["bound"] == "launch") op["bound"] = "overhead";
    for (const char* key : {"flops", "roof_ms", "stage", "kind", "time_p5_ms"}) op.erase(key);
  }
  const ProfileFacts before = profile_facts(sample_profile(1)), after = profile_facts(old);
  REQUIRE(after.ops.size() == before.ops.size());
  for (std::size_t i = 0; i < after.ops.size(); ++i) {
    CHECK(after.ops[i].flops == before.ops[i].flops);
    CHECK(after.ops[i].bound == before.ops[i].bound);
    REQUIRE(after.ops[i].roof_ms);
    CHECK(*after.ops[i].roof_ms == Approx(*before.ops[i].roof_ms));
  }
  CHECK(after.stages.empty());
  CHECK(after.kinds.empty());
}

TEST_CASE("a broken profile gives fewer facts and never stops a report", "[report]") {
  for (const core::Json& bad : {core::Json(nullptr), core::Json("nan"), core::Json(-1),
                                core::Json::array({1}), core::Json::object()}) {
    core::Json profile = sample_profile(1);
    each_spoiled(profile, profile, bad, [&] {
      const ProfileFacts facts = profile_facts(profile);
      for (const OpFacts& op : facts.ops) CHECK(op.time_ms >= 0);
    });
    CHECK(profile_facts(bad).ops.empty());
  }
}

}  // namespace
}  // namespace vitlab::report
