#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/choice.h"
#include "core/config_reader.h"
#include "core/fields.h"
#include "core/json_fields.h"
#include "graph/dtype.h"

namespace vitlab::sweep {

/// What runs a model: vitlab's own executor, or a program that takes a file.
enum class Runtime : std::uint8_t { kLibtorch, kOnnxruntime, kTorchscript, kPt2 };
struct RuntimeRow {
  Runtime value;
  std::string_view word;
  std::string_view label;      // what results.csv calls the program
  std::string_view extension;  // of its files
};
inline constexpr std::array kRuntimes{
    RuntimeRow{Runtime::kLibtorch, "libtorch", "vitlab", ""},
    RuntimeRow{Runtime::kOnnxruntime, "onnxruntime", "onnxruntime", ".onnx"},
    RuntimeRow{Runtime::kTorchscript, "torchscript", "torchscript", ".pt"},
    RuntimeRow{Runtime::kPt2, "pt2", "pt2", ".pt2"}};
static_assert(core::is_whole(kRuntimes));
constexpr const auto& choice_rows(Runtime) { return kRuntimes; }
/// The runtime whose files end so.
std::optional<Runtime> runtime_of_extension(std::string_view extension);

/// How speed is measured; the initialisers are the documented defaults.
struct Protocol {
  std::string device = "cpu";  // cpu | cuda | cuda:N
  graph::Index threads = 1;
  graph::Index batch = 16;
  graph::Dtype dtype = graph::Dtype::kFloat32;  // one that is timed
  bool deploy = true;                           // batch norm folded, biases gathered
  double warmup_seconds = 1;
  double timed_seconds = 3;      // of each model, over all rounds
  graph::Index rounds = 3;       // models take turns so often, so that drift hits all alike
  graph::Index min_samples = 5;  // forwards timed per round at least
  Runtime runtime = Runtime::kLibtorch;
  /// Numbers below the normal range count as 0 (libtorch on a CPU). Else what a softmax makes of
  /// masked scores slows a model down by as much as its weights happen to say.
  bool flush_subnormals = false;

  friend bool operator==(const Protocol&, const Protocol&) = default;

  static constexpr auto fields() {
    return std::tuple{core::optional("device", &Protocol::device),
                      core::optional("threads", &Protocol::threads),
                      core::optional("batch", &Protocol::batch),
                      core::optional("dtype", &Protocol::dtype),
                      core::optional("deploy", &Protocol::deploy),
                      core::optional("warmup_seconds", &Protocol::warmup_seconds),
                      core::optional("timed_seconds", &Protocol::timed_seconds),
                      core::optional("rounds", &Protocol::rounds),
                      core::optional("min_samples", &Protocol::min_samples),
                      core::optional("runtime", &Protocol::runtime),
                      core::optional("flush_subnormals", &Protocol::flush_subnormals)};
  }
};

/// What results.csv calls the program and form that computed: "vitlab" for LibTorch, else the
/// runtime; "-eager" behind it where the model was not in its deploy form.
std::string runtime_label(const Protocol& protocol);

/// One protocol; lists of settings that make several are a problem at their place.
Protocol read_protocol(core::ConfigReader& reader);
/// Every combination where batch, threads, deploy, dtype or runtime are lists, or batch is
/// {powers_of_two_up_to: N}: the last of these settings changes fastest, equal ones come once.
std::vector<Protocol> read_protocols(core::ConfigReader& reader);
/// Settings that equal their defaults are left out, which is what is hashed, unless asked for.
core::Json protocol_json(const Protocol& protocol, bool with_defaults = false);
/// Reads what a message holds as strictly as a file; throws UserError with the place.
void from_json_form(const core::Json& json, const core::JsonPlace& place, Protocol& protocol);

}  // namespace vitlab::sweep
