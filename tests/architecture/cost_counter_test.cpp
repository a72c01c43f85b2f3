#include "architecture/cost_counter.h"

#include <string>

#include "architecture/presets.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

TEST_CASE("counting layer by layer gives exactly the cost of the whole graph") {
  RandomModels models(81);
  for (const graph::Index batch : {graph::Index{1}, graph::Index{3}}) {
    CostCounter counter(batch);
    for (int run = 0; run < 300; ++run) {
      const ModelSpec spec = models.next();
      const graph::Cost whole = graph::graph_cost(build_graph(spec), batch);
      INFO(spec_yaml(spec));
      REQUIRE(counter.count(spec) == whole);
      REQUIRE(counter.count(spec) == whole);  // from memory
    }
  }
}

TEST_CASE("counting the presets gives the cost of their graphs") {
  CostCounter counter;
  for (const std::string& name : preset_names()) {
    INFO(name);
    const ModelSpec spec = resolve_model(name).spec;
    CHECK(counter.count(spec) == graph::graph_cost(build_graph(spec)));
  }
}

TEST_CASE("a model that differs in one setting is counted anew") {
  CostCounter counter;
  RandomModels models(82);
  for (int run = 0; run < 100; ++run) {
    ModelSpec spec = models.maps();
    counter.count(spec);
    for (Stage& stage : spec.stages)
      for (layers::Layer& layer : stage.layers)
        if (auto* ffn = std::get_if<layers::FfnLayer>(&layer)) ++ffn->hidden;
    spec.image.height += 64;  // patches still divide every stage
    REQUIRE(counter.count(spec) == graph::graph_cost(build_graph(spec)));
  }
}

/// What the counter and the whole graph's count say to knobs of `vit`.
std::vector<std::string> refusals_to_count(const core::Json& knobs) {
  core::Json all{{"template", "vit"}};
  all.update(knobs);
  const ModelSpec spec = expand_knobs_untried(all, "test");
  std::vector<std::string> texts(2);
  try {
    CostCounter().count(spec);
  } catch (const core::UserError& error) {
    texts[0] = error.what();
  }
  try {
    graph::graph_cost(build_graph(spec));
  } catch (const core::UserError& error) {
    texts[1] = error.what();
  }
  return texts;
}

TEST_CASE("what 64 bits cannot count is refused, whatever it is that grows") {
  const core::Json hostile[] = {
      // One attention map of 2^66 elements.
      {{"image_size", 16384}, {"patch", 1}, {"heads", 1024}, {"width", 1 << 20}},
      // Each product fits, the sum over layers does not.
      {{"image_size", 16384}, {"patch", 4}, {"heads", 1}, {"width", 1024}, {"depth", 1000}},
      {{"image_size", 16384},
       {"patch", 4},
       {"heads", 1},
       {"width", 1 << 20},
       {"ffn_ratio", 64},
       {"experts", 4096},
       {"depth", 100}},
  };
  for (const core::Json& knobs : hostile)
    for (const std::string& text : refusals_to_count(knobs)) {
      INFO(knobs.dump());
      CHECK_THAT(text, Catch::Matchers::Contains("too large to count"));
    }
  // The largest that fits is counted.
  for (const std::string& text : refusals_to_count({{"image_size", 16384}, {"patch", 16}}))
    CHECK(text.empty());
}

/// What build_graph or the counter says to a spec.
template <typename Action>
bool is_refused(const Action& action) {
  try {
    action();
    return false;
  } catch (const core::UserError&) {
    return true;
  }
}

TEST_CASE("the counter refuses what cannot be built, with a UserError") {
  RandomModels models(83);
  core::Random random(84);
  int refused = 0;
  CostCounter counter;
  for (int run = 0; run < 600; ++run) {
    ModelSpec spec = models.next();
    const auto pick = [&](std::size_t count) { return random.below(count); };
    Stage& stage = spec.stages[pick(spec.stages.size())];
    switch (pick(8)) {
      case 0:
        stage.width = static_cast<graph::Index>(pick(5));
        break;
      case 1:
        stage.layers.push_back(spec.heads[0]);
        break;
      case 2:
        stage.layers.push_back(spec.stem);
        break;
      case 3:
        stage.downsample = layers::FfnLayer{3};
        break;
      case 4:
        spec.image.channels = 0;
        break;
      case 5:
        spec.image.width = static_cast<graph::Index>(pick(4));
        break;
      case 6:
        spec.heads[0] = layers::FfnLayer{3};
        break;
      default:
        spec.stem = layers::FfnLayer{3};
    }
    const bool builds = !is_refused([&] { build_graph(spec); });
    REQUIRE(spec_problems(spec).empty() == builds);
    REQUIRE(is_refused([&] { counter.count(spec); }) == !builds);
    refused += !builds;
  }
  CHECK(refused > 400);
}

}  // namespace
}  // namespace vitlab::architecture
