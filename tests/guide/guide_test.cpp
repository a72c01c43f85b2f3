#include "guide/guide.h"

#include <algorithm>
#include <cmath>

#include "guide/guideline_output.h"
#include "planted_results.h"
#include "test.hpp"

namespace vitlab::guide {
namespace {

GuideOptions quick(std::int64_t draws = 400) { return {.draws = draws}; }

double plateau(const std::string& share) {
  return share == "0.1" || share == "0.5" ? -0.02 : share == "0.3" ? 0.0005 : 0.0;
}

const Guideline* find(const GuideResult& result, const std::string& factor) {
  for (const Guideline& guideline : result.guidelines)
    if (guideline.factor == factor) return &guideline;
  return nullptr;
}

TEST_CASE("a planted range of 20 to 40 % is found in 90 of 100 tables", "[guide]") {
  PlantedSweep plan;
  plan.effect = [](const auto& share, auto&&...) { return plateau(share); };
  int found = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    const GuideResult result = guide(planted_results(plan, 100 + run), quick());
    const Guideline* share = find(result, "share");
    found += share != nullptr && share->range.front() == "0.2" && share->range.back() == "0.4";
  }
  CHECK(found >= 90);
}

TEST_CASE("tables without any effect give guidelines one time in ten at most", "[guide]") {
  for (const auto& budgets : {std::vector{5e6, 1e7}, std::vector{1e6, 2e6, 3e6, 4e6, 5e6, 6e6}}) {
    PlantedSweep plan;
    plan.budgets = budgets;
    plan.seeds = 2;
    int claims = 0;
    for (std::uint64_t run = 0; run < 100; ++run)
      claims += !guide(planted_results(plan, 900 + run), quick(200)).guidelines.empty();
    INFO(budgets.size() << " budgets");
    CHECK(claims <= 10);
  }
}

TEST_CASE("what parameters explain as well is flagged and never above grade C", "[guide]") {
  PlantedSweep plan;
  plan.log_params = [](const std::string& share, core::Random& random) {
    return 0.5 * std::stod(share) + 0.05 * random.normal();
  };
  plan.effect = [](const auto&, const auto&, const auto&, double size) { return 0.4 * size; };
  int flagged = 0;
  int claimed = 0;
  for (std::uint64_t run = 0; run < 20; ++run) {
    const GuideResult result = guide(planted_results(plan, 40 + run), quick());
    const Guideline* share = find(result, "share");
    if (share == nullptr) continue;
    ++claimed;
    const bool is_flagged = std::any_of(
        share->counter_evidence.begin(), share->counter_evidence.end(),
        [](const std::string& text) { return text.find("size explains it") != text.npos; });
    flagged += is_flagged && share->grade == Grade::kC;
  }
  INFO(claimed << " tables claim, " << flagged << " of them flag the size");
  CHECK(claimed > 0);
  CHECK(flagged >= claimed * 9 / 10);
}

TEST_CASE("an effect that parameters do not explain is not flagged", "[guide]") {
  PlantedSweep plan;
  plan.log_params = [](const std::string&, core::Random& random) { return 0.05 * random.normal(); };
  plan.effect = [](const auto& share, auto&&...) { return 0.1 * std::stod(share); };
  const GuideResult result = guide(planted_results(plan, 5), quick());
  const Guideline* share = find(result, "share");
  REQUIRE(share != nullptr);
  for (const std::string& text : share->counter_evidence)
    CHECK(text.find("size explains it") == text.npos);
}

TEST_CASE("an effect that changes sign with the recipe is told recipe by recipe", "[guide]") {
  PlantedSweep plan;
  plan.recipes = {"distilled", "scratch"};
  plan.effect = [](const auto& share, const auto&, const auto& recipe, double) {
    return (recipe == "scratch" ? 0.1 : -0.1) * std::stod(share);
  };
  const GuideResult result = guide(planted_results(plan, 11), quick());
  std::vector<std::string> told;
  for (const Guideline& guideline : result.guidelines) {
    if (guideline.factor != "share") continue;
    told.push_back(guideline.where_name + " " + guideline.where_value + ": " +
                   guideline.range.back());
    CHECK(guideline.counter_evidence.front().find("another sign") != std::string::npos);
  }
  CHECK(told == std::vector<std::string>{"recipe distilled: 0.1", "recipe scratch: 0.5"});
}

TEST_CASE("an effect that changes sign with another knob is told level by level", "[guide]") {
  PlantedSweep plan;
  plan.budgets = {1e6, 2e6, 3e6, 4e6, 5e6, 6e6};
  plan.effect = [](const auto& share, const auto& mixer, const auto&, double) {
    return (mixer == "full" ? 0.1 : -0.1) * std::stod(share);
  };
  const GuideResult result = guide(planted_results(plan, 12), quick());
  for (const Guideline& guideline : result.guidelines)
    if (guideline.factor == "share") CHECK_FALSE(guideline.where_name.empty());
  CHECK(find(result, "share") != nullptr);
}

TEST_CASE("repeated rows and their order change no byte", "[guide]") {
  PlantedSweep plan;
  plan.recipes = {"long", "short"};
  plan.effect = [](const auto& share, auto&&...) { return plateau(share); };
  store::ResultsTable table = planted_results(plan, 3);
  const std::string before = core::dump_json(guide_json(guide(table, quick())), 1);
  CHECK(core::dump_json(guide_json(guide(table, quick())), 1) == before);
  store::ResultsTable shuffled = table;
  shuffled.rows.clear();
  for (const std::int64_t i :
       core::Random(1).permutation(static_cast<std::int64_t>(table.rows.size()))) {
    shuffled.rows.push_back(table.rows[static_cast<std::size_t>(i)]);
    if (i % 3 == 0) shuffled.rows.push_back(table.rows[static_cast<std::size_t>(i)]);
  }
  CHECK(core::dump_json(guide_json(guide(shuffled, quick())), 1) == before);
}

TEST_CASE("without its evidence a guideline is gone", "[guide]") {
  PlantedSweep plan;
  plan.effect = [](const auto& share, auto&&...) { return plateau(share); };
  store::ResultsTable table = planted_results(plan, 3);
  const GuideResult result = guide(table, quick());
  const Guideline* share = find(result, "share");
  REQUIRE(share != nullptr);
  const auto& trials = share->evidence.trials;
  std::erase_if(table.rows, [&](const store::ResultRow& row) {
    return std::binary_search(trials.begin(), trials.end(), row.trial);
  });
  CHECK(guide(table, quick()).guidelines.empty());
}

TEST_CASE("few blocks support nothing and say how many would", "[guide]") {
  PlantedSweep plan;
  plan.effect = [](const auto&, const auto& mixer, auto&&...) {
    return mixer == "full" ? 0.05 : 0.0;
  };
  plan.shares = {"0.2"};
  for (const std::size_t budgets : {1U, 2U, 3U, 4U}) {
    plan.budgets.resize(budgets);
    for (std::size_t i = 0; i < budgets; ++i) plan.budgets[i] = 1e6 * static_cast<double>(i + 1);
    const GuideResult result = guide(planted_results(plan, 8), quick());
    CHECK(result.guidelines.empty());
    REQUIRE(result.not_supported.size() == 1);
    const NotSupported& refusal = result.not_supported.front();
    INFO(refusal.reason);
    CHECK(refusal.blocks == static_cast<std::int64_t>(budgets));
    CHECK(refusal.samples_needed.value_or(0) >= 6);
    CHECK(result.tested == (budgets < 3 ? 0 : 1));
  }
  plan.budgets = {1e6, 2e6, 3e6, 4e6, 5e6, 6e6};
  const GuideResult settled = guide(planted_results(plan, 8), quick());
  REQUIRE(settled.guidelines.size() == 1);
  CHECK(settled.guidelines.front().range == std::vector<std::string>{"full"});
}

TEST_CASE("three or four blocks give grade C at best", "[guide]") {
  PlantedSweep plan;
  plan.mixers = {"cascaded"};
  plan.shares = {"0.1", "0.2", "0.3"};
  plan.budgets = {1e6, 2e6, 3e6, 4e6};
  plan.effect = [](const auto& share, auto&&...) { return 0.5 * std::stod(share); };
  const GuideResult result = guide(planted_results(plan, 21), quick());
  REQUIRE(result.guidelines.size() == 1);
  CHECK(result.guidelines.front().grade == Grade::kC);
}

TEST_CASE("without budgets strata of parameters stand in, one grade lower", "[guide]") {
  PlantedSweep plan;
  plan.recipes = {"a", "b", "c"};
  plan.effect = [](const auto& share, auto&&...) { return 0.2 * std::stod(share); };
  const GuideResult with = guide(planted_results(plan, 4), quick());
  plan.has_budgets = false;
  const GuideResult without = guide(planted_results(plan, 4), quick());
  REQUIRE(find(with, "share") != nullptr);
  REQUIRE(find(without, "share") != nullptr);
  CHECK(find(without, "share")->range == find(with, "share")->range);
  CHECK(static_cast<int>(find(without, "share")->grade) ==
        static_cast<int>(find(with, "share")->grade) + 1);
  CHECK(find(without, "share")->evidence.matched_on.find("strata") == 0);
  CHECK(guide_text(without).find("strata of parameters") != std::string::npos);
}

TEST_CASE("an effect confirmed in several contexts and budgets has grade A", "[guide]") {
  PlantedSweep plan;
  plan.recipes = {"a", "b"};
  plan.effect = [](const auto& share, auto&&...) { return 0.2 * std::stod(share); };
  const GuideResult result = guide(planted_results(plan, 4), quick());
  REQUIRE(find(result, "share") != nullptr);
  CHECK(find(result, "share")->grade == Grade::kA);
  plan.recipes = {"a"};
  const GuideResult narrow = guide(planted_results(plan, 4), quick());
  REQUIRE(find(narrow, "share") != nullptr);
  CHECK(find(narrow, "share")->grade == Grade::kB);
}

TEST_CASE("a table of speeds says nothing of accuracy", "[guide]") {
  PlantedSweep plan;
  plan.metric = "latency";
  plan.unit = "ms";
  plan.effect = [](const auto&, const auto& mixer, auto&&...) {
    return mixer == "full" ? 0.4 : 0.0;
  };
  const GuideResult result = guide(planted_results(plan, 6), quick());
  REQUIRE(find(result, "mixer") != nullptr);
  CHECK(find(result, "mixer")->range == std::vector<std::string>{"cascaded"});
  CHECK(find(result, "mixer")->effects.front().delta < -20);
  CHECK(find(result, "mixer")->effects.front().unit == "%");
  for (const std::string& text :
       {guide_text(result), guide_markdown(result), core::dump_json(guide_json(result))}) {
    CHECK(text.find("accuracy") == std::string::npos);
    CHECK(text.find("top-1") == std::string::npos);
  }
}

TEST_CASE("the level in use is what a guideline leads away from", "[guide]") {
  PlantedSweep plan;
  plan.effect = [](const auto& share, auto&&...) { return plateau(share); };
  GuideOptions options = quick();
  options.reference = {{"share", "0.5"}};
  const GuideResult result = guide(planted_results(plan, 3), options);
  REQUIRE(find(result, "share") != nullptr);
  CHECK(find(result, "share")->from == std::vector<std::string>{"0.5"});
}

TEST_CASE("an empty table gives an empty answer", "[guide]") {
  const GuideResult result = guide({});
  CHECK(result.guidelines.empty());
  CHECK(result.not_supported.empty());
  CHECK(result.tested == 0);
  CHECK(result.notes.size() == 2);
}

}  // namespace
}  // namespace vitlab::guide
