#include "report/speed_ratios.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "architecture/presets.h"
#include "facts/paper_values.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

using Speeds = std::map<facts::Setting, facts::Measured>;

/// The speeds of the models that are presets of the paper's pairs, by preset.
std::map<std::string, Speeds> preset_speeds(const facts::ReportModels& models,
                                            const std::vector<facts::PaperSpeedRatio>& pairs) {
  std::set<std::string> presets;
  for (const facts::PaperSpeedRatio& pair : pairs) presets.insert({pair.of, pair.to});
  const std::vector<std::string> known = architecture::preset_names();
  std::map<std::string, Speeds> result;
  for (const std::string& preset : presets) {
    if (std::find(known.begin(), known.end(), preset) == known.end()) continue;
    const std::string id = architecture::model_id(architecture::resolve_model(preset).spec);
    for (const facts::ReportModel& model : models.models) {
      if (model.id != id) continue;
      result[preset] = model.throughput_elsewhere;
      if (model.throughput) result[preset][models.setting] = *model.throughput;
    }
  }
  return result;
}

/// What the paper measured on such a device and in such a program, and its words for it.
std::pair<std::optional<double>, std::string> published(const facts::PaperSpeedRatio& pair,
                                                        const facts::Setting& setting,
                                                        bool is_gpu) {
  if (is_gpu) return {setting.runtime == "vitlab" ? pair.gpu : std::nullopt, "GPU"};
  if (setting.runtime == "onnxruntime") return {pair.onnx, "ONNX"};
  return {setting.runtime == "vitlab" ? pair.cpu : std::nullopt, "CPU"};
}

/// From the lowest of one over the highest of the other to the reverse.
std::string ratio_range(const facts::Measured& of, const facts::Measured& to) {
  if (!of.low || !of.high || !to.low || !to.high || *to.low <= 0 || *to.high <= 0) return "";
  return two_decimals(*of.low / *to.high) + "–" + two_decimals(*of.high / *to.low);
}

}  // namespace

SpeedRatioTable speed_ratio_table(const facts::ReportInput& input,
                                  const facts::ReportModels& models) {
  SpeedRatioTable table;
  table.columns = {"Models", "Setting", "Ratio here", "Range", "Ratio in the paper", "On its"};
  const std::vector<facts::PaperSpeedRatio> pairs = facts::paper_values().speed_ratios;
  const std::map<std::string, Speeds> speeds = preset_speeds(models, pairs);
  for (const facts::PaperSpeedRatio& pair : pairs) {
    const auto of = speeds.find(pair.of), to = speeds.find(pair.to);
    if (of == speeds.end() || to == speeds.end()) continue;
    for (const auto& [setting, speed] : of->second) {
      const auto other = to->second.find(setting);
      if (other == to->second.end() || other->second.value <= 0) continue;
      const auto [value, device] = published(pair, setting, input.gpus.contains(setting.device));
      table.rows.push_back({pair.of + " : " + pair.to, facts::setting_text(setting),
                            two_decimals(speed.value / other->second.value),
                            ratio_range(speed, other->second), value ? two_decimals(*value) : "–",
                            value ? device : "–"});
    }
  }
  if (table.rows.empty()) return table;
  table.notes = {
      "Ratio: median images/s of the first model over those of the second. Range: from the p5 of "
      "the first over the p95 of the second to the reverse.",
      "The paper (Liu et al., CVPR 2023) measured on a V100 (GPU: batch 2,048, mixed precision) "
      "and on one thread of a Xeon E5-2690 v4 (CPU and ONNX Runtime). Rankings change between "
      "machines and runtimes."};
  return table;
}

}  // namespace vitlab::report
