#include <filesystem>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/similarity_text.h"
#include "core/error.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "sweep/named_config.h"
#include "sweep/similarity_metrics.h"

namespace vitlab {

namespace {

/// The words of `vitlab similarity` besides those of every command with tensors.
struct SimilarityWords {
  ModelWords model;
  std::string input, data, metrics = "core";
  std::int64_t images = 0, control = 0;
  bool ablate = false;

  void parse(const std::vector<std::string>& words);
  Json request() const;
};

void SimilarityWords::parse(const std::vector<std::string>& words) {
  Arguments arguments(
      "similarity", "How much the attention heads of each layer repeat each other.",
      {"vitlab similarity results/m0_digits --data digits",
       "vitlab similarity results/m0_digits --data digits --metrics all --control 2 --ablate",
       "vitlab similarity deit_tiny --weights deit.safetensors --layout timm "
       "--input images.safetensors --json"});
  model.declare(arguments, {});
  arguments.option("--input", "safetensors with tensor `input` (N, C, H, W)", input);
  arguments.option("--data", "a data set, whose test images are used", data);
  arguments.option("--images", "how many images (default 256)", images);
  arguments.option("--metrics", "core (default), all, or measures: name,name", metrics);
  arguments.option("--control", "models of random weights beside (default 0)", control);
  arguments.flag("--ablate", "loss and accuracy without each head, and with each alone", ablate);
  arguments.section(measures_text());
  arguments.parse(words);
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Json SimilarityWords::request() const {
  if (input.empty() == data.empty()) throw UserError("name either --input or --data");
  if (ablate && data.empty()) throw UserError("--ablate needs labels: name a data set with --data");
  SimilaritySettings settings;
  if (images != 0) settings.images = images;
  if (settings.images < 1) throw UserError("--images must be at least 1");
  if (control < 0 || control > 100) throw UserError("--control must lie in 0..100");
  settings.control = control;
  settings.metrics = chosen_measures(split_at_commas(metrics));
  Json request = model.request("similarity");
  request["settings"] = similarity_settings_json(settings);
  request["ablate"] = ablate;
  if (!input.empty()) {
    if (!std::filesystem::exists(input)) throw UserError("--input " + input + " does not exist");
    request["input"] = input;
  } else {
    request["data"] = canonical_text(parse_data_spec(data));
  }
  return request;
}

}  // namespace

ExitCode run_similarity(const std::vector<std::string>& words) {
  SimilarityWords given;
  given.parse(words);
  const Json result = ask_engine(given.request(), "similarity");
  if (given.model.json)
    print_json(document_of("similarity", result));
  else
    print_text(similarity_text(result, output_width()));
  return ExitCode::kDone;
}

}  // namespace vitlab
