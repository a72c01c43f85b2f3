#include "report/head_figures.h"

#include "sample_profile.h"
#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

NamedHeads named(const std::string& name, double alike) {
  return {name,
          {std::make_shared<const messages::HeadSimilarity>(facts::sample_similarity(alike))}};
}

TEST_CASE("pairs of heads leave the diagonal blank and list every layer's measures", "[report]") {
  const Figure figure = head_pairs_figure({named("1 a", 0.4), named("2 b", 0.7)}, {"map"});
  CHECK(occurrences(figure.wide, "heads 0 and 1: 0.7<") == 1);
  CHECK(occurrences(figure.wide, "<title>") == 2 * 3 * 4 * 3);
  CHECK(covered_texts(figure.wide) == "");
  CHECK(covered_texts(figure.narrow) == "");
  CHECK(figure.columns ==
        std::vector<std::string>{"Model", "Layer", "Heads", "Largest cosine of maps", "By chance",
                                 "With random weights", "Mean cosine of maps", "Effective heads"});
  REQUIRE(figure.rows.size() == 6);
  CHECK(figure.rows[3] == std::vector<std::string>{"2 b", "stages.0.layers.2", "4", "0.700",
                                                   "0.600", "0.500", "0.600", "3.300"});
}

TEST_CASE("measures of several runs are means, matrices are of the first", "[report]") {
  NamedHeads both = named("", 0.4);
  both.runs.push_back(named("", 0.6).runs[0]);
  const Figure figure = head_pairs_figure({both}, {"map"});
  CHECK(figure.rows[0][2] == "0.500");
  CHECK(figure.wide.find("heads 0 and 1: 0.4<") != std::string::npos);
  CHECK(figure.wide.find("heads 0 and 1: 0.6<") == std::string::npos);
}

TEST_CASE("worth against resemblance has a point a head, run and model", "[report]") {
  const Figure figure = head_importance_figure({named("1 a", 0.4), named("2 b", 0.7)});
  CHECK(figure.rows.size() == 2 * 3 * 4);
  CHECK(figure.rows[15] ==
        std::vector<std::string>{"2 b", "stages.0.layers.2", "3", "0.100", "0.9"});
  CHECK(figure.caption.find("24 heads shown: -") != std::string::npos);
  CHECK(figure.columns.back() == "Gate importance");
  CHECK(covered_texts(figure.wide) == "");
  CHECK(covered_texts(figure.narrow) == "");
  NamedHeads both = named("", 0.4);
  both.runs.push_back(both.runs[0]);
  CHECK(head_importance_figure({both}).columns[0] == "Run");
}

TEST_CASE("by depth, random weights are a second band where they were looked at", "[report]") {
  const Figure figure = head_depth_figure(facts::sample_similarity(0.7));
  CHECK(occurrences(figure.wide, "class=\"band\"") == 2);  // the band and its legend
  CHECK(occurrences(figure.wide, "class=\"band outlined\"") == 2);
  messages::SimilarityAnswer alone = facts::sample_similarity(0.7);
  for (messages::LayerHeads& layer : alone.layers)
    for (auto& [name, metric] : layer.metrics) metric.control.reset();
  CHECK(occurrences(head_depth_figure(alone).wide, "outlined") == 0);
}

TEST_CASE("a report shows the heads of the reference and of the most redundant model", "[report]") {
  const facts::ReportModels models = facts::report_models(profiled_input());
  const Figure figure = redundant_heads_figure(models);
  CHECK(figure.rows.front()[0] == "1 mixer=cascaded ffn_per_side=1");
  CHECK(figure.rows.back()[0] == "4 mixer=full ffn_per_side=1");
  CHECK(figure.caption.find("Model 1 is the reference, model 4 the model whose heads") !=
        std::string::npos);
  CHECK(heads_worth_figure(models).rows.size() == 2 * 3 * 4);
  CHECK(redundant_heads_figure(facts::report_models(sample_input())).wide.empty());
  CHECK(heads_worth_figure(facts::report_models(sample_input())).wide.empty());
}

TEST_CASE("random weights stand beside the similarity of every layer that they were recorded of",
          "[report]") {
  facts::ReportInput input = sample_input();
  CHECK(similarity_figure(facts::report_models(input)).columns.back() == "Difference");
  for (store::ResultRow row : std::vector<store::ResultRow>(input.table.rows))
    if (row.metric == "head_cosine.max_max.map") {
      row.metric += ".control";
      row.value = 0.91;
      input.table.rows.push_back(row);
    }
  const Figure figure = similarity_figure(facts::report_models(input));
  CHECK(figure.columns.back() == "With random weights");
  CHECK(figure.rows[0].back() == "0.91");
  CHECK(occurrences(figure.wide, "class=\"band outlined\"") == 2);
  CHECK(covered_texts(figure.narrow) == "");
}

}  // namespace
}  // namespace vitlab::report
