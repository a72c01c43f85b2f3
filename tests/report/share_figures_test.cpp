#include "report/figures.h"
#include "sample_profile.h"
#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

TEST_CASE("models that differ by their share of attention make one line a family and budget",
          "[report]") {
  const Figure figure = mhsa_memory_figure(facts::report_models(share_input()));
  CHECK(occurrences(figure.wide, "class=\"line ") == 4);
  REQUIRE(figure.rows.size() == 12);
  CHECK(figure.rows[0][0] == "template=vit, throughput 1.25");
  CHECK(figure.rows[0][2] == "0.0 %");  // by share, not by the order of the table
  CHECK(figure.rows[1][3] == "14.0 %");
  CHECK(figure.rows[2][4] == "21.0 %–23.0 %");
  CHECK(figure.wide.find("Swin-T 1.25× in the paper, 44.26 %") != std::string::npos);
  CHECK(covered_texts(figure.wide) == "");
  CHECK(covered_texts(figure.narrow) == "");
}

TEST_CASE("the paper's accuracies stand in a plot of their own under ImageNet's name", "[report]") {
  const Figure figure = mhsa_accuracy_figure(facts::report_models(share_input()));
  CHECK(occurrences(figure.wide, "class=\"line dashed") == 4);
  CHECK(occurrences(figure.wide, "class=\"line s") == 4);
  CHECK(figure.wide.find("Here: data digits") < figure.wide.find("ImageNet top-1, % (paper)"));
  CHECK(figure.rows.size() == 12 + 4 * 7);
  CHECK(figure.rows[0][3] == "90.0");
  CHECK(figure.rows[12] ==
        std::vector<std::string>{"Swin-T 1.25× (paper)", "ImageNet", "0.0 %", "67.2", "–"});
  CHECK(covered_texts(figure.wide) == "");
  CHECK(covered_texts(figure.narrow) == "");
}

TEST_CASE("a sweep whose share of attention is no knob has no such figures", "[report]") {
  facts::ReportInput input = share_input();
  input.table.knobs[1] = "ffn_per_side";
  const facts::ReportModels models = facts::report_models(input);
  CHECK(mhsa_memory_figure(models).wide.empty());
  CHECK(mhsa_accuracy_figure(models).wide.empty());
  facts::ReportInput one = share_input();
  std::erase_if(one.table.rows, [](const store::ResultRow& row) { return row.model != "m0"; });
  CHECK(mhsa_memory_figure(facts::report_models(one)).wide.empty());
}

}  // namespace
}  // namespace vitlab::report
