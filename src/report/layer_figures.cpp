#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "charts/line_chart.h"
#include "charts/svg_writer.h"
#include "facts/paper_values.h"
#include "report/figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

/// What a similarity is shown as; NaN where chance is asked for and not known.
double shown_similarity(const facts::LayerValue& layer, bool less_chance) {
  if (!less_chance) return layer.value;
  return layer.chance ? layer.value - *layer.chance : std::numeric_limits<double>::quiet_NaN();
}

charts::Line similarity_line(const facts::ReportModel& model, bool less_chance) {
  charts::Line line{numbered(model), {}};
  for (const facts::LayerValue& layer : model.similarity) {
    std::string tip =
        fmt::format("{} | {} | cosine {:.3f}", numbered(model), layer.layer, layer.value);
    if (layer.chance) tip += fmt::format(", by chance {:.3f}", *layer.chance);
    if (layer.random) tip += fmt::format(", with random weights {:.3f}", *layer.random);
    line.points.push_back({shown_similarity(layer, less_chance), tip});
  }
  return line;
}

/// The range of one part of the values over the models at each place, as far as every place has
/// one; drawn only if any has.
void add_range(charts::LineChart& chart, const std::vector<const facts::ReportModel*>& models,
               const std::string& name, std::optional<double> facts::LayerValue::*part) {
  charts::Band band{name, {}, {}};
  for (std::size_t i = 0;; ++i) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const facts::ReportModel* model : models) {
      if (i >= model->similarity.size() || !(model->similarity[i].*part)) continue;
      low = std::min(low, *(model->similarity[i].*part));
      high = std::max(high, *(model->similarity[i].*part));
    }
    if (low > high) break;
    band.low.push_back(low);
    band.high.push_back(high);
  }
  if (!band.low.empty()) chart.bands.push_back(std::move(band));
}

bool any_random(const std::vector<const facts::ReportModel*>& models) {
  return std::any_of(models.begin(), models.end(), [](const facts::ReportModel* model) {
    return std::any_of(model->similarity.begin(), model->similarity.end(),
                       [](const facts::LayerValue& layer) { return layer.random.has_value(); });
  });
}

void add_similarity_rows(Figure& figure, const std::vector<const facts::ReportModel*>& models) {
  const auto shown = [](const std::optional<double>& value) {
    return value ? two_decimals(*value) : std::string("–");
  };
  const bool has_random = any_random(models);
  figure.columns = {"Model", "Layer", "Cosine", "By chance", "Difference"};
  if (has_random) figure.columns.emplace_back("With random weights");
  for (const facts::ReportModel* model : models)
    for (const facts::LayerValue& layer : model->similarity) {
      figure.rows.push_back(
          {numbered(*model), layer.layer, two_decimals(layer.value), shown(layer.chance),
           layer.chance ? fmt::format("{:+.2f}", layer.value - *layer.chance) : "–"});
      if (has_random) figure.rows.back().push_back(shown(layer.random));
    }
}

}  // namespace

Figure similarity_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "head_similarity";
  figure.heading = "How alike heads are";
  std::vector<const facts::ReportModel*> with_heads;
  for (const facts::ReportModel& model : models.models)
    if (!model.similarity.empty()) with_heads.push_back(&model);
  if (with_heads.empty()) return figure;
  const ShownModels shown = shown_models(with_heads, charts::kSeriesStyles);
  const bool less = models.has_small_grids;
  charts::LineChart chart;
  chart.title = "Head similarity by depth";
  chart.description = "One line a model; the numbers stand in the table below.";
  chart.x_title = "Attention layer, first to last";
  chart.y_title = less ? "Largest cosine of two heads, less chance" : "Largest cosine of two heads";
  for (const facts::ReportModel* model : shown.models)
    chart.lines.push_back(similarity_line(*model, less));
  if (less) {
    chart.level = 0;
  } else {
    chart.y_most = 1;
    add_range(chart, shown.models, "by chance, least to most over models",
              &facts::LayerValue::chance);
    // The second band is the outlined one.
    if (!chart.bands.empty())
      add_range(chart, shown.models, "with random weights, least to most",
                &facts::LayerValue::random);
  }
  figure.caption =
      "Cosine between the attention maps of the two most similar heads of a layer; mean over test "
      "images and seeds. High values are redundant heads, as far as they lie above chance: the "
      "same measure on maps of different images.";
  if (less)
    figure.caption +=
        " Some layers see 4 tokens or fewer, where any two maps are alike, so chance (maps of "
        "different images) is taken away everywhere; the dashed line is chance.";
  figure.caption += shown.rule;
  add_similarity_rows(figure, shown.models);
  draw_both(figure, chart, charts::line_chart);
  return figure;
}

Figure paper_similarity_figure() {
  Figure figure;
  figure.name = "paper_similarity";
  figure.fold = "What the paper saw";
  figure.caption =
      "What the paper saw on ImageNet (Fig 4, digitised; its exact measure is not printed there, "
      "so "
      "compare shapes).";
  charts::LineChart chart;
  chart.title = "Head similarity by block in the paper";
  chart.description = "Two lines: shrunk Swin-T and DeiT-T.";
  chart.x_title = "Block";
  chart.y_title = "Similarity of heads (paper)";
  chart.y_most = 1;
  for (const facts::PaperSeries& series : facts::paper_values().head_similarity) {
    charts::Line line{series.name, {}};
    for (std::size_t i = 0; i < series.values.size(); ++i)
      line.points.push_back({series.values[i], fmt::format("{} | block {}: {:.3f}", series.name,
                                                           i + 1, series.values[i])});
    chart.lines.push_back(std::move(line));
  }
  draw_both(figure, chart, charts::line_chart);
  return figure;
}

}  // namespace vitlab::report
