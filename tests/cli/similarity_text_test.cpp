#include "cli/similarity_text.h"

#include <cstdlib>
#include <sstream>

#include "core/text.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

messages::HeadMetric metric(double value, bool has_all = true) {
  messages::HeadMetric row{.value = value, .low = value - 0.0125, .high = value + 0.0125};
  if (has_all) {
    row.null_value = value - 0.25;
    row.control = messages::ControlValue{.value = 0.998};
  }
  return row;
}

/// What `similarity` gives of two layers; the second sees few tokens.
messages::SimilarityAnswer similarity_answer() {
  messages::SimilarityAnswer answer;
  answer.model = "m";
  answer.weights = "results/m/model.safetensors";
  answer.images = 256;
  for (const double more : {0.0, 0.125}) {
    messages::LayerHeads layer{.layer = more == 0 ? "stages.0.layers.2" : "stages.1.layers.12",
                               .heads = 4};
    const auto add = [&](const char* name, const messages::HeadMetric& row) {
      layer.metrics.emplace_back(name, row);
    };
    add("head_cosine.max_max.map", metric(0.625 + more));
    add("head_cosine.mean_max.map", metric(0.5 + more));
    add("head_cosine.mean_mean.map", metric(0.375 + more));
    if (more == 0) add("head_cosine.max_max.output", metric(0.3125, false));
    add("centred_cosine.max_max.map", metric(0.25 + more));
    add("effective_heads", metric(3.5 - more, false));
    add("attention_distance.mean", metric(11.5, false));
    if (more > 0) layer.note = "4 tokens or fewer: any two maps are alike";
    answer.layers.push_back(layer);
  }
  return answer;
}

messages::SimilarityAnswer whole_answer() {
  messages::SimilarityAnswer answer = similarity_answer();
  answer.ablation = messages::HeadAblations{.images = 256, .loss = 0.25, .top1 = 0.9375};
  const messages::AblatedAnswers change{.loss_change = 0.0625, .top1_change = -0.015625};
  for (const char* layer : {"stages.0.layers.2", "stages.1.layers.12"})
    answer.ablation->layers.push_back({layer, {{0, change, change}}});
  messages::SimilarityComparison comparison;
  comparison.against = "without";
  comparison.sentence = "Heads of m are less alike.";
  messages::MeanDifference mean;
  mean.difference = -0.125;
  mean.low = -0.15;
  mean.high = -0.1;
  mean.layers = 2;
  mean.opposite = 1;
  comparison.summary.emplace_back("head_cosine.max_max.map", mean);
  answer.comparison = comparison;
  return answer;
}

std::string all_texts() {
  std::string text;
  for (const std::size_t width : {130, 60})
    text += "---- " + std::to_string(width) + " columns\n" +
            similarity_text(whole_answer(), width) + "\n";
  return text;
}

// VITLAB_APPROVE=1 writes the tables of today; the difference is for the reviewer.
TEST_CASE("the tables of similarity are those that were reviewed, wide and narrow", "[cli]") {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/similarity.txt";
  const std::string text = all_texts();
  if (std::getenv("VITLAB_APPROVE") != nullptr) std::ofstream(path) << text;
  CHECK(text == text_of(path));
}

TEST_CASE("no table of similarity is wider than the terminal, and none loses a column", "[cli]") {
  const std::string wide = similarity_text(whole_answer(), 0);
  for (const std::size_t width : {60, 80, 100}) {
    const std::string text = similarity_text(whole_answer(), width);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const bool is_sentence = line.starts_with("Without each head") || line.find(": ") < 20;
      if (is_sentence) continue;  // it wraps
      INFO(line);
      CHECK(core::display_width(line) <= width);
    }
    for (const char* heading : {"max_max.map", "95 % interval", "null", "random", "mean_max.map",
                                "max_max.output", "centred", "effective heads", "distance px"}) {
      CHECK_THAT(text, Catch::Contains(heading));
      CHECK_THAT(wide, Catch::Contains(heading));
    }
    CHECK_THAT(text, Catch::Contains("stages.1.layers.12"));
  }
}

TEST_CASE("a similarity without a measure has no column for it", "[cli]") {
  messages::SimilarityAnswer answer = similarity_answer();
  for (messages::LayerHeads& layer : answer.layers)
    std::erase_if(layer.metrics, [](const auto& row) { return row.first == "effective_heads"; });
  const std::string text = similarity_text(answer, 130);
  CHECK_THAT(text, !Catch::Contains("effective heads") && Catch::Contains("distance px") &&
                       !Catch::Contains("Without each head"));
}

}  // namespace
}  // namespace vitlab::cli
