#include "facts/paper_values.h"

#include "core/config_reader.h"
#include "core/embedded.h"
#include "core/error.h"

namespace vitlab::facts {
namespace {

constexpr const char* kPath = "configs/paper/paper_values.yaml";

PaperSeries series(core::ConfigReader& reader, const std::string& key, std::string name,
                   double unit) {
  PaperSeries result{std::move(name), {}};
  reader.required(key, result.values);
  for (double& value : result.values) value *= unit;
  return result;
}

std::optional<double> ratio(core::ConfigReader& reader, std::string_view key) {
  double value = 0;
  return reader.optional(key, value) ? std::optional(value) : std::nullopt;
}

void read_speed_ratios(core::ConfigReader& root, std::vector<PaperSpeedRatio>& ratios) {
  const core::ConfigNode* list = root.node("speed_ratios");
  if (!list || !list->is_sequence()) return root.fail("speed_ratios", "must be a list");
  for (const core::ConfigNode& item : list->items) {
    core::ConfigReader reader = root.child_of(item, "speed_ratios");
    PaperSpeedRatio pair;
    reader.required("of", pair.of);
    reader.required("to", pair.to);
    pair.gpu = ratio(reader, "gpu");
    pair.cpu = ratio(reader, "cpu");
    pair.onnx = ratio(reader, "onnx");
    reader.finish();
    ratios.push_back(std::move(pair));
  }
}

}  // namespace

PaperValues paper_values() {
  const auto text = core::embedded_file(kPath);
  core::ensure(text.has_value(), "the paper's values are part of the program");
  core::Problems problems(kPath, std::string(*text));
  const core::ConfigNode root = core::parse_config(std::string(*text), problems);
  problems.throw_if_any();
  core::ConfigReader reader(root, problems);
  PaperValues values;
  if (auto time = reader.child("runtime_breakdown")) {
    time->required("categories", values.categories);
    values.runtime_shares = {series(*time, "deit_tiny", "DeiT-T", 0.01),
                             series(*time, "swin_tiny", "Swin-T", 0.01)};
  }
  if (auto attention = reader.child("mhsa_share")) {
    attention->required("shares", values.mhsa_shares);
    values.mhsa_accuracy = {series(*attention, "swin_tiny_1.25x", "Swin-T 1.25×", 0.01),
                            series(*attention, "swin_tiny_1.5x", "Swin-T 1.5×", 0.01),
                            series(*attention, "deit_tiny_1.25x", "DeiT-T 1.25×", 0.01),
                            series(*attention, "deit_tiny_1.5x", "DeiT-T 1.5×", 0.01)};
    attention->required("memory_bound_share_of_swin_tiny_1.25x_at_0.2", values.mhsa_memory_bound);
    values.mhsa_memory_bound *= 0.01;
  }
  if (auto heads = reader.child("head_similarity"))
    values.head_similarity = {series(*heads, "swin_tiny_1.25x", "Swin-T 1.25×", 0.01),
                              series(*heads, "deit_tiny_1.25x", "DeiT-T 1.25×", 0.01)};
  if (auto pruned = reader.child("pruned_swin_tiny"))
    // The figure plots FFN channels per embedding channel, of which 4 are the original.
    values.kept = {series(*pruned, "qk", "QK", 1), series(*pruned, "v", "V", 1),
                   series(*pruned, "ffn", "FFN hidden", 0.25)};
  read_speed_ratios(reader, values.speed_ratios);
  problems.throw_if_any();
  return values;
}

}  // namespace vitlab::facts
