#include "design/rules.h"

#include "core/error.h"
#include "swept_table.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

std::vector<SweptKnob> swept() {
  std::vector<std::string> foreign;
  return swept_knobs(swept_table({.macs = {5e6}}), "efficientvit", foreign);
}

TEST_CASE("swept knobs carry values as the template reads them, widths apart", "[rules]") {
  const auto knobs = swept();
  REQUIRE(knobs.size() == 2);
  CHECK(knobs[0].values == std::vector<core::Json>{"cascaded", "full"});
  CHECK(knobs[1].values == std::vector<core::Json>{1, 2});
}

TEST_CASE("knobs that the template lacks are named", "[rules]") {
  store::ResultsTable table = swept_table({.macs = {5e6}});
  table.knobs[0] = "colour";
  std::vector<std::string> foreign;
  CHECK(swept_knobs(table, "efficientvit", foreign).size() == 1);
  CHECK(foreign == std::vector<std::string>{"colour"});
  CHECK_THROWS_AS(swept_knobs(table, "nonsense", foreign), core::UserError);
}

TEST_CASE("of guidelines that contradict each other the one on accuracy counts", "[rules]") {
  std::vector<std::string> notes;
  const auto rules = design_rules({guideline_of("speed", "mixer", {"full"}, "throughput"),
                                   guideline_of("worth", "mixer", {"cascaded"})},
                                  swept(), notes);
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].id == "worth");
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("guideline speed (mixer) is set aside") == 0);
}

TEST_CASE("a guideline of one level of another knob is broken there only", "[rules]") {
  guide::Guideline guideline = guideline_of("g", "ffn_per_side", {"2"});
  guideline.where_name = "mixer";
  guideline.where_value = "full";
  std::vector<std::string> notes;
  const auto knobs = swept();
  const auto rules = design_rules({guideline}, knobs, notes);
  REQUIRE(rules.size() == 1);
  CHECK_FALSE(rules[0].is_broken(knobs, {0, 0}));
  CHECK(rules[0].is_broken(knobs, {1, 0}));
  CHECK_FALSE(rules[0].is_broken(knobs, {1, 1}));
  guideline.where_name = "recipe";
  CHECK(design_rules({guideline}, knobs, notes).empty());
  CHECK(notes.size() == 1);
}

}  // namespace
}  // namespace vitlab::design
