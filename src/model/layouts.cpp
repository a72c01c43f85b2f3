#include "model/layouts.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "model/op_constants.h"
#include "model/position_tables.h"

namespace vitlab::model {

namespace {

/// The file's tensors without its bookkeeping, each 1x1 convolution with all four dimensions.
std::vector<NamedTensor> model_tensors(std::vector<NamedTensor> all,
                                       const std::vector<interop::NameMapEntry>& map,
                                       interop::WeightLayout layout) {
  std::map<std::string, bool> may_be_flat;
  for (const interop::NameMapEntry& entry : map)
    may_be_flat[entry.foreign_name] = entry.may_be_flat;
  std::vector<NamedTensor> tensors;
  for (NamedTensor& named : all) {
    if (interop::is_bookkeeping(named.name, layout)) continue;
    const auto known = may_be_flat.find(named.name);
    if (known != may_be_flat.end() && known->second && named.tensor.dim() == 2)
      named.tensor = named.tensor.unsqueeze(2).unsqueeze(3);
    tensors.push_back(std::move(named));
  }
  return tensors;
}

/// The buffers that the official codes keep beside the parameters of attention.
class OfficialBuffers {
 public:
  OfficialBuffers(const graph::Graph& graph, const std::vector<interop::NameMapEntry>& map)
      : graph_(graph) {
    for (const interop::NameMapEntry& entry : map) {
      names_[entry.parameter] = entry.foreign_name;
      const std::size_t inside = entry.foreign_name.find(kAttention);
      if (inside != std::string::npos)
        attention_[graph.parameter(entry.parameter).layer] = entry.foreign_name.substr(0, inside);
    }
  }

  std::vector<NamedTensor> all() const {
    std::vector<NamedTensor> buffers;
    for (const graph::Node& node : graph_.nodes) {
      const at::Tensor value = op_constant(node.op);
      if (value.defined()) buffers.push_back({name_of(node), shaped(node, value)});
    }
    return buffers;
  }

 private:
  static constexpr std::string_view kAttention = "attn.";

  std::string name_of(const graph::Node& node) const {
    const auto* gather = std::get_if<graph::GatherBias>(&node.op);
    if (gather != nullptr && gather->rule == graph::BiasRule::kAbsoluteOffset) {
      constexpr std::string_view kTable = "attention_biases";
      const std::string& table = names_.at(node.parameters[0]);
      core::ensure(table.ends_with(kTable), "bias tables have the official code's name");
      return table.substr(0, table.size() - kTable.size()) + "attention_bias_idxs";
    }
    const std::string& block = attention_.at(node.layer);
    if (std::holds_alternative<graph::ShiftMask>(node.op)) return block + "attn_mask";
    const bool is_table = std::holds_alternative<graph::OffsetTable>(node.op);
    return block + std::string(kAttention) +
           (is_table ? "relative_coords_table" : "relative_position_index");
  }

  static at::Tensor shaped(const graph::Node& node, const at::Tensor& value) {
    const auto* table = std::get_if<graph::OffsetTable>(&node.op);
    return table == nullptr ? value
                            : value.view({1, 2 * table->height - 1, 2 * table->width - 1, 2});
  }

  const graph::Graph& graph_;
  std::map<graph::ParameterId, std::string> names_;
  std::map<graph::LayerId, std::string>
      attention_;  // what stands before "attn." in a layer's names
};

}  // namespace

at::Tensor part_of(const at::Tensor& whole, const interop::NameMapEntry& entry) {
  return entry.is_part() ? whole.narrow(entry.dim, entry.begin, entry.size) : whole;
}

Weights joined(const std::vector<interop::NameMapEntry>& map,
               const std::vector<at::Tensor>& tensors) {
  core::ensure(map.size() == tensors.size(), "one tensor for each entry of the map");
  Weights weights;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const bool continues = map[i].is_part() && map[i].begin > 0;
    if (!continues) {
      weights.tensors.push_back(tensors[i]);
      continue;
    }
    at::Tensor& last = weights.tensors.back();
    last = at::cat({last, tensors[i]}, map[i].dim);
  }
  return weights;
}

Weights weights_of(TensorFile file, const architecture::ModelSpec& spec, const graph::Graph& graph,
                   interop::WeightLayout layout, at::ScalarType dtype,
                   std::vector<std::string>* resized) {
  const std::vector<interop::NameMapEntry> map =
      interop::name_map(spec, graph, layout, interop::NameUse::kRead);
  std::vector<WantedTensor> wanted;
  core::IdVector<graph::ParameterId, std::string> names(
      graph.parameters.size());  // empty for a parameter in parts
  for (const interop::NameMapEntry& entry : map) {
    wanted.push_back({entry.foreign_name, interop::foreign_shape(entry, graph)});
    if (!entry.is_part()) names[entry.parameter] = entry.foreign_name;
  }
  std::vector<NamedTensor> tensors = model_tensors(std::move(file.tensors), map, layout);
  auto changed = resize_position_tables(graph, names, file.metadata, tensors);
  if (resized != nullptr) *resized = std::move(changed);
  return joined(map, exactly(wanted, tensors, file.title, dtype));
}

Weights read_weights(const std::filesystem::path& path, const architecture::ModelSpec& spec,
                     const graph::Graph& graph, interop::WeightLayout layout, at::ScalarType dtype,
                     std::vector<std::string>* resized) {
  return weights_of(read_tensors(path), spec, graph, layout, dtype, resized);
}

void write_weights(const std::filesystem::path& path, const architecture::ModelSpec& spec,
                   const graph::Graph& graph, const Weights& weights,
                   interop::WeightLayout layout) {
  core::ensure(weights.tensors.size() == graph.parameters.size(), "one tensor per parameter");
  const std::vector<interop::NameMapEntry> map = interop::name_map(spec, graph, layout);
  std::vector<NamedTensor> tensors;
  for (const interop::NameMapEntry& entry : map)
    tensors.push_back({entry.foreign_name, part_of(weights[entry.parameter], entry)});
  for (const std::string& counter : interop::counter_names(map, layout))
    tensors.push_back({counter, at::zeros({}, at::kLong)});
  if (layout == interop::WeightLayout::kOfficial)
    for (NamedTensor& buffer : OfficialBuffers(graph, map).all())
      tensors.push_back(std::move(buffer));
  write_tensors(path, tensors, weight_metadata(spec));
}

}  // namespace vitlab::model
