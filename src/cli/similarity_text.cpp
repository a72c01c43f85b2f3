#include "cli/similarity_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/text.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::cli {

namespace {

constexpr const char* kFirst = "head_cosine.max_max.map";

using Part = std::optional<double> (*)(const messages::HeadMetric&);
std::optional<double> value_of(const messages::HeadMetric& metric) { return metric.value; }
std::optional<double> low_of(const messages::HeadMetric& metric) { return metric.low; }
std::optional<double> high_of(const messages::HeadMetric& metric) { return metric.high; }
std::optional<double> null_of(const messages::HeadMetric& metric) { return metric.null_value; }
std::optional<double> control_of(const messages::HeadMetric& metric) {
  return metric.control_value();
}

/// A column of a table of layers.
struct LayerColumn {
  const char* heading;
  const char* metric;
  Part part;
};

std::string number_or_dash(const std::optional<double>& value) {
  return value ? core::significant(*value, 3) : "-";
}

std::string cell(const messages::LayerHeads& layer, const char* metric, Part part) {
  const messages::HeadMetric* found = layer.metrics.named(metric);
  return number_or_dash(found ? part(*found) : std::nullopt);
}

bool any_layer_has(const messages::SimilarityAnswer& result, const LayerColumn& column) {
  return std::any_of(result.layers.begin(), result.layers.end(), [&](const auto& layer) {
    const messages::HeadMetric* found = layer.metrics.named(column.metric);
    return found && (column.part != control_of || found->control);
  });
}

using Cells = std::vector<std::string>;

/// The first `keys` columns and `count` from `from` on.
core::TextTable part_of(const Cells& header, const std::vector<Cells>& rows, std::size_t keys,
                        std::size_t from, std::size_t count) {
  const auto cut = [&](const Cells& cells) {
    Cells kept(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(keys));
    const auto first = cells.begin() + static_cast<std::ptrdiff_t>(from);
    kept.insert(kept.end(), first, first + static_cast<std::ptrdiff_t>(count));
    return kept;
  };
  core::TextTable table(cut(header));
  for (const Cells& row : rows) table.add(cut(row));
  return table;
}

bool fits(const core::TextTable& table, std::size_t width) {
  const std::string text = table.str();
  const std::size_t rule = text.find('\n') + 1;  // the line below the header spans the table
  return core::display_width(text.substr(rule, text.find('\n', rule) - rule)) <= width;
}

/// One table, or several where it is wider than the terminal: each starts with the first `keys`
/// columns, so that no name is cut.
std::string tables_that_fit(const Cells& header, const std::vector<Cells>& rows, std::size_t keys,
                            std::size_t width) {
  std::string text;
  for (std::size_t from = keys; from < header.size();) {
    std::size_t count = header.size() - from;
    while (width > 0 && count > 1 && !fits(part_of(header, rows, keys, from, count), width))
      --count;
    text += part_of(header, rows, keys, from, count).str(width) + "\n";
    from += count;
  }
  return text;
}

std::string layer_table(const messages::SimilarityAnswer& result,
                        const std::vector<LayerColumn>& columns, bool has_interval,
                        std::size_t width) {
  std::vector<LayerColumn> shown;
  for (const LayerColumn& column : columns)
    if (any_layer_has(result, column)) shown.push_back(column);
  if (shown.empty()) return "";
  Cells header{"layer", "heads"};
  for (const LayerColumn& column : shown) {
    header.emplace_back(column.heading);
    if (has_interval && &column == &shown.front()) header.emplace_back("95 % interval");
  }
  std::vector<Cells> rows;
  for (const messages::LayerHeads& layer : result.layers) {
    Cells row{layer.layer, std::to_string(layer.heads)};
    for (const LayerColumn& column : shown) {
      row.push_back(cell(layer, column.metric, column.part));
      if (has_interval && &column == &shown.front())
        row.push_back(cell(layer, kFirst, low_of) + " … " + cell(layer, kFirst, high_of));
    }
    rows.push_back(std::move(row));
  }
  return tables_that_fit(header, rows, 2, width);
}

std::string change(const messages::AblatedAnswers& answers) {
  return core::significant(answers.loss_change, 3) + " / " +
         core::significant(100 * answers.top1_change, 3);
}

std::string ablation_table(const messages::HeadAblations& ablation, std::size_t width) {
  std::vector<Cells> rows;
  for (const messages::AblatedLayer& layer : ablation.layers)
    for (const messages::AblatedHead& head : layer.heads)
      rows.push_back(
          {layer.layer, std::to_string(head.head), change(head.removed), change(head.left)});
  return "Without each head, and with each as its layer's only one (changes of " +
         std::to_string(ablation.images) + " images; loss " + core::significant(ablation.loss, 4) +
         ", top-1 " + core::significant(100 * ablation.top1, 4) + " % as it is)\n" +
         tables_that_fit(
             {"layer", "head", "removed: loss / top-1 points", "alone: loss / top-1 points"}, rows,
             2, width);
}

std::string comparison_table(const messages::SimilarityComparison& comparison, std::size_t width) {
  std::vector<Cells> rows;
  for (const auto& [metric, row] : comparison.summary)
    rows.push_back({metric, core::significant(row.difference, 3),
                    number_or_dash(row.low) + " … " + number_or_dash(row.high),
                    std::to_string(row.layers), std::to_string(row.opposite)});
  return "Less " + comparison.against + ", on the same images\n" +
         tables_that_fit({"metric", "mean difference", "95 % interval", "layers", "the other way"},
                         rows, 1, width) +
         comparison.sentence + "\n\n";
}

}  // namespace

std::string measures_text() {
  std::string text = "Measures (core ones marked *; each is a mean over images):\n";
  for (const sweep::SimilarityMeasure& row : sweep::similarity_measures())
    text += std::string(row.is_core ? "  * " : "    ") + std::string(row.name) + ": " +
            std::string(row.compares) + " [" + std::string(row.range) + "]\n";
  return text;
}

std::string similarity_text(const messages::SimilarityAnswer& result, std::size_t width) {
  const std::vector<LayerColumn> cosines{
      {"max_max.map", kFirst, value_of},
      {"null", kFirst, null_of},
      {"random", kFirst, control_of},
      {"mean_max.map", "head_cosine.mean_max.map", value_of},
      {"mean_mean.map", "head_cosine.mean_mean.map", value_of},
      {"max_max.output", "head_cosine.max_max.output", value_of}};
  const std::vector<LayerColumn> others{{"centred", "centred_cosine.max_max.map", value_of},
                                        {"null", "centred_cosine.max_max.map", null_of},
                                        {"JS bits", "jensen_shannon.mean", value_of},
                                        {"null", "jensen_shannon.mean", null_of},
                                        {"effective heads", "effective_heads", value_of},
                                        {"entropy", "entropy.mean", value_of},
                                        {"distance px", "attention_distance.mean", value_of},
                                        {"confidence", "confidence.mean", value_of},
                                        {"output CKA", "output_cka.mean", value_of},
                                        {"W_q subspace", "weight_subspace.q.mean", value_of},
                                        {"W_v subspace", "weight_subspace.v.mean", value_of}};
  std::string text =
      layer_table(result, cosines, true, width) + layer_table(result, others, false, width);
  if (result.ablation) text += ablation_table(*result.ablation, width);
  if (result.comparison) text += comparison_table(*result.comparison, width);
  for (const messages::LayerHeads& layer : result.layers)
    if (!layer.note.empty()) text += layer.layer + ": " + layer.note + "\n";
  return text + std::to_string(result.images) + " images; weights: " + result.weights + "\n";
}

}  // namespace vitlab::cli
