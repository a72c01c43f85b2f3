#include "guide/guideline_output.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/files.h"
#include "guide/guide.h"
#include "planted_results.h"
#include "test.hpp"

namespace vitlab::guide {
namespace {

/// A trade-off: the mixer `full` is better and slower, more share is better up to a point.
store::ResultsTable trade_off() {
  PlantedSweep plan;
  plan.effect = [](const auto& share, const auto& mixer, auto&&...) {
    return (mixer == "full" ? 0.02 : 0.0) - (share == "0.1" || share == "0.5" ? 0.03 : 0.0);
  };
  store::ResultsTable table = planted_results(plan, 77);
  std::vector<store::ResultRow> speeds;
  core::Random random(5);
  for (const store::ResultRow& row : table.rows) {
    if (row.metric != "params") continue;
    store::ResultRow speed = row;
    speed.metric = "throughput";
    speed.unit = "images/s";
    speed.value =
        1e9 / *row.budget * (row.knobs[1] == "full" ? 0.8 : 1.0) * (1 + 0.01 * random.normal());
    speeds.push_back(speed);
    store::ResultRow share = row;
    share.metric = "mhsa_share";
    share.value = std::stod(row.knobs[0]);
    speeds.push_back(share);
  }
  table.rows.insert(table.rows.end(), speeds.begin(), speeds.end());
  return table;
}

std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/" + name;
  if (std::getenv("VITLAB_APPROVE") != nullptr) core::write_file_atomically(path, actual);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("guidelines read as they always did", "[guideline_output]") {
  const GuideResult result = guide(trade_off(), {.draws = 400});
  CHECK(guide_text(result) == golden("guidelines.txt", guide_text(result)));
  CHECK(guide_markdown(result) == golden("guidelines.md", guide_markdown(result)));
}

TEST_CASE("the JSON has the documented keys", "[guideline_output]") {
  const core::Json json = guide_json(guide(trade_off(), {.draws = 400}));
  CHECK(json.at("schema") == 1);
  CHECK(json.at("command") == "guide");
  REQUIRE(!json.at("guidelines").empty());
  for (const core::Json& guideline : json.at("guidelines")) {
    for (const char* key : {"id", "statement", "factor", "from", "range", "effects", "grade",
                            "scope", "evidence", "counter_evidence"})
      CHECK(guideline.contains(key));
    REQUIRE(!guideline.at("effects").empty());
    for (const core::Json& effect : guideline.at("effects"))
      for (const char* key : {"metric", "delta", "unit", "low", "high", "p_adjusted"})
        CHECK(effect.contains(key));
  }
  REQUIRE(!json.at("not_supported").empty());
  for (const core::Json& refusal : json.at("not_supported"))
    for (const char* key : {"factor", "metric", "reason", "samples_needed"})
      CHECK(refusal.contains(key));
}

TEST_CASE("a numeric range is its two ends, what a move costs is counter-evidence",
          "[guideline_output]") {
  const core::Json json = guide_json(guide(trade_off(), {.draws = 400}));
  bool told_cost = false;
  for (const core::Json& guideline : json.at("guidelines")) {
    if (guideline.at("factor") == "share") CHECK(guideline.at("range") == core::Json{0.2, 0.4});
    for (const core::Json& sentence : guideline.at("counter_evidence"))
      told_cost = told_cost || sentence.get<std::string>().find("it costs: throughput") == 0;
  }
  CHECK(told_cost);
}

TEST_CASE("names from a table cannot become markup", "[guideline_output]") {
  GuideResult result;
  result.not_supported.push_back({"<b>[x](y)</b>", "m", "r", 1, 6});
  CHECK(guide_markdown(result).find("<b>") == std::string::npos);
  CHECK(guide_markdown(result).find("\\<b\\>\\[x\\](y)") != std::string::npos);
}

}  // namespace
}  // namespace vitlab::guide
