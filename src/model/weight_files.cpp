#include "model/weight_files.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/names.h"
#include "core/text.h"
#include "interop/safetensors.h"
#include "interop/stored_tensor_file.h"
#include "model/position_tables.h"

namespace vitlab::model {

namespace {

constexpr std::array<std::pair<interop::StoredType, at::ScalarType>, 8> kTypes{
    {{interop::StoredType::kF64, at::kDouble},
     {interop::StoredType::kF32, at::kFloat},
     {interop::StoredType::kF16, at::kHalf},
     {interop::StoredType::kBF16, at::kBFloat16},
     {interop::StoredType::kI64, at::kLong},
     {interop::StoredType::kI32, at::kInt},
     {interop::StoredType::kU8, at::kByte},
     {interop::StoredType::kBool, at::kBool}}};

at::ScalarType tensor_type(interop::StoredType type) {
  for (const auto& [stored, scalar] : kTypes)
    if (stored == type) return scalar;
  core::ensure(false, "every stored type has a tensor type");
  return at::kFloat;
}

interop::StoredType stored_type(const NamedTensor& named) {
  for (const auto& [stored, scalar] : kTypes)
    if (scalar == named.tensor.scalar_type()) return stored;
  throw core::UserError("tensor " + core::quoted_clip(named.name) +
                        " has a dtype that files cannot hold");
}

at::Tensor tensor_of(const interop::StoredTensor& stored) {
  const bool is_truth = stored.type == interop::StoredType::kBool;
  const at::Tensor tensor =
      at::empty(stored.shape, is_truth ? at::kByte : tensor_type(stored.type));
  if (!stored.bytes.empty())
    std::memcpy(tensor.mutable_data_ptr(), stored.bytes.data(), stored.bytes.size());
  return is_truth ? tensor.ne(0) : tensor;  // a byte other than 0 and 1 is no C++ bool
}

std::string shape_text(at::IntArrayRef sizes) {
  std::string text = "(";
  for (std::size_t i = 0; i < sizes.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(sizes[i]);
  return text + ")";
}

core::IdVector<graph::ParameterId, std::string> own_names(const graph::Graph& graph) {
  core::IdVector<graph::ParameterId, std::string> names;
  for (const graph::ParameterId id : graph.parameters.ids())
    names.push_back(graph.parameter_name(id));
  return names;
}

/// Of each kind of problem a message shows at most this many: weights of another model have
/// hundreds.
constexpr std::size_t kShownProblems = 10;

/// Compares a file's tensors with those that a model needs and collects everything that does not
/// fit.
class WeightMatch {
 public:
  WeightMatch(const std::vector<NamedTensor>& tensors, const std::vector<WantedTensor>& wanted)
      : wanted_(wanted) {
    for (const NamedTensor& named : tensors) found_[named.name] = &named.tensor;
    std::set<std::string_view> names;
    for (const WantedTensor& each : wanted_) names.insert(each.name);
    for (const auto& [name, tensor] : found_)
      if (!names.contains(name)) extra_.push_back(name);
    for (const WantedTensor& each : wanted_) compare(each);
  }

  void throw_if_wrong(const std::string& source) const {
    const std::size_t problems = missing_.size() + misfits_.size() + extra_.size();
    if (problems == 0) return;
    throw core::UserError(
        source + " does not hold the weights of this model (" + std::to_string(problems) +
        " problems):" +
        lines(missing_, "missing",
              [&](const auto& name) {
                return "missing '" + name + "'" + core::did_you_mean(name, extra_);
              }) +
        lines(misfits_, "that do not fit", [](const auto& text) { return text; }) +
        lines(extra_, "extra",
              [&](const auto& name) {
                return "extra " + core::quoted_clip(name) + core::did_you_mean(name, missing_);
              }) +
        "\ncheck the model and the layout (--layout vitlab, timm or official)");
  }

  std::vector<at::Tensor> tensors(at::ScalarType dtype) const {
    std::vector<at::Tensor> result;
    for (const WantedTensor& each : wanted_)
      result.push_back(found_.at(each.name)->to(dtype).contiguous());
    return result;
  }

 private:
  void compare(const WantedTensor& wanted) {
    const std::string& name = wanted.name;
    const auto found = found_.find(name);
    if (found == found_.end()) {
      missing_.push_back(name);
      return;
    }
    const at::Tensor& tensor = *found->second;
    const at::IntArrayRef shape(wanted.shape.begin(),
                                static_cast<std::size_t>(wanted.shape.rank()));
    if (tensor.sizes() != shape)
      misfits_.push_back("'" + name + "' has shape " + shape_text(tensor.sizes()) +
                         ", the model needs " + shape_text(shape));
    else if (!tensor.is_floating_point())
      misfits_.push_back("'" + name + "' holds whole numbers, the model needs fractions");
  }

  /// A line each for the first problems of one kind, and one that counts the rest. Near names are
  /// sought for what is shown only, so that a file of many names costs no more than reading it.
  template <typename Text>
  static std::string lines(const std::vector<std::string>& problems, const std::string& kind,
                           const Text& text) {
    std::string result;
    const std::size_t shown = std::min(problems.size(), kShownProblems);
    for (std::size_t i = 0; i < shown; ++i) result += "\n  " + text(problems[i]);
    if (shown < problems.size())
      result += "\n  … and " + std::to_string(problems.size() - shown) + " more " + kind;
    return result;
  }

  std::map<std::string, const at::Tensor*> found_;
  const std::vector<WantedTensor>& wanted_;
  std::vector<std::string> missing_, misfits_, extra_;
};

}  // namespace

const at::Tensor& TensorFile::at(const std::string& name, const std::string& source) const {
  std::vector<std::string> known;
  for (const NamedTensor& named : tensors) {
    if (named.name == name) return named.tensor;
    known.push_back(named.name);
  }
  throw core::UserError(source + " has no tensor '" + name + "'" + core::did_you_mean(name, known));
}

TensorFile read_tensors(const std::filesystem::path& path, interop::EmaChoice ema) {
  const interop::StoredTensorFile file(path, ema);
  TensorFile result{{}, file.metadata(), file.title()};
  for (const interop::StoredTensor& stored : file.tensors()) {
    if (!interop::has_strides(stored.type, stored.shape))
      throw core::UserError(file.title() + ": tensor " + core::quoted_clip(stored.name) +
                            " has sizes too large to count");
    result.tensors.push_back({stored.name, tensor_of(stored)});
  }
  return result;
}

void write_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                   const interop::Metadata& metadata) {
  std::vector<at::Tensor> dense;  // keeps the bytes alive that `stored` points to
  std::vector<interop::StoredTensor> stored;
  for (const NamedTensor& named : tensors) {
    const at::Tensor& tensor = dense.emplace_back(named.tensor.detach().cpu().contiguous());
    stored.push_back({named.name,
                      stored_type(named),
                      tensor.sizes().vec(),
                      {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  core::write_file_atomically(path, interop::safetensors_bytes(std::move(stored), metadata));
}

interop::Metadata weight_metadata(const architecture::ModelSpec& spec,
                                  const architecture::TrainedOn& trained_on) {
  interop::Metadata metadata{{"format", "pt"},
                             {"vitlab.version", VITLAB_VERSION},
                             {kSpecKey, core::dump_json(architecture::spec_json(spec))}};
  if (trained_on.preprocessing)
    metadata[kPreprocessingKey] = core::dump_json(core::to_json(*trained_on.preprocessing));
  if (!trained_on.class_names.empty())
    metadata[kClassNamesKey] = core::dump_json(core::to_json(trained_on.class_names));
  return metadata;
}

architecture::TrainedOn trained_on(const interop::Metadata& metadata, const std::string& source) {
  architecture::TrainedOn known;
  const auto read = [&](const char* key, auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    const auto found = metadata.find(key);
    if (found == metadata.end()) return;
    const std::string place = source + ": metadata " + key;
    value = core::from_json<Value>(core::parse_json(found->second, place), place);
  };
  read(kPreprocessingKey, known.preprocessing);
  read(kClassNamesKey, known.class_names);
  if (known.preprocessing) architecture::check(*known.preprocessing, source);
  return known;
}

std::vector<NamedTensor> named_weights(const graph::Graph& graph, const Weights& weights) {
  core::ensure(weights.tensors.size() == graph.parameters.size(), "one tensor per parameter");
  std::vector<NamedTensor> named;
  for (const graph::ParameterId id : graph.parameters.ids())
    named.push_back({graph.parameter_name(id), weights[id]});
  return named;
}

void save_weights(const std::filesystem::path& path, const graph::Graph& graph,
                  const Weights& weights, const interop::Metadata& metadata) {
  write_tensors(path, named_weights(graph, weights), metadata);
}

Weights weights_from(const std::vector<NamedTensor>& tensors, const graph::Graph& graph,
                     const std::string& source, at::ScalarType dtype) {
  std::vector<WantedTensor> wanted;
  for (const graph::ParameterId id : graph.parameters.ids())
    wanted.push_back({graph.parameter_name(id), graph.parameter(id).shape});
  return {exactly(wanted, tensors, source, dtype)};
}

std::vector<at::Tensor> exactly(const std::vector<WantedTensor>& wanted,
                                const std::vector<NamedTensor>& tensors, const std::string& source,
                                at::ScalarType dtype) {
  const WeightMatch match(tensors, wanted);
  match.throw_if_wrong(source);
  return match.tensors(dtype);
}

Weights load_weights(const std::filesystem::path& path, const graph::Graph& graph,
                     at::ScalarType dtype, std::vector<std::string>* resized) {
  TensorFile file = read_tensors(path);
  auto changed = resize_position_tables(graph, own_names(graph), file.metadata, file.tensors);
  if (resized != nullptr) *resized = std::move(changed);
  return weights_from(file.tensors, graph, file.title, dtype);
}

}  // namespace vitlab::model
