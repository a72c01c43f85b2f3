#include "facts/report_model.h"

#include <algorithm>
#include <limits>
#include <map>

#include "report/model_table.h"
#include "report/renderers.h"
#include "report/report_document.h"
#include "sample_input.h"
#include "sample_profile.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

TEST_CASE("accuracy is the mean over seeds, its interval that of one test set", "[report]") {
  const facts::ReportModels models = facts::report_models(sample_input());
  REQUIRE(models.models.size() == 6);
  const facts::Accuracy& accuracy = *models.models[0].accuracy;
  CHECK(accuracy.mean == Approx(0.9715));
  CHECK(*accuracy.deviation == Approx(0.00495).epsilon(0.01));
  CHECK(accuracy.seeds == 2);
  CHECK(accuracy.images == 360);
  // Wilson's interval of 350 of 360.
  CHECK(*accuracy.low == Approx(0.9496).margin(0.0005));
  CHECK(*accuracy.high == Approx(0.9848).margin(0.0005));
}

TEST_CASE("repeated rows and the order of seeds change nothing", "[report]") {
  facts::ReportInput input = sample_input();
  const facts::ReportModels before = facts::report_models(input);
  input.table.rows.push_back(input.table.rows[2]);
  const facts::ReportModels after = facts::report_models(input);
  CHECK(after.models[0].accuracy->seeds == before.models[0].accuracy->seeds);
  CHECK(after.models[0].accuracy->mean == before.models[0].accuracy->mean);
}

TEST_CASE("no model off the front beats one on it", "[report]") {
  const facts::ReportModels models = facts::report_models(sample_input());
  for (const facts::ReportModel& on : models.models)
    for (const facts::ReportModel& other : models.models)
      if (on.is_on_front)
        CHECK_FALSE((other.accuracy->mean > on.accuracy->mean &&
                     other.throughput->value > on.throughput->value));
  CHECK(std::any_of(models.models.begin(), models.models.end(),
                    [](const facts::ReportModel& model) { return model.is_on_front; }));
}

TEST_CASE("layers stand in the order of depth, by their numbers", "[report]") {
  CHECK(facts::is_earlier_layer("stages.0.layers.2", "stages.0.layers.10"));
  CHECK_FALSE(facts::is_earlier_layer("stages.0.layers.10", "stages.0.layers.2"));
  CHECK(facts::is_earlier_layer("stages.0.layers.10", "stages.1.layers.2"));
  CHECK(facts::is_earlier_layer("stages.1", "stages.1.downsample"));
  CHECK_FALSE(facts::is_earlier_layer("a", "a"));
  const facts::ReportModel model = facts::report_models(sample_input()).models[2];
  const std::vector<facts::LayerValue>& hidden = model.pruned.kept.at("hidden");
  CHECK(hidden.size() == 18);
  CHECK(hidden[0].layer == "stages.0.layers.0");
  CHECK(hidden[17].layer == "stages.2.layers.5");
}

TEST_CASE("speeds of another setting are kept apart", "[report]") {
  facts::ReportInput input = sample_input();
  store::ResultRow row = input.table.rows.front();
  row.metric = "throughput";
  row.device = "cuda";
  row.batch = 2048;
  row.value = 99999;
  input.table.rows.insert(input.table.rows.begin(), row);
  const facts::ReportModels models = facts::report_models(input);
  CHECK(facts::setting_text(models.setting) == "cpu, 1 thread, batch 16, float32");
  CHECK(models.models[0].throughput->value == 3120);
  REQUIRE(models.models[0].throughput_elsewhere.size() == 1);
  CHECK(models.models[0].throughput_elsewhere.begin()->second.value == 99999);
}

TEST_CASE("values that are not finite count as missing", "[report]") {
  facts::ReportInput input = sample_input();
  for (store::ResultRow& row : input.table.rows)
    if (row.metric == "accuracy.top1") row.value = std::numeric_limits<double>::quiet_NaN();
  for (const facts::ReportModel& model : facts::report_models(input).models)
    CHECK_FALSE(model.accuracy);
}

TEST_CASE("a table leaves out the columns that no model fills", "[report]") {
  const auto titles = [](const facts::ReportInput& input) {
    std::vector<std::string> names;
    for (const TableColumn& column : model_table(facts::report_models(input)).columns)
      names.push_back(column.title);
    return names;
  };
  facts::ReportInput input = sample_input();
  const std::vector<std::string> all = titles(input);
  CHECK(std::count(all.begin(), all.end(), "Top-1 accuracy") == 1);
  std::erase_if(input.table.rows,
                [](const store::ResultRow& row) { return row.metric == "accuracy.top1"; });
  const std::vector<std::string> fewer = titles(input);
  CHECK(fewer.size() + 1 == all.size());
  CHECK(std::count(fewer.begin(), fewer.end(), "Top-1 accuracy") == 0);
}

TEST_CASE("models of several targets name theirs, those of one target do not", "[report]") {
  facts::ReportInput input = share_input();
  const ModelTable table = model_table(facts::report_models(input));
  const auto target =
      std::find_if(table.columns.begin(), table.columns.end(),
                   [](const TableColumn& column) { return column.title == "Target"; });
  REQUIRE(target != table.columns.end());
  CHECK(target->unit == "throughput");
  const auto place = static_cast<std::size_t>(target - table.columns.begin());
  std::map<std::string, int> counts;
  for (const auto& row : table.rows) ++counts[row[place].text];
  CHECK(counts == std::map<std::string, int>{{"1.25", 6}, {"1.5", 6}});
  for (store::ResultRow& row : input.table.rows) row.budget = 1.25;
  for (const TableColumn& column : model_table(facts::report_models(input)).columns)
    CHECK(column.title != "Target");
}

TEST_CASE("on small grids similarity is shown less chance", "[report]") {
  facts::ReportInput input = sample_input();
  const auto cell = [&] {
    const ModelTable table = model_table(facts::report_models(input));
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      if (table.columns[c].title == "Head similarity") return table.rows[0][c];
    return TableCell{};
  };
  CHECK(cell().text == "0.57");
  input.small_grids = {{"1a7c03e9f2", "stages.2.layers.2"}};
  CHECK(cell().text == "+0.06");
}

TEST_CASE("the LaTeX table escapes what LaTeX would read as a command", "[report]") {
  facts::ReportInput input = sample_input();
  input.table.knobs[1] = "50%_&#{}";
  const std::string latex =
      latex_sections(table_extract(facts::report_models(input), "a_b \\input{x}"));
  CHECK(latex.find("50\\%\\_\\&\\#\\{\\}") != std::string::npos);
  CHECK(latex.find("a\\_b \\textbackslash{}input\\{x\\}") != std::string::npos);
  CHECK(latex.find("97.2 $\\pm$ 0.5") != std::string::npos);
  CHECK(latex.find("\\toprule") != std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
