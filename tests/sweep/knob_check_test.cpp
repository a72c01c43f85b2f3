#include "sweep/knob_check.h"

#include "architecture/templates.h"
#include "core/error.h"
#include "random_knobs.h"
#include "sweep/plan.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

/// The first problem of a sweep with this base and these axes; "" if it can be read.
std::string first_problem(const core::Json& base, const core::Json& axes) {
  const core::Json sweep{{"sweep", "t"}, {"base", base}, {"axes", axes}};
  try {
    parse_sweep("s.yaml", sweep.dump());
  } catch (const core::UserError& error) {
    const std::string all = error.what();
    return all.substr(0, all.find('\n'));
  }
  return "";
}

TEST_CASE("a value that no model can have is refused with its place, in base and on every axis") {
  RandomKnobs random(11);
  for (const architecture::Template& family : architecture::templates())
    for (const architecture::Knob& knob : family.knobs) {
      const std::string name(knob.name);
      const core::Json bare{{"template", std::string(family.name)}};
      const auto in_base = [&](const core::Json& value) {
        core::Json base = bare;
        base[name] = value;
        return first_problem(base, core::Json::array());
      };
      const auto on_axis = [&](const char* kind, const core::Json& value) {
        core::Json axis;
        axis[kind][name] = core::Json::array({random.allowed(knob), value});
        return first_problem(bare, core::Json::array({axis}));
      };
      for (const core::Json& value : random.refused(knob)) {
        INFO(family.name << "." << name << ": " << value.dump());
        CHECK_THAT(in_base(value), Catch::StartsWith("s.yaml:1:") &&
                                       Catch::Contains(": base." + name) &&
                                       Catch::Contains(" must "));
        for (const char* kind : {"grid", "zip"})
          CHECK_THAT(on_axis(kind, value),
                     Catch::StartsWith("s.yaml:1:") &&
                         Catch::Contains(": axes[0]." + std::string(kind) + "." + name + "[1]"));
      }
      for (int draw = 0; draw < 5; ++draw) {
        const core::Json value = random.allowed(knob);
        INFO(family.name << "." << name << ": " << value.dump());
        CHECK(in_base(value).empty());
        CHECK(on_axis("grid", value).empty());
      }
    }
}

TEST_CASE("what a range steps through is checked like what a list names") {
  const auto axis = [](const char* range) {
    return first_problem({{"template", "vit"}},
                         core::Json::parse(R"([{"grid": {"heads": )" + std::string(range) + "}}]"));
  };
  CHECK(axis(R"({"range": [1, 4], "step": 1})").empty());
  CHECK_THAT(axis(R"({"range": [0, 4], "step": 1})"),
             Catch::Contains("axes[0].grid.heads must lie in 1..1024, got 0"));
  CHECK_THAT(axis(R"({"range": [1, 2], "step": 0.5})"),
             Catch::Contains("axes[0].grid.heads must be a whole number, got '1.5'"));
}

TEST_CASE("a value is good if one template of the sweep takes it") {
  const auto refused = [](const core::Json& value) {
    return first_problem({{"norm_every", 0}},
                         {{{"grid", {{"template", {"vit", "swin"}}, {"qk_dim", {value}}}}}});
  };
  CHECK(refused({16, 32, 64, 128}).empty());  // a list of swin's
  CHECK_THAT(refused(-1), Catch::Contains("qk_dim[0] must lie in 0..65536, got -1"));
}

TEST_CASE("expressions see the default that other knobs give a knob") {
  const auto rejected = [](const char* base, const char* where) {
    const Plan plan = expand(parse_sweep(
        "s.yaml", std::string("{sweep: t, base: ") + base + ", where: [\"" + where + "\"]}"));
    return plan.models.empty() ? plan.rejected.at(0).reason : "";
  };
  CHECK(rejected("{template: vit}", "qk_dim < 100").empty());
  CHECK(rejected("{template: vit}", "qk_dim == 64").empty());
  CHECK(rejected("{template: vit, width: 384}", "qk_dim < 100") ==
        "where qk_dim < 100 does not hold (qk_dim = 128)");
  CHECK(rejected("{template: swin}", "qk_dim == 32").empty());
  CHECK(rejected("{template: vit, heads: 5}", "qk_dim < 100") ==
        "heads 5 does not divide width 192; set qk_dim or other heads");
}

}  // namespace
}  // namespace vitlab::sweep
