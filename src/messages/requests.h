#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/choice.h"
#include "interop/torch_checkpoint.h"
#include "messages/answers.h"
#include "messages/evaluate_answer.h"
#include "messages/export_answer.h"
#include "messages/forms.h"
#include "messages/measure_answer.h"
#include "messages/profile_answer.h"
#include "messages/prune_answer.h"
#include "messages/similarity_answer.h"
#include "messages/train_answer.h"
#include "sweep/analysis_settings.h"
#include "sweep/protocol.h"
#include "sweep/recipe.h"

namespace vitlab::messages {

/// A model by name, written out layer by layer.
struct Model {
  std::string name;
  architecture::ModelSpec spec;

  bool operator==(const Model&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("name", &Model::name), core::required("spec", &Model::spec)};
  }
};

/// A model and the file that its weights come from.
struct WeightedModel {
  Model model;
  std::filesystem::path weights;                       // empty: drawn
  std::optional<interop::WeightLayout> layout;         // of the names in that file; none: found out
  interop::EmaChoice ema = interop::EmaChoice::kAuto;  // of two sets of weights in that file

  bool operator==(const WeightedModel&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("model", &WeightedModel::model),
                      core::optional("weights", &WeightedModel::weights),
                      core::optional("layout", &WeightedModel::layout),
                      core::optional("ema", &WeightedModel::ema)};
  }
};

/// A model that is to run: where, in which numbers and in which form.
struct RunnableModel : WeightedModel {
  std::string device = "cpu";
  graph::Dtype dtype = graph::Dtype::kFloat32;
  std::int64_t threads = 1;
  std::uint64_t seed = 0;  // of weights that are drawn, and of what else a request draws
  bool deploy = false;     // batch norms folded

  bool operator==(const RunnableModel&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(WeightedModel::fields(),
                          std::tuple{core::optional("device", &RunnableModel::device),
                                     core::optional("dtype", &RunnableModel::dtype),
                                     core::optional("threads", &RunnableModel::threads),
                                     core::optional("seed", &RunnableModel::seed),
                                     core::optional("deploy", &RunnableModel::deploy)});
  }
};

/// The output of a model for given images.
struct ForwardRequest : RunnableModel {
  static constexpr std::string_view kWord = "forward";
  using Answer = ForwardAnswer;

  std::filesystem::path input;      // with a tensor `input`; empty: `images` are read
  std::vector<std::string> images;  // files, prepared as the weights say
  std::filesystem::path output;     // is written; empty: nothing is
  bool taps = false;                // attention maps too

  static constexpr auto fields() {
    return std::tuple_cat(RunnableModel::fields(),
                          std::tuple{core::optional("input", &ForwardRequest::input),
                                     core::optional("images", &ForwardRequest::images),
                                     core::optional("output", &ForwardRequest::output),
                                     core::optional("taps", &ForwardRequest::taps)});
  }
};

/// A training, or the rest of one whose checkpoints lie in `out`.
struct TrainRequest {
  static constexpr std::string_view kWord = "train";
  using Answer = TrainAnswer;

  Model model;
  std::string data;  // the grammar of data/data_spec.h
  sweep::Recipe recipe;
  std::filesystem::path out;
  std::filesystem::path start;                  // weights to go on from; empty: drawn
  std::optional<interop::WeightLayout> layout;  // of the names in `start`; none: found out
  std::string device = "cpu";
  std::uint64_t seed = 0;
  std::int64_t loader_threads = 0;
  bool skip_broken = false;  // images that do not decode are left out
  bool force = false;        // replace what another training left in `out`

  static constexpr auto fields() {
    return std::tuple{core::required("model", &TrainRequest::model),
                      core::required("data", &TrainRequest::data),
                      core::required("recipe", &TrainRequest::recipe),
                      core::required("out", &TrainRequest::out),
                      core::optional("start", &TrainRequest::start),
                      core::optional("layout", &TrainRequest::layout),
                      core::optional("device", &TrainRequest::device),
                      core::optional("seed", &TrainRequest::seed),
                      core::optional("loader_threads", &TrainRequest::loader_threads),
                      core::optional("skip_broken", &TrainRequest::skip_broken),
                      core::optional("force", &TrainRequest::force)};
  }
};

/// Where the time of a model goes, op by op, and how that differs from another's.
struct ProfileRequest : WeightedModel {
  static constexpr std::string_view kWord = "profile";
  using Answer = ProfileAnswer;

  sweep::Protocol protocol;
  std::filesystem::path trace;  // a Chrome trace of one forward; empty: none
  std::optional<WeightedModel> against;

  static constexpr auto fields() {
    return std::tuple_cat(WeightedModel::fields(),
                          std::tuple{core::required("protocol", &ProfileRequest::protocol),
                                     core::optional("trace", &ProfileRequest::trace),
                                     core::optional("against", &ProfileRequest::against)});
  }
};

/// What is timed beside others: a model with drawn weights, or a file of another runtime.
struct MeasureCandidate {
  std::string name;
  std::optional<architecture::ModelSpec> spec;
  std::filesystem::path file;
  std::int64_t image_size = 0;  // of a file that does not say it
  sweep::Protocol protocol;

  bool operator==(const MeasureCandidate&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("name", &MeasureCandidate::name),
                      core::optional("spec", &MeasureCandidate::spec),
                      core::optional("file", &MeasureCandidate::file),
                      core::optional("image_size", &MeasureCandidate::image_size),
                      core::required("protocol", &MeasureCandidate::protocol)};
  }
};

/// Speeds of candidates that take turns.
struct MeasureRequest {
  static constexpr std::string_view kWord = "measure";
  using Answer = MeasureAnswer;

  std::vector<MeasureCandidate> candidates;
  std::uint64_t reference = 0;  // the candidate that ratios are over
  double until = 0;             // more rounds until medians are known to ± this share; 0: no more

  static constexpr auto fields() {
    return std::tuple{core::required("candidates", &MeasureRequest::candidates),
                      core::optional("reference", &MeasureRequest::reference),
                      core::optional("until", &MeasureRequest::until)};
  }
};

/// A model that a predictor learns from.
struct SampleCandidate : Model {
  bool isolated = false;  // each op on its own too

  bool operator==(const SampleCandidate&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(Model::fields(),
                          std::tuple{core::optional("isolated", &SampleCandidate::isolated)});
  }
};

/// Times of many models and their ops, each beside a reference; a Sample event for each.
struct SampleRequest {
  static constexpr std::string_view kWord = "sample";
  using Answer = SampleAnswer;

  sweep::Protocol protocol;
  Model reference;
  std::vector<SampleCandidate> candidates;

  static constexpr auto fields() {
    return std::tuple{core::required("protocol", &SampleRequest::protocol),
                      core::required("reference", &SampleRequest::reference),
                      core::required("candidates", &SampleRequest::candidates)};
  }
};

/// How much the attention heads of a model repeat each other, on a tensor `input` or a data set.
struct SimilarityRequest : RunnableModel {
  static constexpr std::string_view kWord = "similarity";
  using Answer = SimilarityAnswer;

  sweep::SimilaritySettings settings;
  std::filesystem::path input;  // with a tensor `input`; empty: `data` is looked at
  std::string data;
  bool skip_broken = false;  // images that do not decode are left out
  bool cross_layer = false;
  bool layer_cka = false;
  std::vector<std::int64_t> show;  // numbers of images whose attention is drawn
  std::filesystem::path folder;    // where that is drawn
  std::optional<RunnableModel> against;

  static constexpr auto fields() {
    return std::tuple_cat(RunnableModel::fields(),
                          std::tuple{core::required("settings", &SimilarityRequest::settings),
                                     core::optional("input", &SimilarityRequest::input),
                                     core::optional("data", &SimilarityRequest::data),
                                     core::optional("skip_broken", &SimilarityRequest::skip_broken),
                                     core::optional("cross_layer", &SimilarityRequest::cross_layer),
                                     core::optional("layer_cka", &SimilarityRequest::layer_cka),
                                     core::optional("show", &SimilarityRequest::show),
                                     core::optional("folder", &SimilarityRequest::folder),
                                     core::optional("against", &SimilarityRequest::against)});
  }
};

/// A model cut to a budget, with its accuracy and speed before and after.
struct PruneRequest : RunnableModel {
  static constexpr std::string_view kWord = "prune";
  using Answer = PruneAnswer;

  sweep::PruneSettings settings;
  std::string data;
  bool skip_broken = false;  // images that do not decode are left out
  sweep::Recipe recipe;      // of fine-tuning
  std::optional<sweep::Protocol> protocol;
  bool measure_rounded = false;  // sizes at multiples too
  std::filesystem::path out;

  static constexpr auto fields() {
    return std::tuple_cat(
        RunnableModel::fields(),
        std::tuple{core::required("settings", &PruneRequest::settings),
                   core::required("data", &PruneRequest::data),
                   core::optional("skip_broken", &PruneRequest::skip_broken),
                   core::required("recipe", &PruneRequest::recipe),
                   core::optional("protocol", &PruneRequest::protocol),
                   core::optional("measure_rounded", &PruneRequest::measure_rounded),
                   core::required("out", &PruneRequest::out)});
  }
};

/// How well weights answer on a split of a data set.
struct EvaluateRequest : RunnableModel {
  static constexpr std::string_view kWord = "evaluate";
  using Answer = EvaluateAnswer;

  std::string data;  // the grammar of data/data_spec.h
  data::Split split = data::Split::kTest;
  std::int64_t batch = 64;
  bool skip_broken = false;  // images that do not decode are left out

  static constexpr auto fields() {
    return std::tuple_cat(RunnableModel::fields(),
                          std::tuple{core::required("data", &EvaluateRequest::data),
                                     core::optional("split", &EvaluateRequest::split),
                                     core::optional("batch", &EvaluateRequest::batch),
                                     core::optional("skip_broken", &EvaluateRequest::skip_broken)});
  }
};

/// A model and its weights for other programs.
struct ExportRequest : RunnableModel {
  static constexpr std::string_view kWord = "export";
  using Answer = ExportAnswer;

  std::vector<std::string> formats;  // names of interop/export_formats.h
  std::optional<ExportForm> form;    // none: each format's own
  std::int64_t opset = 18;           // of ONNX
  bool census = false;               // count the ops of the ONNX file
  std::filesystem::path out;
  std::string words;  // the command, for the card that is written

  static constexpr auto fields() {
    return std::tuple_cat(RunnableModel::fields(),
                          std::tuple{core::required("formats", &ExportRequest::formats),
                                     core::optional("form", &ExportRequest::form),
                                     core::optional("opset", &ExportRequest::opset),
                                     core::optional("census", &ExportRequest::census),
                                     core::required("out", &ExportRequest::out),
                                     core::optional("words", &ExportRequest::words)});
  }
};

/// What this machine offers.
struct DoctorRequest {
  static constexpr std::string_view kWord = "doctor";
  using Answer = DoctorAnswer;

  bool roofs = false;  // measured too

  static constexpr auto fields() {
    return std::tuple{core::optional("roofs", &DoctorRequest::roofs)};
  }
};

/// One worker of a sweep: it tries the stages of one phase of a plan until nothing is left to do.
struct WorkRequest {
  static constexpr std::string_view kWord = "work";
  using Answer = WorkAnswer;

  std::filesystem::path store;
  std::string plan;  // hash in the store
  bool timed = false;
  std::int64_t attempts = 3;  // that fail before a stage is given up
  bool retry_failed = false;  // failures before this request do not count
  std::string run;            // only losses of this run count
  std::int32_t worker = 0;

  static constexpr auto fields() {
    return std::tuple{core::required("store", &WorkRequest::store),
                      core::required("plan", &WorkRequest::plan),
                      core::required("timed", &WorkRequest::timed),
                      core::required("attempts", &WorkRequest::attempts),
                      core::optional("retry_failed", &WorkRequest::retry_failed),
                      core::optional("run", &WorkRequest::run),
                      core::optional("worker", &WorkRequest::worker)};
  }
};

/// What vitlab-engine is asked, one JSON object told apart by the word under "command". `Answer` of
/// each is what its result holds; core::Json where nothing but its writer has the list of it.
using Request = std::variant<ForwardRequest, TrainRequest, ProfileRequest, MeasureRequest,
                             SampleRequest, SimilarityRequest, PruneRequest, EvaluateRequest,
                             ExportRequest, DoctorRequest, WorkRequest>;

core::Json request_json(const Request& request);
/// Throws UserError with the place for what no request has: request.recipee is not known; did you
/// mean 'recipe'?
Request request_from_json(core::Json json);

}  // namespace vitlab::messages
