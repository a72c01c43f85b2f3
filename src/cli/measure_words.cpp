#include "cli/measure_words.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

graph::Index whole_number(std::string_view text, const std::string& option) {
  constexpr graph::Index kMost = 1'000'000;
  graph::Index value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > kMost)
    throw core::UserError(option +
                          " takes whole numbers from 1 to 1,000,000, as in 1,2,8 or 1..256, got " +
                          core::quoted_clip(text));
  return value;
}

/// The runtime of a file that is measured as it is; nothing for anything else.
std::optional<sweep::Runtime> runtime_of_file(const std::string& reference) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(reference, ignored)) return std::nullopt;
  return sweep::runtime_of_extension(std::filesystem::path(reference).extension().string());
}

/// What the words say instead of the file, for each of its protocols.
std::vector<sweep::Protocol> with_words(const MeasureWords& words,
                                        const sweep::Protocol& protocol) {
  core::Json json = sweep::protocol_json(protocol, true);
  if (!words.device.empty()) json["device"] = words.device;
  if (!words.dtypes.empty()) json["dtype"] = core::split_list(words.dtypes);
  if (!words.threads.empty()) json["threads"] = whole_numbers(words.threads, "--threads");
  if (!words.batches.empty()) json["batch"] = whole_numbers(words.batches, "--batch");
  if (!words.runtimes.empty()) json["runtime"] = core::split_list(words.runtimes);
  if (words.deploy) json["deploy"] = true;
  if (words.eager) json["deploy"] = false;
  return sweep::protocols_from_json(json, "the words of measure");
}

void add_new(std::vector<sweep::Protocol>& protocols, const sweep::Protocol& protocol) {
  if (std::find(protocols.begin(), protocols.end(), protocol) == protocols.end())
    protocols.push_back(protocol);
}

/// A file has one runtime, form and dtype, whatever the protocol says of them.
std::vector<sweep::Protocol> for_file(const std::vector<sweep::Protocol>& protocols,
                                      sweep::Runtime runtime) {
  std::vector<sweep::Protocol> own;
  for (sweep::Protocol protocol : protocols) {
    protocol.runtime = runtime;
    protocol.deploy = true;
    protocol.dtype = graph::Dtype::kFloat32;
    add_new(own, protocol);
  }
  return own;
}

}  // namespace

std::vector<graph::Index> whole_numbers(const std::string& text, const std::string& option) {
  std::vector<graph::Index> numbers;
  for (const std::string& item : core::split_list(text)) {
    const std::size_t dots = item.find("..");
    if (dots == std::string::npos) {
      numbers.push_back(whole_number(item, option));
      continue;
    }
    const graph::Index first = whole_number(item.substr(0, dots), option);
    const graph::Index last = whole_number(item.substr(dots + 2), option);
    if (first > last)
      throw core::UserError(option + " " + core::quoted_clip(item) + " runs downwards");
    for (graph::Index value = first; value < last; value *= 2) numbers.push_back(value);
    numbers.push_back(last);
  }
  return numbers;
}

void MeasureWords::declare(Arguments& arguments) {
  arguments.positionals("models", "preset names, YAML files, folders; .onnx, .pt and .pt2 files",
                        references);
  arguments.repeated("--set", "key=value: turn a knob of every template", overrides);
  arguments.option("--protocol", "a protocol file (default: configs/measure/quick.yaml)", protocol);
  arguments.option("--batch", "instead of the file's: 1,2,8 or 1..256 (doubling)", batches);
  arguments.option("--threads", "instead of the file's: 1,2,4 or 1..16 (doubling)", threads);
  arguments.option("--runtime", "instead of the file's: libtorch,onnxruntime,torchscript",
                   runtimes);
  arguments.option("--dtype", "instead of the file's: float32,bfloat16", dtypes);
  arguments.option("--device", "instead of the file's: cpu, cuda or cuda:N", device);
  arguments.flag("--deploy", "in the deploy form, whatever the file says", deploy);
  arguments.flag("--eager", "batch norms not folded, whatever the file says", eager);
  arguments.option("--until", "more rounds until each median is known to ± this share (0.01)",
                   until);
  arguments.option("--image-size", "of files that do not say it", image_size, Bounds{1});
  arguments.flag("--json", "print JSON", json);
}

messages::MeasureRequest MeasureWords::request() const {
  if (deploy && eager)
    throw core::UserError("--deploy and --eager are opposites; give one of them");
  if (until < 0 || until >= 1)
    throw core::UserError("--until must lie between 0 and 1, as in 0.01");
  std::vector<sweep::Protocol> protocols;
  for (const sweep::Protocol& of_file : sweep::load_protocols(protocol))
    for (const sweep::Protocol& one : with_words(*this, of_file)) add_new(protocols, one);
  messages::MeasureRequest request;
  request.until = until;
  for (const std::string& reference : references) {
    const auto runtime = runtime_of_file(reference);
    messages::MeasureCandidate candidate;
    if (!runtime) {
      const architecture::NamedModel model = architecture::resolve_model(reference, overrides);
      candidate.name = model.name;
      candidate.spec = model.spec;
    } else {
      candidate.name = std::filesystem::path(reference).filename().string();
      candidate.file = std::filesystem::absolute(reference);
      candidate.image_size = image_size;
    }
    for (const sweep::Protocol& one : runtime ? for_file(protocols, *runtime) : protocols) {
      candidate.protocol = one;
      request.candidates.push_back(candidate);
    }
  }
  return request;
}

}  // namespace vitlab::cli
