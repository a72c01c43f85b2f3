#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "sweep/plan.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

std::string problems_of(const std::string& yaml) {
  try {
    expand(parse_sweep("s.yaml", yaml));
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

/// The first lines of each problem, without the source lines and carets below them.
std::string heads_of(const std::string& yaml) {
  std::string heads;
  const std::string all = problems_of(yaml);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    if (line.starts_with("s.yaml:")) heads += line + "\n";
    at = end + 1;
  }
  return heads;
}

TEST_CASE("all problems of a sweep come in one pass with their places", "[sweep]") {
  const std::string yaml = R"(sweep: a/b
base: {template: efficientvit, image_sise: 32, mixer: cascadedd}
data: digit
recipe: {epoch: 3}
axes:
  - grid: {ffn_per_sid: [1, 2], heads: 4, qk_dim: [8, x]}
  - zip: {depths: [[1, 2, 3]], v_ratio: [1, 2]}
  - grod: {}
  - sample: {n: 0, method: sobl, of: {ffn_ratio: {range: [4, 1]}}}
derive:
  widths: {solve: {metric: mac, equals: -1, tol: 0.1}}
  v_ratio: "ffn_ratio * window_"
when:
  - {if: "mixer == full", set: {windw: 7}}
where: ["params <", "macs < 1e6"]
seeds: [1, 1, -2]
reference: {mixr: full}
stages: [cost, trian, {measure: {batchs: 3}}, {prune: nowhere.yaml}]
refrence: {}
)";
  const std::string expected =
      "s.yaml:1:8: sweep 'a/b' holds a '/'"
      "|s.yaml:2:32: base.image_sise is not a knob of efficientvit; did you mean 'image_size'?"
      "|s.yaml:2:55: base.mixer must be one of cascaded, grouped, full, window, none, got "
      "'cascadedd'; did you mean 'cascaded'?"
      "|s.yaml:3:7: data 'digit' is not a data set; did you mean 'digits'?"
      "|s.yaml:4:10: recipe.epoch is not a setting; did you mean 'epochs'?"
      "|s.yaml:6:12: axes[0].grid.ffn_per_sid is not a knob of efficientvit; did you mean "
      "'ffn_per_side'?"
      "|s.yaml:6:40: axes[0].grid.heads must be a list of values or {range: [a, b], step: s}, got "
      "'4'"
      "|s.yaml:6:55: axes[0].grid.qk_dim[1] must be a whole number"
      "|s.yaml:7:41: axes[1].zip.v_ratio has 2 values, but depths has 1; zipped lists have one "
      "length"
      "|s.yaml:8:5: axes[2] must be one of grid: {…}, zip: {…} and sample: {…}"
      "|s.yaml:9:17: axes[3].sample.n must lie in 1..1000000, got 0"
      "|s.yaml:9:28: axes[3].sample.method must be one of random, sobol, lhs, got 'sobl'; did you "
      "mean 'sobol'?"
      "|s.yaml:9:58: axes[3].sample.of.ffn_ratio.range must be [first, last] with first <= last"
      "|s.yaml:11:28: derive.widths.solve.metric must be one of "
      "|s.yaml:11:41: derive.widths.solve.equals must be positive"
      "|s.yaml:11:45: derive.widths.solve.tol is not a setting; the settings here are "
      "|s.yaml:12:25: derive.v_ratio: window_ is neither a knob nor a metric; did you mean "
      "'window'?"
      "|s.yaml:14:20: when[0].if: full is neither a knob nor a metric; a text needs quotes: 'full'"
      "|s.yaml:14:33: when[0].set.windw is not a knob of efficientvit; did you mean 'window'?"
      "|s.yaml:15:18: where[0]: a value is missing at the end"
      "|s.yaml:16:8: seeds names 1 twice"
      "|s.yaml:16:8: seeds must not be negative"
      "|s.yaml:17:13: reference.mixr is not a knob of efficientvit; did you mean 'mixer'?"
      "|s.yaml:18:16: stages[1] 'trian' is not a stage; did you mean 'train'?"
      "|s.yaml:18:34: stages[2].measure.batchs is not a setting; did you mean 'batch'?"
      "|s.yaml:18:55: stages[3].prune: there is no file 'nowhere.yaml'"
      "|s.yaml:19:1: refrence is not a setting";
  const std::string heads = heads_of(yaml);
  INFO(heads);
  for (std::size_t at = 0; at < expected.size();) {
    const std::size_t end = std::min(expected.find('|', at), expected.size());
    const std::string line = expected.substr(at, end - at);
    CHECK_THAT(heads, Catch::Contains(line));
    at = end + 1;
  }
  CHECK(std::count(heads.begin(), heads.end(), '\n') ==
        std::count(expected.begin(), expected.end(), '|') + 1);
}

TEST_CASE("problems show the line and a caret", "[sweep]") {
  CHECK_THAT(problems_of("sweep: t\nbase: {template: efficientvit}\nwhere: ['heads >']\n"),
             Catch::Contains("s.yaml:3:17: where[0]: a value is missing at the end\n") &&
                 Catch::Contains("where: ['heads >']") && Catch::Contains("^"));
}

TEST_CASE("a sweep without a template says what base needs", "[sweep]") {
  CHECK_THAT(problems_of("sweep: t\n"), Catch::Contains("base must name a template"));
  CHECK_THAT(problems_of("sweep: t\nbase: efficientvit_m9\n"),
             Catch::Contains("s.yaml:2:7: base: ") && Catch::Contains("did you mean"));
  CHECK_THAT(problems_of("sweep: t\nbase: {template: eficientvit}\n"),
             Catch::Contains("did you mean 'efficientvit'?"));
  CHECK_THAT(problems_of("- a\n"), Catch::Contains("a sweep is a map"));
}

TEST_CASE("derivations in a circle and twice-given knobs are problems", "[sweep]") {
  const std::string base = "sweep: t\nbase: {template: efficientvit}\n";
  CHECK_THAT(problems_of(base + "derive: {heads: 'qk_dim / 4', qk_dim: 'heads * 4'}\n"),
             Catch::Contains("s.yaml:3:1: derive goes in a circle: heads, qk_dim"));
  CHECK_THAT(problems_of(base + "axes: [grid: {heads: [2]}, grid: {heads: [4]}]\n"),
             Catch::Contains("heads is on an axis already"));
  CHECK_THAT(problems_of(base + "axes: [grid: {heads: [2]}]\nderive: {heads: '3'}\n"),
             Catch::Contains("derive.heads is on an axis already"));
  CHECK_THAT(problems_of(base + "derive: {heads: 'macs / 1e6'}\n"),
             Catch::Contains("macs is known only after the widths are; `where` may use it"));
}

TEST_CASE("an expression that fails at a point is told with its place", "[sweep]") {
  const std::string base = "sweep: t\nbase: {template: efficientvit}\n";
  CHECK_THAT(problems_of(base + "where: ['heads[0] > 1', 'widths[5] > 1']\n"),
             Catch::Contains("s.yaml:3:32: where: there is no item 5 in a list of 3"));
  CHECK_THAT(problems_of(base + "where: ['params']\n"),
             Catch::Contains("where must be true or false"));
}

TEST_CASE("stages that need data ask for it", "[sweep]") {
  CHECK_THAT(problems_of("{sweep: t, base: efficientvit_m0, stages: [cost, train]}"),
             Catch::Contains("data is missing; stage train needs it"));
}

TEST_CASE("base and recipe may be files beside the sweep or above it", "[sweep]") {
  const TemporaryFolder folder;
  core::write_file_atomically(folder / "mine.yaml", "{template: efficientvit, classes: 7}\n");
  core::write_file_atomically(folder / "recipes" / "mine.yaml", "epochs: 5\n");
  core::write_file_atomically(folder / "deep" / "s.yaml",
                              "{sweep: t, base: mine.yaml, recipe: recipes/mine.yaml}\n");
  const SweepSpec sweep = load_sweep(folder / "deep" / "s.yaml");
  CHECK(sweep.recipe.epochs == 5);
  CHECK(sweep.recipe_name == "mine");
  CHECK(expand(sweep).models.begin()->second.knobs["classes"] == 7);
}

TEST_CASE("ranges give every step and samples stay inside theirs", "[sweep]") {
  const SweepSpec sweep = parse_sweep("s.yaml",
                                      "sweep: t\nbase: {template: efficientvit}\naxes:\n"
                                      "  - grid: {v_ratio: {range: [0.1, 0.5], step: 0.1}}\n"
                                      "  - sample: {n: 40, method: lhs, seed: 1, of: {ffn_ratio: "
                                      "{range: [1, 4]}, heads: [2, 4]}}\n");
  REQUIRE(sweep.axes.size() == 2);
  REQUIRE(sweep.axes[0].points.size() == 5);
  CHECK(sweep.axes[0].points[2][0] == 0.3);
  int twos = 0;
  for (const auto& point : sweep.axes[1].points) {
    CHECK((point[0].get<double>() >= 1 && point[0].get<double>() <= 4));
    twos += point[1] == 2;
  }
  CHECK(twos == 20);
}

TEST_CASE("damaged sweep files end in an error or in a plan, never in a crash", "[sweep]") {
  const std::string whole =
      "sweep: t\nbase: {template: efficientvit, image_size: 32, stem_stride: 4, window: 8}\n"
      "data: digits\nrecipe: {epochs: 2}\naxes:\n  - grid: {mixer: [cascaded, full]}\n"
      "  - zip: {heads: [2, 4], qk_dim: [8, 16]}\n"
      "  - sample: {n: 3, method: sobol, of: {ffn_ratio: {range: [1, 3], step: 1}}}\n"
      "derive: {v_ratio: \"heads > 2 ? 1 : 2\"}\nwhen: [{if: \"heads == 2\", set: {window: 4}}]\n"
      "where: [\"params < 1e8\"]\nseeds: [0, 1]\nstages: [cost, {prune: {keep: {macs: 0.5}}}]\n";
  REQUIRE(problems_of(whole).find("s.yaml:") == std::string::npos);
  const std::string marks = "{}[]:,'\"-\n 019xe.?|&*#%<>=";
  core::Random random(3);
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string text = whole;
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      const std::size_t at = random.below(text.size());
      const std::uint64_t what = random.below(3);
      if (what == 0) text[at] = marks[random.below(marks.size())];
      if (what == 1) text.erase(at, 1 + random.below(6));
      if (what == 2) text.insert(at, 1, marks[random.below(marks.size())]);
    }
    refused += !problems_of(text).empty();
  }
  CHECK(refused > 500);
}

}  // namespace
}  // namespace vitlab::sweep
