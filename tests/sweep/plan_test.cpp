#include "sweep/plan.h"

#include <fstream>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

Plan plan_of(const std::string& yaml) { return expand(parse_sweep("s.yaml", yaml)); }

constexpr const char* kSmall =
    "base: {template: efficientvit, image_size: 32, classes: 10, stem_stride: 4, window: 8, "
    "widths: [32, 48, 64]}\n";

std::string small(const std::string& rest) { return "sweep: t\n" + std::string(kSmall) + rest; }

std::set<std::string> stage_ids(const Plan& plan) {
  std::set<std::string> ids;
  for (const PlannedStage& stage : plan.stages) ids.insert(stage.id);
  return ids;
}

TEST_CASE("the quick start plans six models of five million MACs with two seeds each", "[sweep]") {
  const Plan plan =
      expand(load_sweep(std::string(VITLAB_SOURCE_DIR) + "/experiments/quickstart/sweep.yaml"));
  CHECK(plan.models.size() == 6);
  CHECK(plan.trials.size() == 12);
  CHECK(plan.rejected.empty());
  CHECK(plan.knobs == std::vector<std::string>{"mixer", "ffn_per_side"});
  CHECK(plan.stages.size() == 6 * 2 + 12 * 3);
  for (const auto& [id, model] : plan.models) {
    CHECK(std::abs(*model.residual) <= 0.02);
    CHECK(std::abs(static_cast<double>(model.macs) / 5e6 - 1) <= 0.02);
    CHECK(model.params < 1'000'000);
    CHECK(architecture::model_id(model.spec()) == id);
  }
  CHECK(plan.models.at(plan.reference).point["mixer"] == "cascaded");
  CHECK(plan.models.at(plan.reference).point["ffn_per_side"] == 1);
}

TEST_CASE("M0 and its stages keep their ids for ever", "[sweep]") {
  const Plan plan = plan_of("{sweep: t, base: efficientvit_m0, stages: [cost, measure]}");
  REQUIRE(plan.models.size() == 1);
  CHECK(plan.models.begin()->first == "eabcfa3f2c3a951ffca557ea8aeec7f8");
  CHECK(plan.models.begin()->second.params == 2'349'436);
  CHECK(plan.models.begin()->second.name == "efficientvit_m0");
  CHECK(plan.stages.at(0).id == "1d111b437b8369402a7d7da91f92bee9");
  CHECK(plan.stages.at(1).id == "b155d88e8736fbf558285496f5c9dcc6");
}

TEST_CASE("a grid has as many points as the product of its lists", "[sweep]") {
  const Plan plan =
      plan_of(small("axes:\n  - grid: {mixer: [cascaded, grouped, full], ffn_ratio: [1, 2, 3, 4]}\n"
                    "  - zip: {depths: [[1, 1, 1], [1, 2, 2]], heads: [4, 2]}\n"));
  CHECK(plan.points == 24);
  CHECK(plan.trials.size() == 24);
  CHECK(plan.knobs == std::vector<std::string>{"mixer", "ffn_ratio", "depths", "heads"});
  CHECK(plan.trials.front().knobs.dump() ==
        R"({"mixer":"cascaded","ffn_ratio":1,"depths":[1,1,1],"heads":4})");
  CHECK(plan.trials.at(1).knobs["depths"] == core::Json::array({1, 2, 2}));
}

TEST_CASE("equal points are one trial", "[sweep]") {
  const Plan same = plan_of(small("axes:\n  - grid: {ffn_ratio: [2, 2.0, 3]}\n"));
  CHECK(same.points == 3);
  CHECK(same.merged == 1);
  CHECK(same.trials.size() == 2);
  // `full` has no window, so the window makes no second model of it.
  const Plan inert = plan_of(small("axes:\n  - grid: {mixer: [full, cascaded], window: [4, 8]}\n"));
  CHECK(inert.models.size() == 3);
  CHECK(inert.merged == 1);
}

TEST_CASE("one more value extends a plan and changes no id", "[sweep]") {
  const std::string stages =
      "data: digits\nseeds: [0, 1]\nstages: [cost, train, similarity, prune, measure]\n";
  const Plan less = plan_of(small(stages + "axes: [grid: {ffn_ratio: [1, 2]}]\n"));
  const Plan more = plan_of(small(stages + "axes: [grid: {ffn_ratio: [1, 3, 2]}]\n"));
  const auto few = stage_ids(less), many = stage_ids(more);
  CHECK(few.size() == 2 * (2 + 2 * 3));
  CHECK(many.size() == 3 * (2 + 2 * 3));
  CHECK(std::includes(many.begin(), many.end(), few.begin(), few.end()));
}

TEST_CASE("the order of keys changes no id", "[sweep]") {
  const Plan a = plan_of(
      "{sweep: t, base: {template: efficientvit, heads: 2}, axes: [{grid: {mixer: [full], "
      "ffn_ratio: [1, 2]}}], data: digits, stages: [train]}");
  const Plan b = plan_of(
      "{stages: [train], data: digits, axes: [{grid: {ffn_ratio: [2, 1], mixer: [full]}}], base: "
      "{heads: 2, template: efficientvit}, sweep: other}");
  CHECK(stage_ids(a) == stage_ids(b));
  std::set<std::string> trials_a, trials_b;
  for (const Trial& trial : a.trials) trials_a.insert(trial.id);
  for (const Trial& trial : b.trials) trials_b.insert(trial.id);
  CHECK(trials_a == trials_b);
}

TEST_CASE("a stage depends on what it says and on nothing else", "[sweep]") {
  const auto ids = [](const std::string& rest) {
    const Plan plan = plan_of(small("data: digits\n" + rest));
    std::map<std::string, std::string> by_kind;
    for (const PlannedStage& stage : plan.stages) by_kind[stage.kind] = stage.id;
    return by_kind;
  };
  const auto plain = ids("stages: [cost, train, similarity, measure]\n");
  const auto protocol = ids("stages: [cost, train, similarity, {measure: {batch: 8}}]\n");
  CHECK(plain.at("train") == protocol.at("train"));
  CHECK(plain.at("measure") != protocol.at("measure"));
  const auto recipe = ids("stages: [cost, train, similarity, measure]\nrecipe: {epochs: 3}\n");
  CHECK(plain.at("cost") == recipe.at("cost"));
  CHECK(plain.at("measure") == recipe.at("measure"));
  CHECK(plain.at("train") != recipe.at("train"));
  CHECK(plain.at("similarity") != recipe.at("similarity"));
  const auto untrained = ids("stages: [similarity]\n");
  CHECK(untrained.at("similarity") != plain.at("similarity"));
  const auto defaults = ids("stages: [{measure: {batch: 16, threads: 1}}]\nrecipe: {epochs: 20}\n");
  CHECK(defaults.at("measure") == plain.at("measure"));
  const auto first = ids("stages: [{measure: {device: cuda}}]\n");
  const auto second = ids("stages: [{measure: {device: 'cuda:1'}}]\n");
  CHECK(first.at("measure") == second.at("measure"));
  CHECK(first.at("measure") != plain.at("measure"));
}

TEST_CASE("a protocol of lists is a stage a combination, with the ids of its single protocols",
          "[sweep]") {
  const auto ids = [](const std::string& stages) {
    std::vector<std::string> all;
    for (const PlannedStage& stage :
         plan_of("{sweep: t, base: efficientvit_m0, stages: " + stages + "}").stages)
      all.push_back(stage.id);
    return all;
  };
  CHECK(ids("[{measure: {batch: [4, 8], deploy: [true, false]}}]") ==
        ids("[{measure: {batch: 4}}, {measure: {batch: 8}}, {measure: {batch: 4, deploy: false}}, "
            "{measure: {batch: 8, deploy: false}}]"));
  CHECK(ids("[{measure: {runtime: [libtorch]}}]") == ids("[measure]"));
  CHECK_THROWS_WITH(ids("[{measure: {runtime: pt2}}]"),
                    Catch::Contains("stages[0].measure.runtime pt2 runs files"));
}

TEST_CASE("a pruned model is measured behind the pruning that it comes from", "[sweep]") {
  const Plan plan = plan_of(
      small("data: digits\nstages: [train, prune, measure_pruned, {prune: {criterion: random}}, "
            "{measure_pruned: {batch: 2}}]\n"));
  std::map<std::string, const PlannedStage*> by_id;
  for (const PlannedStage& stage : plan.stages) by_id[stage.id] = &stage;
  std::vector<std::string> measured;
  for (const PlannedStage& stage : plan.stages) {
    if (stage.kind != "measure_pruned") continue;
    CHECK(stage.timed);
    CHECK(stage.seed.has_value());
    REQUIRE(stage.after.size() == 1);
    CHECK(by_id.at(stage.after[0])->kind == "prune");
    measured.push_back(by_id.at(stage.after[0])->settings.value("criterion", "scores"));
  }
  CHECK(measured == std::vector<std::string>{"scores", "random"});
}

TEST_CASE("prune stages that cannot be are refused where they stand", "[sweep]") {
  const auto refused = [](const std::string& stages, const std::string& message) {
    CHECK_THROWS_WITH(plan_of(small("data: digits\nstages: " + stages + "\n")),
                      Catch::Contains(message));
    CHECK_THROWS_AS(plan_of(small("data: digits\nstages: " + stages + "\n")), core::UserError);
  };
  refused("[train, {prune: {keep: {latency: 0.5}}}]",
          "stages[1].prune.keep cannot be latency in a sweep");
  refused("[train, {prune: {cost: latency}}]", "stages[1].prune.cost cannot be latency");
  refused("[prune, {prune: {keep: {macs: 0.5}}}]", "stages[1]: results of two prune stages");
  refused("[measure_pruned, prune]", "stages[0] needs a prune stage before it");
  refused("[prune, {measure_pruned: {runtime: onnxruntime}}]", "must be libtorch");
}

TEST_CASE("every stage's id is the identity of its spec, and follows what it starts from",
          "[sweep]") {
  const Plan plan =
      plan_of(small("data: digits\nseeds: [3, 4]\nstages: [cost, train, similarity, "
                    "{prune: {finetune_epochs: 2}}, measure, measure_pruned]\n"));
  std::set<std::string> seen;
  for (const PlannedStage& stage : plan.stages) {
    CHECK(core::identity(core::canonical_json(
              stage_spec(stage, plan.data_fingerprint, plan.recipe))) == stage.id);
    for (const std::string& id : stage.after) CHECK(seen.contains(id));
    CHECK(stage.timed == stage.kind.starts_with("measure"));
    CHECK(stage.seed.has_value() == (stage.kind != "cost" && stage.kind != "measure"));
    CHECK(seen.insert(stage.id).second);
  }
  for (const Trial& trial : plan.trials) {
    CHECK(trial.stages.size() == 6);
    for (const std::string& id : trial.stages) CHECK(seen.contains(id));
  }
}

TEST_CASE("rejected points say why", "[sweep]") {
  const Plan plan =
      plan_of(small("axes: [grid: {ffn_ratio: [1, 8], heads: [4, 5]}]\n"
                    "where: ['params < 400000', 'ffn_ratio != 1 or heads < 6']\n"));
  REQUIRE(plan.rejected.size() == 3);
  CHECK(plan.trials.size() == 1);
  CHECK(plan.rejected[0].point.dump() == R"({"ffn_ratio":1,"heads":5})");
  CHECK_THAT(plan.rejected[0].reason, Catch::Contains("heads"));
  CHECK_THAT(plan.rejected[1].reason,
             Catch::StartsWith("where params < 400000 does not hold (params = "));
}

TEST_CASE("widths that meet no budget reject the point", "[sweep]") {
  const Plan plan =
      plan_of(small("derive: {widths: {solve: {equals: [5e6, 10], multiple_of: 4}}}\n"
                    "reference: {budget: 5e6}\n"));
  CHECK(plan.trials.size() == 1);
  REQUIRE(plan.rejected.size() == 1);
  CHECK(plan.rejected[0].point.dump() == R"({"budget":10})");
  CHECK_THAT(plan.rejected[0].reason, Catch::Contains("within 2 %"));
  const PlannedModel& model = plan.models.begin()->second;
  CHECK(plan.reference == model.id);
  CHECK(model.budget == 5e6);
  CHECK(model.budget_metric == "macs");
  CHECK(std::abs(static_cast<double>(model.macs) / 5e6 - 1 - *model.residual) < 1e-12);
}

TEST_CASE("when and derive set knobs in turn", "[sweep]") {
  const Plan plan =
      plan_of(small("axes: [grid: {mixer: [cascaded, window]}]\n"
                    "when: [{if: \"mixer == 'window'\", set: {window: 4}}]\n"
                    "derive: {heads: 'qk_dim / 4', qk_dim: 'window == 4 ? 16 : 8'}\n"));
  REQUIRE(plan.trials.size() == 2);
  const core::Json& cascaded = plan.models.at(plan.trials[0].model).knobs;
  CHECK(cascaded["window"] == 8);
  CHECK(cascaded["qk_dim"] == 8);
  CHECK(cascaded["heads"] == 2);
  const core::Json& window = plan.models.at(plan.trials[1].model).knobs;
  CHECK(window["window"] == 4);
  CHECK(window["heads"] == 4);
}

TEST_CASE("the knob `model` lays a sweep over presets", "[sweep]") {
  const Plan plan = plan_of(
      "{sweep: t, base: {image_size: 64, classes: 10}, axes: [{grid: {model: [efficientvit_m0, "
      "efficientvit_m4, deit_tiny]}}], reference: {model: deit_tiny}}");
  REQUIRE(plan.trials.size() == 3);
  CHECK(plan.models.at(plan.trials[1].model).knobs["image_size"] == 64);
  CHECK(plan.models.at(plan.trials[1].model).knobs["widths"] == core::Json::array({128, 256, 384}));
  CHECK(plan.models.at(plan.trials[2].model).knobs["template"] == "vit");
  CHECK(plan.reference == plan.trials[2].model);
}

TEST_CASE("a reference must be one model", "[sweep]") {
  const std::string axes = "axes: [grid: {ffn_ratio: [1, 2], heads: [2, 4]}]\n";
  CHECK_THROWS_WITH(plan_of(small(axes + "reference: {heads: 2}\n")),
                    Catch::Contains("s.yaml:4:1: reference matches 2 models"));
  CHECK_THROWS_WITH(plan_of(small(axes + "reference: {heads: 3}\n")),
                    Catch::Contains("matches no point"));
  CHECK_THROWS_WITH(plan_of(small(axes + "where: ['heads < 4']\nreference: {heads: 4}\n")),
                    Catch::Contains("is rejected: where heads < 4 does not hold (heads = 4)"));
  // A default of the template counts as set.
  CHECK_FALSE(
      plan_of(small(axes + "reference: {heads: 2, ffn_ratio: 1, qk_dim: 16}\n")).reference.empty());
}

TEST_CASE("a model with too few classes for the data is rejected", "[sweep]") {
  const Plan plan =
      plan_of(small("data: digits\nstages: [train]\naxes: [grid: {classes: [2, 10]}]\n"));
  REQUIRE(plan.rejected.size() == 1);
  CHECK_THAT(plan.rejected[0].reason, Catch::Contains("2 classes, the data 10"));
}

TEST_CASE("a plan written as JSON reads back equal", "[sweep]") {
  const Plan plan = plan_of(
      small("data: digits\nrecipe: {epochs: 2}\nseeds: [0, 5]\nreference: {ffn_ratio: 1}\n"
            "stages: [cost, train, {prune: {keep: {params: 0.5}}}, {measure: {batch: 2}}]\n"
            "axes: [sample: {n: 5, method: sobol, of: {ffn_ratio: {range: [1, 4], step: 1}}}]\n"
            "derive: {widths: {solve: {equals: 5e6, multiple_of: 4}}}\n"));
  const core::Json json = plan_json(plan);
  const std::string text = core::dump_json(json);
  CHECK(plan_from_json(core::parse_json(text, "p"), "p") == plan);
  CHECK(core::dump_json(plan_json(plan_from_json(json, "p"))) == text);
  core::Json damaged = json;
  damaged["models"][0]["spec"] = "{}";
  CHECK_THROWS_AS(plan_from_json(damaged, "p"), core::UserError);
  damaged = json;
  damaged.erase("trials");
  CHECK_THROWS_WITH(plan_from_json(damaged, "p"),
                    Catch::Contains("p: trials is missing; run plan again"));
}

TEST_CASE("too many points are refused before any is made", "[sweep]") {
  CHECK_THROWS_WITH(plan_of(small("axes: [grid: {ffn_ratio: {range: [1, 10], step: 0.0001}, "
                                  "v_ratio: {range: [1, 10], step: 0.0001}}]\n")),
                    Catch::Contains("over the limit"));
}

}  // namespace
}  // namespace vitlab::sweep
