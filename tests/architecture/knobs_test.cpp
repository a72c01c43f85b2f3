#include "architecture/knobs.h"

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "random_knobs.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

constexpr core::Place kPlace{3, 7};

/// What is wrong with a value of a knob alone.
std::vector<core::Problem> problems_of(const Knob& knob, const core::Json& value) {
  core::ConfigNode node = node_from_json(value);
  node.place = kPlace;
  for (core::ConfigNode& item : node.items) item.place = kPlace;
  core::Problems problems("test", "");
  knob.check(node, "base.knob", problems);
  return problems.all();
}

TEST_CASE("each knob takes what its rule allows and names what it does not, with the place") {
  RandomKnobs random(5);
  for (const Template& family : templates())
    for (const Knob& knob : family.knobs) {
      for (int draw = 0; draw < 30; ++draw) {
        const core::Json value = random.allowed(knob);
        INFO(family.name << "." << knob.name << ": " << value.dump());
        const auto problems = problems_of(knob, value);
        CHECK((problems.empty() ? "" : problems.front().text()) == std::string());
      }
      for (const core::Json& value : random.refused(knob)) {
        INFO(family.name << "." << knob.name << ": " << value.dump());
        const auto problems = problems_of(knob, value);
        REQUIRE_FALSE(problems.empty());
        CHECK(problems.front().place == kPlace);
        CHECK(problems.front().path.starts_with("base.knob"));
        CHECK(problems.front().message.starts_with("must "));
      }
    }
}

TEST_CASE("a model says no to what its knobs refuse, and names the knob") {
  RandomKnobs random(6);
  for (const Template& family : templates())
    for (const Knob& knob : family.knobs)
      for (const core::Json& value : random.refused(knob)) {
        const std::string name(knob.name);
        INFO(family.name << "." << name << ": " << value.dump());
        const core::Json knobs{{"template", std::string(family.name)}, {name, value}};
        CHECK_THROWS_WITH(expand_knobs(knobs, "test"), Catch::Contains("test:1:1: " + name));
      }
}

TEST_CASE("any knobs that rules allow make a model or a reason") {
  RandomKnobs random(7);
  int models = 0;
  for (int draw = 0; draw < 200; ++draw)
    for (const Template& family : templates()) {
      core::Json knobs{{"template", std::string(family.name)}};
      for (const Knob& knob : family.knobs)
        if (random.one_in(8)) knobs[std::string(knob.name)] = random.allowed(knob);
      INFO(knobs.dump());
      core::Problems problems("test", "");
      const ModelSpec spec = expand_knobs_untried(knobs, problems);
      CHECK((spec.stages.empty() == !problems.empty()));
      models += problems.empty();
      for (const Knob& knob : family.knobs) CHECK_FALSE(knob.default_beside(knobs).is_null());
    }
  CHECK(models > 200);
}

TEST_CASE("defaults that follow from other knobs are computed beside them") {
  const auto beside = [](const core::Json& knobs, const char* name) {
    return find_template(knobs.at("template").get<std::string>())
        ->find(name)
        ->default_beside(knobs);
  };
  CHECK(beside({{"template", "vit"}}, "qk_dim") == 64);
  CHECK(beside({{"template", "vit"}, {"width", 96}}, "qk_dim") == 32);
  CHECK(beside({{"template", "vit"}, {"width_scale", 2}}, "qk_dim") == 128);
  CHECK(beside({{"template", "vit"}, {"width_scale", 2}}, "width") == 192);
  CHECK(beside({{"template", "swin"}}, "qk_dim") == 32);
  CHECK(beside({{"template", "swin"}, {"heads", 3}}, "qk_dim") == core::Json{32, 64, 128, 256});
  CHECK(beside({{"template", "swin"}, {"depths", {1, 1}}}, "heads") == core::Json{3, 6});
  CHECK(beside({{"template", "swin"}, {"width", 48}}, "widths") == core::Json{48, 96, 192, 384});
  CHECK(beside({{"template", "efficientvit"}}, "heads") == 4);
  CHECK(beside({{"template", "vit"}}, "expert_layers") == "every_second");
}

TEST_CASE("the help tells words, units and defaults from the table") {
  const Template& vit = *find_template("vit");
  CHECK(vit.find("qk_dim")->default_text() == "width / heads");
  CHECK(vit.find("placement")->meaning() == "uniform | early | late: where the attention layers go");
  CHECK(vit.find("patch")->meaning() == "side of a patch, in pixels");
  CHECK(find_template("swin")->find("widths")->default_text() == "[96, 192, 384, 768]");
  CHECK(find_template("efficientvit")->find("norm")->meaning() == "batch | layer");
}

}  // namespace
}  // namespace vitlab::architecture
