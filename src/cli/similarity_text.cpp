#include "cli/similarity_text.h"

#include <vector>

#include "cli/engine_commands.h"
#include "core/text.h"
#include "sweep/similarity_metrics.h"

namespace vitlab {

namespace {

constexpr const char* kFirst = "head_cosine.max_max.map";

/// A column of a table of layers.
struct Column {
  const char* heading;
  const char* metric;
  const char* field;
};

std::string cell(const Json& layer, const char* metric, const char* field) {
  const Json& metrics = layer.at("metrics");
  if (!metrics.contains(metric)) return "-";
  if (std::string_view(field) != "control") return number(metrics.at(metric).at(field), 3);
  return metrics.at(metric).contains(field) ? number(metrics.at(metric).at(field).at("value"), 3)
                                            : "-";
}

bool any_layer_has(const Json& result, const char* metric, const char* field) {
  for (const Json& layer : result.at("layers"))
    if (layer.at("metrics").contains(metric) && layer.at("metrics").at(metric).contains(field))
      return true;
  return false;
}

std::string layer_table(const Json& result, const std::vector<Column>& columns, bool has_interval,
                        std::size_t width) {
  std::vector<Column> shown;
  for (const Column& column : columns)
    if (any_layer_has(result, column.metric, column.field)) shown.push_back(column);
  if (shown.empty()) return "";
  std::vector<std::string> header{"layer", "heads"};
  for (const Column& column : shown) {
    header.emplace_back(column.heading);
    if (has_interval && &column == &shown.front()) header.emplace_back("95 % interval");
  }
  TextTable table(header);
  for (const Json& layer : result.at("layers")) {
    std::vector<std::string> row{layer.at("layer").get<std::string>(), layer.at("heads").dump()};
    for (const Column& column : shown) {
      row.push_back(cell(layer, column.metric, column.field));
      if (has_interval && &column == &shown.front())
        row.push_back(cell(layer, kFirst, "low") + " … " + cell(layer, kFirst, "high"));
    }
    table.add(row);
  }
  return table.str(width) + "\n";
}

std::string change(const Json& answers) {
  const double top1 = number_from_json(answers.at("top1_change"), "top1_change");
  return number(answers.at("loss_change"), 3) + " / " + significant(100 * top1, 3);
}

std::string ablation_table(const Json& ablation, std::size_t width) {
  TextTable table({"layer", "head", "removed: loss / top-1 points", "alone: loss / top-1 points"});
  for (const Json& layer : ablation.at("layers"))
    for (const Json& head : layer.at("heads"))
      table.add({layer.at("layer").get<std::string>(), head.at("head").dump(),
                 change(head.at("removed")), change(head.at("left"))});
  return "Without each head, and with each as its layer's only one (changes of " +
         ablation.at("images").dump() + " images; loss " + number(ablation.at("loss"), 4) +
         ", top-1 " + significant(100 * number_from_json(ablation.at("top1"), "top1"), 4) +
         " % as it is)\n" + table.str(width) + "\n";
}

std::string comparison_table(const Json& comparison, std::size_t width) {
  TextTable table({"metric", "mean difference", "95 % interval", "layers", "the other way"});
  for (const auto& [metric, row] : comparison.at("summary").items())
    table.add({metric, number(row.at("difference"), 3),
               number(row.at("low"), 3) + " … " + number(row.at("high"), 3),
               row.at("layers").dump(), row.at("opposite").dump()});
  return "Less " + comparison.value("against", std::string()) + ", on the same images\n" +
         table.str(width) + comparison.at("sentence").get<std::string>() + "\n\n";
}

}  // namespace

std::string measures_text() {
  std::string text = "Measures (core ones marked *; each is a mean over images):\n";
  for (const SimilarityMeasure& row : similarity_measures())
    text += std::string(row.is_core ? "  * " : "    ") + std::string(row.name) + ": " +
            std::string(row.compares) + " [" + std::string(row.range) + "]\n";
  return text;
}

std::string similarity_text(const Json& result, std::size_t width) {
  const std::vector<Column> cosines{{"max_max.map", kFirst, "value"},
                                    {"null", kFirst, "null"},
                                    {"random", kFirst, "control"},
                                    {"mean_max.map", "head_cosine.mean_max.map", "value"},
                                    {"mean_mean.map", "head_cosine.mean_mean.map", "value"},
                                    {"max_max.output", "head_cosine.max_max.output", "value"}};
  const std::vector<Column> others{{"centred", "centred_cosine.max_max.map", "value"},
                                   {"null", "centred_cosine.max_max.map", "null"},
                                   {"JS bits", "jensen_shannon.mean", "value"},
                                   {"null", "jensen_shannon.mean", "null"},
                                   {"effective heads", "effective_heads", "value"},
                                   {"entropy", "entropy.mean", "value"},
                                   {"distance px", "attention_distance.mean", "value"},
                                   {"confidence", "confidence.mean", "value"},
                                   {"output CKA", "output_cka.mean", "value"},
                                   {"W_q subspace", "weight_subspace.q.mean", "value"},
                                   {"W_v subspace", "weight_subspace.v.mean", "value"}};
  std::string text =
      layer_table(result, cosines, true, width) + layer_table(result, others, false, width);
  if (result.contains("ablation")) text += ablation_table(result.at("ablation"), width);
  if (result.contains("comparison")) text += comparison_table(result.at("comparison"), width);
  for (const Json& layer : result.at("layers"))
    if (layer.contains("note"))
      text +=
          layer.at("layer").get<std::string>() + ": " + layer.at("note").get<std::string>() + "\n";
  return text + result.at("images").dump() +
         " images; weights: " + result.value("weights", std::string()) + "\n";
}

}  // namespace vitlab
