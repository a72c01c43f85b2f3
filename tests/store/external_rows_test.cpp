#include "store/external_rows.h"

#include <cmath>
#include <fstream>
#include <functional>

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {

namespace {

sweep::Plan plan_of_two() {
  sweep::Plan plan;
  plan.knobs = {"model"};
  for (const char* id : {"m1", "m2"}) plan.models[id].id = id;
  return plan;
}

ResultsTable measured_here() {
  ResultsTable table;
  table.knobs = {"model"};
  ResultRow row;
  row.model = "m1";
  row.metric = "params";
  row.knobs = {"deit_tiny"};
  table.rows = {row};
  return table;
}

ResultRow external_row() {
  ResultRow row;
  row.model = "m1";
  row.device = "cpu";
  row.runtime = "onnxruntime";
  row.dtype = "float32";
  row.threads = 1;
  row.batch = 16;
  row.metric = "throughput";
  row.value = 100;
  row.unit = "images/s";
  row.low = 90;
  row.high = 110;
  row.samples = 30;
  return row;
}

/// What becomes of the table beside a folder with these rows in a.csv: its last row's metric, or
/// the refusal.
std::string reading(const std::vector<ResultRow>& rows) {
  const TemporaryFolder folder;
  write_results_csv({{}, rows}, folder / "a.csv");
  ResultsTable table = measured_here();
  try {
    add_external_rows(folder.path(), plan_of_two(), table);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "added " + std::to_string(table.rows.size() - 1);
}

}  // namespace

TEST_CASE("external tables are added in the order of their names, with the model's knobs") {
  const TemporaryFolder folder;
  ResultRow other = external_row();
  other.model = "m2";
  write_results_csv({{}, {other}}, folder / "b.csv");
  write_results_csv({{}, {external_row()}}, folder / "a.csv");
  std::ofstream(folder / "notes.txt") << "not a table";
  ResultsTable table = measured_here();
  CHECK(add_external_rows(folder.path(), plan_of_two(), table) ==
        std::vector<std::string>{"a.csv", "b.csv"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[1].model == "m1");
  CHECK(table.rows[1].runtime == "onnxruntime");
  CHECK(table.rows[1].knobs == std::vector<std::string>{"deit_tiny"});
  CHECK(table.rows[2].knobs == std::vector<std::string>{""});
  CHECK(add_external_rows(folder / "none", plan_of_two(), table).empty());
}

TEST_CASE("an external row that the report could not stand by is refused with its place") {
  CHECK(reading({external_row()}) == "added 1");
  const auto refuses = [](const std::function<void(ResultRow&)>& change,
                          const std::string& reason) {
    ResultRow row = external_row();
    row.batch = 1;
    change(row);
    CHECK_THAT(reading({external_row(), row}),
               Catch::Contains("a.csv: row 2: ") && Catch::Contains(reason));
  };
  refuses([](ResultRow& row) { row.model = "m3"; }, "'m3' is none of this sweep");
  refuses([](ResultRow& row) { row.runtime = ""; }, "runtime must name");
  refuses([](ResultRow& row) { row.runtime = "vitlab"; }, "not be vitlab");
  refuses([](ResultRow& row) { row.device = ""; }, "device is missing");
  refuses([](ResultRow& row) { row.trial = "t"; }, "must be empty");
  refuses([](ResultRow& row) { row.seed = 1; }, "must be empty");
  refuses([](ResultRow& row) { row.subject = "stages.0"; }, "must be empty");
  refuses([](ResultRow& row) { row.metric = "accuracy.top1"; }, "not throughput or latency");
  refuses([](ResultRow& row) { row.unit = "ms"; }, "throughput is in images/s");
  refuses([](ResultRow& row) { row.value = 0; }, "above 0");
  refuses([](ResultRow& row) { row.value = NAN; }, "above 0");
  refuses([](ResultRow& row) { row.samples = 0; }, "samples");
  refuses([](ResultRow& row) { row.low = 101; }, "descend");
  refuses([](ResultRow& row) { row.high = 99; }, "descend");
  refuses([](ResultRow& row) { row.low = NAN; }, "descend");
  refuses([](ResultRow& row) { row.batch = 16; }, "twice");
}

TEST_CASE("an external file that is no table is refused with its line") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.csv") << "model,speed\nm1,3\n";
  ResultsTable table = measured_here();
  CHECK_THROWS_WITH(add_external_rows(folder.path(), plan_of_two(), table),
                    Catch::Contains("a.csv:1: column 1 is 'model'"));
}

}  // namespace vitlab::store
