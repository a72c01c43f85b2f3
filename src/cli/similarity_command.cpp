#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/similarity_output.h"
#include "cli/similarity_text.h"
#include "core/error.h"
#include "core/files.h"
#include "core/names.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "sweep/named_config.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::cli {

namespace {

/// The words of `vitlab similarity` besides those of every command with tensors.
struct SimilarityWords {
  ModelWords model;
  ModelWords other;  // what --against names
  std::string input, data, metrics = "core", out, show;
  std::int64_t images = 0, control = 0;
  bool skip_broken = false;
  bool ablate = false, cross_layer = false, layer_cka = false;

  void parse(const std::vector<std::string>& words);
  messages::SimilarityRequest request() const;

 private:
  sweep::SimilaritySettings settings() const;
};

void SimilarityWords::parse(const std::vector<std::string>& words) {
  Arguments arguments(
      "similarity", "How much the attention heads of each layer repeat each other.",
      {"vitlab similarity results/m0_digits --data digits",
       "vitlab similarity results/m0_digits --data digits --metrics all --control 2 --ablate",
       "vitlab similarity results/with_splits --against results/without_splits --data digits "
       "--out results/splits --show 0,3"});
  model.declare(arguments, {});
  arguments.option("--input", "safetensors with tensor `input` (N, C, H, W)", input);
  arguments.option("--data", "a data set, whose test images are used", data);
  arguments.flag("--skip-broken", kSkipBrokenHelp, skip_broken);
  arguments.option("--images", "how many images (default 256)", images, Bounds{1});
  arguments.option("--metrics", "core (default), all, or measures: name,name", metrics);
  arguments.option("--control", "number of randomly initialised controls (default 0)", control,
                   Bounds{0, 100});
  arguments.flag("--ablate", "loss and accuracy without each head, and with each alone", ablate);
  arguments.flag("--cross-layer", "cosine of maps between layers with maps of one size",
                 cross_layer);
  arguments.flag("--layer-cka", "CKA between what layers give out", layer_cka);
  arguments.option("--against", "another model: differences, layer by layer, on the same images",
                   other.reference);
  arguments.option("--against-weights", "its weights (default: its folder's, else random)",
                   other.weights);
  arguments.option("--against-layout", "the layout of its weights", other.layout);
  arguments.repeated("--against-set", "key=value: turn a knob of its template", other.overrides);
  arguments.option("--out", "a folder to write: tables, drawings and a page", out);
  arguments.option("--show", "numbers of images whose attention maps are drawn: 0,3,7", show);
  arguments.section(measures_text());
  arguments.parse(words);
}

/// The parts between commas that are not empty.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words = core::split_list(text);
  std::erase(words, "");
  return words;
}

std::vector<graph::Index> numbers_of(const std::string& text) {
  std::vector<graph::Index> numbers;
  for (const std::string& part : words_of(text)) {
    const bool is_number = part.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || part.size() > 9)
      throw core::UserError("--show " + text + ": write numbers of images, such as 0,3,7");
    numbers.push_back(std::stoll(part));
  }
  return numbers;
}

sweep::SimilaritySettings SimilarityWords::settings() const {
  sweep::SimilaritySettings settings;
  if (images != 0) settings.images = images;
  settings.control = control;
  settings.ablate = ablate;
  settings.metrics = sweep::chosen_measures(words_of(metrics));
  return settings;
}

messages::SimilarityRequest SimilarityWords::request() const {
  if (input.empty() == data.empty()) throw core::UserError("name either --input or --data");
  if (ablate && data.empty())
    throw core::UserError("--ablate needs labels: name a data set with --data");
  if (!show.empty() && out.empty())
    throw core::UserError("--show draws into a folder: name it by --out");
  messages::SimilarityRequest request{model.runnable(), settings()};
  request.cross_layer = cross_layer;
  request.layer_cka = layer_cka;
  request.show = numbers_of(show);
  if (!other.reference.empty()) {
    ModelWords against = other;
    against.device = model.device;
    against.dtype = model.dtype;
    against.threads = model.threads;
    against.seed = model.seed;
    against.deploy = model.deploy;
    request.against = against.runnable();
  } else if (!other.weights.empty() || !other.overrides.empty()) {
    throw core::UserError(
        "--against-weights and --against-set are of the model that --against names");
  }
  if (!input.empty()) {
    if (!std::filesystem::exists(input))
      throw core::UserError("--input " + input + " does not exist");
    request.input = input;
  } else {
    request.data = data::canonical_text(data::parse_data_spec(data));
    request.skip_broken = skip_broken;
  }
  return request;
}

}  // namespace

core::ExitCode run_similarity(const std::vector<std::string>& words) {
  SimilarityWords given;
  given.parse(words);
  messages::SimilarityRequest request = given.request();
  std::unique_ptr<core::StagedFolder> folder;
  if (!given.out.empty()) {
    check_output_folder(given.out, false);
    folder = std::make_unique<core::StagedFolder>(given.out, true);
    request.folder = folder->path();
  }
  const messages::SimilarityAnswer result = ask_engine(request, "similarity");
  if (folder) {
    write_similarity_output(result, folder->path());
    folder->commit();
  }
  if (given.model.json)
    print_json(document_of("similarity", core::to_json(result)));
  else
    print_text(similarity_text(result, output_width()) +
               (folder ? "wrote " + given.out + "\n" : ""));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
