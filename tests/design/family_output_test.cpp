#include "design/family_output.h"

#include <fstream>
#include <sstream>

#include "architecture/presets.h"
#include "core/error.h"
#include "swept_table.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

Family small_family() {
  return design_family(swept_table(), {guideline_of("g", "mixer", {"full"})},
                       {.base = small_base(),
                        .budgets = {{"macs", 5e6}, {"macs", 8e6}, {"macs", 100}},
                        .multiple_of = 4});
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("the files of a family read back to the models in design.json", "[family_output]") {
  const TemporaryFolder folder;
  const Family family = small_family();
  write_family(family, folder / "family");
  const core::Json json = core::parse_json(text_of(folder / "family/design.json"), "design.json");
  CHECK(json.at("schema") == 1);
  CHECK(json.at("command") == "design");
  REQUIRE(json.at("variants").size() == 2);
  for (const core::Json& variant : json.at("variants")) {
    const auto path = folder / ("family/" + variant.at("file").get<std::string>());
    const architecture::NamedModel model = architecture::resolve_model(path.string());
    CHECK(architecture::model_id(model.spec) == variant.at("id"));
    CHECK(architecture::CostCounter().count(model.spec).macs == variant.at("macs"));
    CHECK(variant.at("macs").get<double>() <= variant.at("budget").get<double>());
    for (const char* key : {"name", "budget_metric", "params", "predicted", "measured",
                            "binding_guideline", "regret", "without", "knobs"})
      CHECK(variant.contains(key));
    CHECK(variant.at("measured").is_null());
  }
  REQUIRE(json.at("unsolved").size() == 1);
  CHECK(json.at("unsolved")[0].at("budget").at("limit") == 100);
}

TEST_CASE("an existing folder is not replaced unasked", "[family_output]") {
  const TemporaryFolder folder;
  const Family family = small_family();
  write_family(family, folder / "family");
  CHECK_THROWS_AS(write_family(family, folder / "family"), core::UserError);
  write_family(family, folder / "family", true);
  CHECK(std::filesystem::exists(folder / "family/M1.yaml"));
}

TEST_CASE("the same input gives the same bytes, told as a table too", "[family_output]") {
  CHECK(core::dump_json(family_json(small_family())) ==
        core::dump_json(family_json(small_family())));
  const std::string text = family_text(small_family());
  CHECK(text.find("M1") != std::string::npos);
  CHECK(text.find("no solution for macs <= 100: the smallest model found costs") !=
        std::string::npos);
}

}  // namespace
}  // namespace vitlab::design
