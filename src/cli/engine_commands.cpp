#include "cli/engine_commands.h"

#include <filesystem>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/names.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "interop/name_map.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace fs = std::filesystem;

void ModelWords::declare(Arguments& arguments, const TakenWords& taken) {
  arguments.positional("model", "a preset name, a YAML file or a folder", reference);
  arguments.repeated("--set", "key=value: turn a knob of the template", overrides);
  if (taken.weights) {
    arguments.option("--weights",
                     "safetensors, or a PyTorch checkpoint (default: the folder's, else random)",
                     weights);
    arguments.option("--layout",
                     "names inside --weights: vitlab, timm or official (default: found out)",
                     layout);
    arguments.flag("--ema", "of two sets of weights in --weights take the moving average", ema);
    arguments.flag("--no-ema", "take the raw weights (default: the average, as timm)", no_ema);
    arguments.option("--seed", "of random weights", seed, Bounds{0});
  }
  if (taken.device) arguments.option("--device", "cpu (default), cuda or cuda:N", device);
  if (taken.threads) arguments.option("--threads", "threads inside one op", threads, Bounds{1});
  if (taken.dtype) arguments.option("--dtype", "float32 (default), float64 or bfloat16", dtype);
  if (taken.deploy) arguments.flag("--deploy", "fold batch norms, gather biases once", deploy);
  arguments.flag("--json", "print JSON", json);
}

graph::Dtype ModelWords::numbers() const {
  const auto found = core::find_choice<graph::Dtype>(dtype);
  if (!found || !core::choice_row(*found).runs)
    core::refuse_word("--dtype", dtype, graph::dtype_words(&graph::DtypeRow::runs));
  return *found;
}

messages::RunnableModel ModelWords::runnable() const {
  const architecture::NamedModel model = architecture::resolve_model(reference, overrides);
  messages::RunnableModel runnable;
  runnable.model = {model.name, model.spec};
  if (!layout.empty()) runnable.layout = interop::layout_from_name(layout);
  if (ema && no_ema) throw core::UserError("--ema and --no-ema are opposites; name one");
  if (ema || no_ema) runnable.ema = ema ? interop::EmaChoice::kEma : interop::EmaChoice::kRaw;
  runnable.device = device;
  runnable.dtype = numbers();
  runnable.threads = threads;
  runnable.seed = static_cast<std::uint64_t>(seed);
  runnable.deploy = deploy;
  if (!weights.empty()) {
    if (!fs::exists(weights)) throw core::UserError("--weights " + weights + " does not exist");
    runnable.weights = weights;
  } else if (!model.folder.empty() && fs::exists(model.folder / "model.safetensors")) {
    runnable.weights = model.folder / "model.safetensors";
  }
  return runnable;
}

core::Json document_of(const std::string& command, const core::Json& payload) {
  core::Json document = json_document(command);
  document.update(payload);
  return document;
}

void check_output_folder(const std::string& out, bool replace) {
  if (out.empty()) throw core::UserError("--out names no folder");
  if (fs::exists(out) && !fs::is_directory(out))
    throw core::UserError("--out " + out + " is a file");
  if (!replace && fs::is_directory(out) && !fs::is_empty(out))
    throw core::UserError("--out " + out + " is not empty; name another folder or remove it");
}

std::string spread(const messages::Spread& series, const std::string& unit) {
  return core::significant(series.median, 4) + " " + unit + " (p5 " +
         core::significant(series.p5, 4) + ", p95 " + core::significant(series.p95, 4) + ", " +
         std::to_string(series.samples) + " samples)";
}

core::ExitCode run_train(const std::vector<std::string>& words) {
  ModelWords model;
  std::string data, recipe = "configs/train/quick.yaml", start, layout, out;
  std::int64_t loader_threads = 1;
  bool skip_broken = false, force = false;
  Arguments arguments(
      "train", "Train a model; the same command again resumes from the last checkpoint.",
      {"vitlab train efficientvit_m0 --set image_size=32 --set stem_stride=4 --set classes=10 "
       "--data digits --recipe configs/train/quick.yaml --out results/m0_digits",
       "vitlab train results/m0_pruned --start results/m0_pruned/model.safetensors --data digits "
       "--out results/m0_tuned"});
  model.declare(arguments, {.weights = false, .threads = false, .dtype = false, .deploy = false});
  arguments.option("--seed", "of weights, order, augmentation", model.seed, Bounds{0});
  arguments.option("--data", kDataHelp, data, true);
  arguments.option("--recipe", "a recipe file (default: configs/train/quick.yaml)", recipe);
  arguments.option("--start", "weights to go on from (default: fresh ones)", start);
  arguments.option("--layout",
                   "names inside --start: vitlab, timm or official (default: found out)", layout);
  arguments.option("--out", "the folder to write", out, true);
  arguments.option("--loader-threads", "threads that prepare batches", loader_threads);
  arguments.flag("--skip-broken", kSkipBrokenHelp, skip_broken);
  arguments.flag("--force", "replace what another training left in --out", force);
  arguments.parse(words);
  check_output_folder(out, true);
  if (!start.empty() && !fs::exists(start))
    throw core::UserError("--start " + start + " does not exist");
  const messages::RunnableModel runnable = model.runnable();
  messages::TrainRequest request;
  request.model = runnable.model;
  request.device = runnable.device;
  request.seed = runnable.seed;
  request.data = data::canonical_text(data::parse_data_spec(data));
  request.recipe = sweep::load_recipe(recipe);
  request.out = out;
  request.start = start;
  request.loader_threads = loader_threads;
  if (!layout.empty()) request.layout = interop::layout_from_name(layout);
  request.skip_broken = skip_broken;
  request.force = force;
  const messages::TrainAnswer answer = ask_engine(request, "train");
  if (model.json) {
    print_json(document_of("train", answer));
  } else {
    std::string text =
        answer.was_done ? out + " holds this training, done\n" : "wrote " + out + "\n";
    const core::Json json = core::to_json(answer);
    for (const auto& [key, value] : json.items())
      if (value.is_primitive())
        text += key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    print_text(text);
    for (const std::string& note : answer.notes) log_line("note: " + core::printable(note));
  }
  return answer.state == messages::TrainState::kDone ? core::ExitCode::kDone
                                                     : core::ExitCode::kSomeFailed;
}

namespace {

/// A line an image: its likeliest classes.
std::string told_text(const messages::ForwardAnswer& answer) {
  std::string text;
  for (const messages::ToldImage& image : answer.told) {
    text += core::printable(image.file) + ":";
    for (const messages::ToldClass& row : image.top)
      text += " " + core::printable(row.name) + " " + core::significant(100 * row.probability, 3) +
              " %" + (&row == &image.top.back() ? "\n" : ",");
  }
  if (answer.preprocessing)
    text += "prepared by: " + architecture::preprocessing_text(*answer.preprocessing) + "\n";
  return text;
}

}  // namespace

core::ExitCode run_forward(const std::vector<std::string>& words) {
  ModelWords model;
  messages::ForwardRequest request;
  std::string input, output;
  Arguments arguments(
      "forward", "Run a model on image files, or on images of a safetensors file.",
      {"vitlab forward results/m0_photos --image cup.jpg --image tent.png",
       "vitlab forward efficientvit_m0 --weights m0.safetensors --layout timm --input "
       "x.safetensors --output y.safetensors"});
  model.declare(arguments, {});
  arguments.repeated("--image", "an image file; its likeliest classes are told", request.images);
  arguments.option("--input", "safetensors with tensor `input` (N, C, H, W)", input);
  arguments.option("--output", "safetensors to write: `logits`", output);
  arguments.flag("--taps", "add each attention map as <layer>.attention", request.taps);
  arguments.parse(words);
  if (input.empty() == request.images.empty())
    throw core::UserError("forward needs images: either --image FILE or --input FILE.safetensors");
  if (!input.empty() && output.empty())
    throw core::UserError("--input needs --output: the file that logits are written to");
  if (!input.empty() && !fs::exists(input))
    throw core::UserError("--input " + input + " does not exist");
  static_cast<messages::RunnableModel&>(request) = model.runnable();
  request.input = input;
  request.output = output;
  const messages::ForwardAnswer answer = lab::EngineProcesses().answer(request);
  if (model.json)
    print_json(document_of("forward", core::to_json(answer)));
  else
    print_text(told_text(answer) +
               (output.empty()
                    ? ""
                    : "wrote " + output + " (" + std::to_string(answer.images) + " images)\n"));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
