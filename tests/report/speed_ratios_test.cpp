#include "report/speed_ratios.h"

#include "architecture/presets.h"
#include "facts/paper_values.h"
#include "report/report.h"
#include "sample_input.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

const facts::Setting kCpu{"Intel Xeon", "vitlab", "float32", 1, 16};
const facts::Setting kOnnx{"Intel Xeon", "onnxruntime", "float32", 1, 16};
const facts::Setting kGpu{"NVIDIA V100", "vitlab", "bfloat16", 1, 2048};

std::string preset_id(const std::string& name) {
  return architecture::model_id(architecture::resolve_model(name).spec);
}

TEST_CASE("the paper's pairs of presets are complete", "[report]") {
  const std::vector<facts::PaperSpeedRatio> pairs = facts::paper_values().speed_ratios;
  REQUIRE(pairs.size() == 4);
  CHECK(pairs[0].of == "efficientvit_m5");
  CHECK(pairs[0].cpu == Approx(1.452));
  CHECK(pairs[0].onnx == Approx(0.885));
  CHECK_FALSE(pairs[1].onnx.has_value());
  CHECK(pairs[3].gpu == Approx(5.8));
}

TEST_CASE("a pair stands in the table for each setting in which both were measured", "[report]") {
  facts::ReportInput input;
  input.gpus = {"NVIDIA V100"};
  facts::ReportModel m5, large;
  m5.id = preset_id("efficientvit_m5");
  large.id = preset_id("mobilenetv3_large_100");
  m5.throughput = facts::Measured{90, 80, 100, 9};
  large.throughput = facts::Measured{60, 50, 64, 9};
  m5.throughput_elsewhere[kOnnx] = facts::Measured{50, {}, {}, 9};
  large.throughput_elsewhere[kOnnx] = facts::Measured{100, {}, {}, 9};
  m5.throughput_elsewhere[kGpu] = facts::Measured{50, {}, {}, 9};
  facts::ReportModels models;
  models.setting = kCpu;
  models.models = {m5, large};
  SpeedRatioTable table = speed_ratio_table(input, models);
  REQUIRE(table.rows.size() == 2);
  const std::string pair = "efficientvit_m5 : mobilenetv3_large_100";
  CHECK(table.rows[0] ==
        std::vector<std::string>{pair, facts::setting_text(kOnnx), "0.50", "", "0.89", "ONNX"});
  CHECK(table.rows[1] == std::vector<std::string>{pair, facts::setting_text(kCpu), "1.50",
                                                  "1.25–2.00", "1.45", "CPU"});
  CHECK(table.notes.size() == 2);

  models.models[1].throughput_elsewhere[kGpu] = facts::Measured{25, {}, {}, 9};
  table = speed_ratio_table(input, models);
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[2][2] == "2.00");
  CHECK(table.rows[2][4] == "1.40");
  CHECK(table.rows[2][5] == "GPU");

  models.models.pop_back();
  CHECK(speed_ratio_table(input, models).rows.empty());
}

TEST_CASE("the ratios stand in both pages, and only where there are any", "[report]") {
  facts::ReportInput input = sample_input();
  CHECK(build_report(input).markdown.find(kSpeedRatioHeading) == std::string::npos);
  SampleTable table({"model"});
  for (const char* name : {"efficientvit_m5", "mobilenetv3_large_100"})
    table.add_timed(preset_id(name), {name}, "throughput", 10);
  input.table = table.take();
  const Report report = build_report(input);
  for (const std::string& page : {report.markdown, report.html}) {
    CHECK(page.find("efficientvit_m5 : mobilenetv3_large_100") != std::string::npos);
    CHECK(page.find("1.45") != std::string::npos);
  }
}

}  // namespace
}  // namespace vitlab::report
