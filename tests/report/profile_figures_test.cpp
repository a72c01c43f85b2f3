#include "report/profile_figures.h"

#include "report/words.h"
#include "sample_profile.h"
#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

TEST_CASE("the table of a roofline holds the numbers of the profile, the longest op first",
          "[report]") {
  const messages::ProfileTimes times = *sample_profile(1).times;
  const Figure figure = roofline_figure(times, "m", "roofline");
  REQUIRE(figure.rows.size() == 10);
  CHECK(figure.rows[0][0] == "stages.0.layers.0.qkv");
  CHECK(figure.rows[0][4] == "4");
  CHECK(figure.rows[0][7] == "50");
  CHECK(figure.caption.find("Left out") == std::string::npos);
}

TEST_CASE("bars of stages and kinds are shares of the whole", "[report]") {
  const Figure figure = groups_figure(*sample_profile(1).times);
  REQUIRE(figure.rows.size() == 3);  // one stage, two kinds
  CHECK(figure.rows[1][0] == "kind: full");
  CHECK(figure.rows[1][1] == percent(8 / 19.51) + " %");
  CHECK(covered_texts(figure.wide) == "");
}

TEST_CASE("memory is drawn op by op, predicted and measured", "[report]") {
  const Figure figure = memory_figure(*sample_profile(1).times);
  CHECK(occurrences(figure.wide, "class=\"line ") == 2);
  REQUIRE(figure.rows.size() == 2);
  CHECK(figure.rows[0] == std::vector<std::string>{"1", "stages.0.layers.0.qkv", "3.815", "4.292"});
  CHECK(memory_figure({}).wide.empty());
}

}  // namespace
}  // namespace vitlab::report
