#include "store/results_csv.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/hash.h"
#include "sample_records.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

ResultRow sample_row(int number) {
  ResultRow row;
  row.trial = "t" + std::to_string(number);
  row.model = "m";
  row.dataset = "synthetic:classes=10,size=64";
  row.recipe = "quick \"fast\"";
  row.seed = number;
  row.device = "cpu";
  row.dtype = "float32";
  row.batch = 16;
  row.budget_metric = "macs";
  row.budget = 5e6;
  row.metric = "accuracy.top1";
  row.value = 1.0 / 3 * number;
  row.unit = "1";
  row.low = -std::numeric_limits<double>::infinity();
  row.high = 0.1 + 0.2;
  row.samples = 360;
  row.knobs = {"cascaded", "=HYPERLINK(1)"};
  return row;
}

ResultsTable sample_table() {
  ResultsTable table{.knobs = {"mixer", "note, odd"}, .rows = {}};
  for (int i = 0; i < 5; ++i) table.rows.push_back(sample_row(i));
  table.rows[1].seed.reset();
  table.rows[1].trial.clear();
  table.rows[2].low.reset();
  table.rows[3].knobs = {"-1.5", ""};
  return table;
}

const std::string kHeader =
    "trial,model,dataset,recipe,seed,device,runtime,dtype,threads,batch,budget_metric,budget,"
    "metric,"
    "subject,value,unit,low,high,samples";

TEST_CASE("a table of results reads back as it was written", "[results_csv]") {
  const TemporaryFolder folder;
  const ResultsTable table = sample_table();
  write_results_csv(table, folder / "views/results.csv");
  CHECK(read_results_csv(folder / "views/results.csv") == table);
}

TEST_CASE("the columns stand in the documented order, knobs last", "[results_csv]") {
  const std::string text = results_csv(sample_table());
  CHECK(text.substr(0, text.find('\n')) == kHeader + ",knob.mixer,\"knob.note, odd\"");
  const std::string first = text.substr(text.find('\n') + 1);
  CHECK(
      first.substr(0, first.find('\n')) ==
      "t0,m,\"synthetic:classes=10,size=64\",\"quick \"\"fast\"\"\",0,cpu,,float32,,16,macs,5e+06,"
      "accuracy.top1,,0,1,-inf,0.30000000000000004,360,cascaded,'=HYPERLINK(1)");
}

TEST_CASE("a NaN is written as nan and read as NaN", "[results_csv]") {
  ResultsTable table{.knobs = {}, .rows = {sample_row(0)}};
  table.rows[0].knobs.clear();
  table.rows[0].value = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(parse_results_csv(results_csv(table), "r").rows.at(0).value));
}

TEST_CASE("a wrong header is refused with the column", "[results_csv]") {
  const auto error_of = [](const std::string& text) -> std::string {
    try {
      parse_results_csv(text, "r.csv");
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(error_of(""), Catch::Contains("r.csv:1: empty"));
  CHECK_THAT(error_of("a,b\n"), Catch::Contains("r.csv:1: column 1 is 'a', not 'trial'"));
  CHECK_THAT(error_of("trial,model\n"), Catch::Contains("column 3 'dataset' is missing"));
  CHECK_THAT(error_of(kHeader + ",mixer\n"),
             Catch::Contains("column 20 is 'mixer', not 'knob.<name>'"));
  CHECK_THAT(error_of(kHeader + ",knob.\n"), Catch::Contains("column 20"));
  CHECK_THAT(error_of(kHeader + ",knob.a,knob.a\n"), Catch::Contains("'knob.a' stands twice"));
  CHECK(parse_results_csv(kHeader + "\n", "r.csv").rows.empty());
}

TEST_CASE("a wrong cell is refused with its line and column", "[results_csv]") {
  const std::string good = "t,m,d,r,0,cpu,,f32,1,1,,,params,,5,1,,,1";
  const auto parse = [&](const std::string& row) {
    return parse_results_csv(kHeader + "\n" + good + "\n" + row + "\n", "r.csv");
  };
  CHECK(parse(good).rows.size() == 2);
  CHECK_THROWS_WITH(parse("t,m"), "r.csv:3: 2 cells, but the header has 19 columns");
  CHECK_THROWS_WITH(parse("t,m,d,r,x,cpu,,f32,1,1,,,params,,5,1,,,1"),
                    "r.csv:3: seed 'x' is not a whole number");
  CHECK_THROWS_WITH(parse("t,m,d,r,0,cpu,,f32,1,1,,,params,,5 ms,1,,,1"),
                    "r.csv:3: value '5 ms' is not a number");
  CHECK_THROWS_WITH(parse("t,m,d,r,0,cpu,,f32,1,1,,,params,,,1,,,1"),
                    "r.csv:3: value '' is not a number");
  CHECK_THROWS_WITH(parse("t,m,d,r,0,cpu,,f32,1,1,,,,,5,1,,,1"), "r.csv:3: metric is empty");
  CHECK_THROWS_WITH(read_results_csv("/nonexistent/r.csv"), Catch::Contains("no such file"));
}

TEST_CASE("a store of 5,000 records scans, and its table has the same bytes twice",
          "[results_csv]") {
  const MemoryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  for (int i = 0; i < 5000; ++i) {
    store.publish(sample_record(core::identity(std::to_string(i))));
  }
  const auto table_of = [](const StoreScan& scan) {
    ResultsTable table;
    for (const StageRecord& record : scan.records) {
      for (const MetricValue& metric : record.metrics) {
        ResultRow row;
        row.trial = record.id;
        row.metric = metric.metric;
        row.subject = metric.subject;
        row.value = metric.value;
        row.low = metric.low;
        row.samples = metric.samples;
        table.rows.push_back(row);
      }
    }
    return table;
  };
  const StoreScan scan = store.scan(2);
  CHECK(scan.records.size() == 5000);
  CHECK(scan.problems.empty());
  write_results_csv(table_of(scan), store.views() / "one.csv");
  write_results_csv(table_of(Store::open(folder / "s").scan(1)), store.views() / "two.csv");
  const std::string text = content_of(store.views() / "one.csv");
  CHECK(text == content_of(store.views() / "two.csv"));
  CHECK(parse_results_csv(text, "r").rows.size() == 15'000);
}

}  // namespace
}  // namespace vitlab::store
