#include "cli/similarity_text.h"

#include <cstdlib>
#include <sstream>

#include "core/text.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

core::Json metric(double value, bool has_all = true) {
  core::Json json{
      {"value", value}, {"low", value - 0.0125}, {"high", value + 0.0125}, {"null", nullptr}};
  if (has_all) {
    json["null"] = value - 0.25;
    json["control"] = {{"value", 0.998}, {"low", nullptr}, {"high", nullptr}};
  }
  return json;
}

/// What `similarity --json` prints, of two layers; the second sees few tokens.
core::Json similarity_document() {
  core::Json document{{"model", "m"}, {"weights", "results/m/model.safetensors"}, {"images", 256}};
  for (const double more : {0.0, 0.125}) {
    core::Json layer{{"layer", more == 0 ? "stages.0.layers.2" : "stages.1.layers.12"},
                     {"heads", 4}};
    layer["metrics"]["head_cosine.max_max.map"] = metric(0.625 + more);
    layer["metrics"]["head_cosine.mean_max.map"] = metric(0.5 + more);
    layer["metrics"]["head_cosine.mean_mean.map"] = metric(0.375 + more);
    if (more == 0) layer["metrics"]["head_cosine.max_max.output"] = metric(0.3125, false);
    layer["metrics"]["centred_cosine.max_max.map"] = metric(0.25 + more);
    layer["metrics"]["effective_heads"] = metric(3.5 - more, false);
    layer["metrics"]["attention_distance.mean"] = metric(11.5, false);
    if (more > 0) layer["note"] = "4 tokens or fewer: any two maps are alike";
    document["layers"].push_back(layer);
  }
  return document;
}

core::Json whole_document() {
  core::Json document = similarity_document();
  document["ablation"] = {{"images", 256}, {"loss", 0.25}, {"top1", 0.9375}};
  for (const char* layer : {"stages.0.layers.2", "stages.1.layers.12"}) {
    const core::Json change{{"loss_change", 0.0625}, {"top1_change", -0.015625}};
    document["ablation"]["layers"].push_back(
        {{"layer", layer}, {"heads", {{{"head", 0}, {"removed", change}, {"left", change}}}}});
  }
  document["comparison"] = {{"against", "without"}, {"sentence", "Heads of m are less alike."}};
  document["comparison"]["summary"]["head_cosine.max_max.map"] = {
      {"difference", -0.125}, {"low", -0.15}, {"high", -0.1}, {"layers", 2}, {"opposite", 1}};
  return document;
}

std::string all_texts() {
  std::string text;
  for (const std::size_t width : {130, 60})
    text += "---- " + std::to_string(width) + " columns\n" +
            similarity_text(whole_document(), width) + "\n";
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
  const std::string wide = similarity_text(whole_document(), 0);
  for (const std::size_t width : {60, 80, 100}) {
    const std::string text = similarity_text(whole_document(), width);
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
  core::Json document = similarity_document();
  for (core::Json& layer : document["layers"]) layer["metrics"].erase("effective_heads");
  const std::string text = similarity_text(document, 130);
  CHECK_THAT(text, !Catch::Contains("effective heads") && Catch::Contains("distance px") &&
                       !Catch::Contains("Without each head"));
}

}  // namespace
}  // namespace vitlab::cli
