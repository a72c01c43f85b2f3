#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "report/figures.h"
#include "report/line_chart.h"
#include "report/paper_values.h"
#include "report/svg_writer.h"
#include "report/words.h"

namespace vitlab {
namespace {

/// What a similarity is shown as; NaN where chance is asked for and not known.
double shown_similarity(const LayerValue& layer, bool less_chance) {
  if (!less_chance) return layer.value;
  return layer.chance ? layer.value - *layer.chance : std::numeric_limits<double>::quiet_NaN();
}

Line similarity_line(const ReportModel& model, bool less_chance) {
  Line line{numbered(model), {}};
  for (const LayerValue& layer : model.similarity) {
    std::string tip =
        fmt::format("{} | {} | cosine {:.3f}", numbered(model), layer.layer, layer.value);
    if (layer.chance) tip += fmt::format(", by chance {:.3f}", *layer.chance);
    line.points.push_back({shown_similarity(layer, less_chance), tip});
  }
  return line;
}

/// The range of chance over the models at each place, as far as every place has one.
Band chance_band(const std::vector<const ReportModel*>& models) {
  Band band{
      "chance: same measure with maps of different images, least to most over models", {}, {}};
  for (std::size_t i = 0;; ++i) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const ReportModel* model : models) {
      if (i >= model->similarity.size() || !model->similarity[i].chance) continue;
      low = std::min(low, *model->similarity[i].chance);
      high = std::max(high, *model->similarity[i].chance);
    }
    if (low > high) return band;
    band.low.push_back(low);
    band.high.push_back(high);
  }
}

void add_similarity_rows(Figure& figure, const std::vector<const ReportModel*>& models) {
  figure.columns = {"Model", "Layer", "Cosine", "By chance", "Difference"};
  for (const ReportModel* model : models)
    for (const LayerValue& layer : model->similarity)
      figure.rows.push_back(
          {numbered(*model), layer.layer, two_decimals(layer.value),
           layer.chance ? two_decimals(*layer.chance) : "–",
           layer.chance ? fmt::format("{:+.2f}", layer.value - *layer.chance) : "–"});
}

}  // namespace

Figure similarity_figure(const ReportModels& models) {
  Figure figure;
  figure.name = "head_similarity";
  figure.heading = "How alike heads are";
  std::vector<const ReportModel*> with_heads;
  for (const ReportModel& model : models.models)
    if (!model.similarity.empty()) with_heads.push_back(&model);
  if (with_heads.empty()) return figure;
  const ShownModels shown = shown_models(with_heads, kSeriesStyles);
  const bool less = models.has_small_grids;
  LineChart chart;
  chart.title = "Head similarity by depth";
  chart.description = "One line a model; the numbers stand in the table below.";
  chart.x_title = "Attention layer, first to last";
  chart.y_title = less ? "Largest cosine of two heads, less chance" : "Largest cosine of two heads";
  for (const ReportModel* model : shown.models)
    chart.lines.push_back(similarity_line(*model, less));
  if (less) {
    chart.level = 0;
  } else {
    chart.y_most = 1;
    Band band = chance_band(shown.models);
    if (!band.low.empty()) chart.band = std::move(band);
  }
  figure.caption =
      "Cosine between the attention maps of the two most similar heads of a layer; mean over test "
      "images and seeds. High values are redundant heads.";
  if (less)
    figure.caption +=
        " Some layers see 4 tokens or fewer, where any two maps are alike, so chance (maps of "
        "different images) is taken away everywhere; the dashed line is chance.";
  figure.caption += shown.rule;
  add_similarity_rows(figure, shown.models);
  draw_both(figure, chart, line_chart);
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
  LineChart chart;
  chart.title = "Head similarity by block in the paper";
  chart.description = "Two lines: shrunk Swin-T and DeiT-T.";
  chart.x_title = "Block";
  chart.y_title = "Similarity of heads (paper)";
  chart.y_most = 1;
  for (const PaperSeries& series : paper_values().head_similarity) {
    Line line{series.name, {}};
    for (std::size_t i = 0; i < series.values.size(); ++i)
      line.points.push_back({series.values[i], fmt::format("{} | block {}: {:.3f}", series.name,
                                                           i + 1, series.values[i])});
    chart.lines.push_back(std::move(line));
  }
  draw_both(figure, chart, line_chart);
  return figure;
}

}  // namespace vitlab
