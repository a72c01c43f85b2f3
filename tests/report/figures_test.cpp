#include "report/figures.h"

#include <algorithm>
#include <iterator>

#include "charts/chart_style.h"
#include "facts/paper_values.h"
#include "report/report_document.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

/// The figures of a document in its order.
std::vector<Figure> figures_of(const facts::ReportInput& input) {
  std::vector<Figure> figures;
  for (const Section& section : report_document(input, facts::report_models(input)).sections)
    for (const Block& block : section.blocks)
      if (const Figure* figure = std::get_if<Figure>(&block.content)) figures.push_back(*figure);
  return figures;
}

TEST_CASE("every drawing of a report is well-formed, described, and free of NaN", "[report]") {
  std::vector<Figure> all = figures_of(profiled_input());
  const std::vector<Figure> of_shares = figures_of(share_input());
  std::copy_if(of_shares.begin(), of_shares.end(), std::inserter(all, all.begin() + 4),
               [](const Figure& figure) { return figure.name.starts_with("mhsa"); });
  const std::vector<std::string> names = figure_names();
  REQUIRE(all.size() == names.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].name);
    CHECK(all[i].name == names[i]);
    for (const std::string& svg : {all[i].wide, all[i].narrow, charts::stand_alone(all[i].wide)}) {
      CHECK(xml_problem(svg) == "");
      CHECK(svg.find("nan") == std::string::npos);
      CHECK(svg.find("inf\"") == std::string::npos);
      CHECK(occurrences(svg, "role=\"img\"") == 1);
      CHECK(occurrences(svg, "<desc") == 1);
    }
    CHECK(all[i].wide.find("id=\"" + all[i].name + "-title\"") != std::string::npos);
    CHECK(all[i].narrow.find("id=\"" + all[i].name + "-narrow-title\"") != std::string::npos);
  }
}

TEST_CASE("the paper's values are complete", "[report]") {
  const facts::PaperValues values = facts::paper_values();
  CHECK(values.categories.size() == 6);
  REQUIRE(values.runtime_shares.size() == 2);
  for (const facts::PaperSeries& series : values.runtime_shares) {
    double sum = 0;
    for (const double share : series.values) sum += share;
    CHECK(sum == Approx(1).margin(0.005));
  }
  for (const facts::PaperSeries& series : values.head_similarity) CHECK(series.values.size() == 12);
  REQUIRE(values.kept.size() == 3);
  CHECK(values.kept[0].values[0] == Approx(0.5));
  CHECK(values.kept[2].values[0] == Approx(0.985));
}

TEST_CASE("where there is little room, the reference and the front are shown", "[report]") {
  std::vector<facts::ReportModel> models(10);
  std::vector<const facts::ReportModel*> all;
  for (int i = 0; i < 10; ++i) {
    models[i].number = i + 1;
    models[i].is_reference = i == 9;
    models[i].is_on_front = i == 5;
    all.push_back(&models[i]);
  }
  const ShownModels shown = shown_models(all, 3);
  REQUIRE(shown.models.size() == 3);
  CHECK(shown.models[0]->number == 1);
  CHECK(shown.models[1]->number == 6);
  CHECK(shown.models[2]->number == 10);
  CHECK(shown.rule.find("3 of 10 models") != std::string::npos);
  CHECK(shown_models(all, 10).rule.empty());
}

}  // namespace
}  // namespace vitlab::report
