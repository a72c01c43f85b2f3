#include "cli/similarity_text.h"

#include <cstddef>
#include <vector>

#include "cli/engine_commands.h"
#include "core/text.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::cli {

namespace {

constexpr const char* kFirst = "head_cosine.max_max.map";

/// A column of a table of layers.
struct Column {
  const char* heading;
  const char* metric;
  const char* field;
};

std::string cell(const core::Json& layer, const char* metric, const char* field) {
  const core::Json& metrics = layer.at("metrics");
  if (!metrics.contains(metric)) return "-";
  if (std::string_view(field) != "control") return number(metrics.at(metric).at(field), 3);
  return metrics.at(metric).contains(field) ? number(metrics.at(metric).at(field).at("value"), 3)
                                            : "-";
}

bool any_layer_has(const core::Json& result, const char* metric, const char* field) {
  for (const core::Json& layer : result.at("layers"))
    if (layer.at("metrics").contains(metric) && layer.at("metrics").at(metric).contains(field))
      return true;
  return false;
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

std::string layer_table(const core::Json& result, const std::vector<Column>& columns,
                        bool has_interval, std::size_t width) {
  std::vector<Column> shown;
  for (const Column& column : columns)
    if (any_layer_has(result, column.metric, column.field)) shown.push_back(column);
  if (shown.empty()) return "";
  Cells header{"layer", "heads"};
  for (const Column& column : shown) {
    header.emplace_back(column.heading);
    if (has_interval && &column == &shown.front()) header.emplace_back("95 % interval");
  }
  std::vector<Cells> rows;
  for (const core::Json& layer : result.at("layers")) {
    Cells row{layer.at("layer").get<std::string>(), layer.at("heads").dump()};
    for (const Column& column : shown) {
      row.push_back(cell(layer, column.metric, column.field));
      if (has_interval && &column == &shown.front())
        row.push_back(cell(layer, kFirst, "low") + " … " + cell(layer, kFirst, "high"));
    }
    rows.push_back(std::move(row));
  }
  return tables_that_fit(header, rows, 2, width);
}

std::string change(const core::Json& answers) {
  const double top1 = core::number_from_json(answers.at("top1_change"), "top1_change");
  return number(answers.at("loss_change"), 3) + " / " + core::significant(100 * top1, 3);
}

std::string ablation_table(const core::Json& ablation, std::size_t width) {
  std::vector<Cells> rows;
  for (const core::Json& layer : ablation.at("layers"))
    for (const core::Json& head : layer.at("heads"))
      rows.push_back({layer.at("layer").get<std::string>(), head.at("head").dump(),
                      change(head.at("removed")), change(head.at("left"))});
  return "Without each head, and with each as its layer's only one (changes of " +
         ablation.at("images").dump() + " images; loss " + number(ablation.at("loss"), 4) +
         ", top-1 " +
         core::significant(100 * core::number_from_json(ablation.at("top1"), "top1"), 4) +
         " % as it is)\n" +
         tables_that_fit(
             {"layer", "head", "removed: loss / top-1 points", "alone: loss / top-1 points"}, rows,
             2, width);
}

std::string comparison_table(const core::Json& comparison, std::size_t width) {
  std::vector<Cells> rows;
  for (const auto& [metric, row] : comparison.at("summary").items())
    rows.push_back({metric, number(row.at("difference"), 3),
                    number(row.at("low"), 3) + " … " + number(row.at("high"), 3),
                    row.at("layers").dump(), row.at("opposite").dump()});
  return "Less " + comparison.value("against", std::string()) + ", on the same images\n" +
         tables_that_fit({"metric", "mean difference", "95 % interval", "layers", "the other way"},
                         rows, 1, width) +
         comparison.at("sentence").get<std::string>() + "\n\n";
}

}  // namespace

std::string measures_text() {
  std::string text = "Measures (core ones marked *; each is a mean over images):\n";
  for (const sweep::SimilarityMeasure& row : sweep::similarity_measures())
    text += std::string(row.is_core ? "  * " : "    ") + std::string(row.name) + ": " +
            std::string(row.compares) + " [" + std::string(row.range) + "]\n";
  return text;
}

std::string similarity_text(const core::Json& result, std::size_t width) {
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
  for (const core::Json& layer : result.at("layers"))
    if (layer.contains("note"))
      text +=
          layer.at("layer").get<std::string>() + ": " + layer.at("note").get<std::string>() + "\n";
  return text + result.at("images").dump() +
         " images; weights: " + result.value("weights", std::string()) + "\n";
}

}  // namespace vitlab::cli
