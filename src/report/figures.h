#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"
#include "report/document.h"

namespace vitlab::report {

/// Pixels of the two widths.
inline constexpr double kWideFigure = 960;
inline constexpr double kNarrowFigure = 350;

/// Draws a chart in both widths, with ids that are unique in a page.
template <typename Chart>
void draw_both(Figure& figure, Chart& chart, std::string (*render)(const Chart&, double)) {
  chart.id = figure.name;
  figure.wide = render(chart, kWideFigure);
  chart.id += "-narrow";
  figure.narrow = render(chart, kNarrowFigure);
}

/// "4 mixer=full": how figures and tables name a model.
std::string numbered(const facts::ReportModel& model);

// Figures of a report; one without numbers has empty drawings.
Figure accuracy_speed_figure(const facts::ReportModels& models);
Figure time_figure(const facts::ReportModels& models);
/// The roofline of the first of profiled_models(), and that of the second, which is folded away.
Figure main_roofline_figure(const facts::ReportModels& models);
Figure other_roofline_figure(const facts::ReportModels& models);
Figure mhsa_memory_figure(const facts::ReportModels& models);
Figure mhsa_accuracy_figure(const facts::ReportModels& models);
Figure similarity_figure(const facts::ReportModels& models);
Figure paper_similarity_figure();
Figure redundant_heads_figure(const facts::ReportModels& models);
Figure heads_worth_figure(const facts::ReportModels& models);
Figure pruning_curves_figure(const facts::ReportModels& models);
Figure pruning_figure(const facts::ReportModels& models);
Figure paper_pruning_figure();
Figure pruned_speed_figure(const facts::ReportModels& models);

/// A model whose profile is shown op by op, and why it.
struct ProfiledModel {
  const facts::ReportModel* model = nullptr;
  std::string role;  // "the reference"
};
/// The reference, or the first of the table without one, and the slowest, or the fastest if that is
/// the same; only models with a profile.
std::vector<ProfiledModel> profiled_models(const facts::ReportModels& models);

/// The models that a chart with little room shows: the reference, the front, then the table's
/// order; and the sentence that says so, empty if all are shown.
struct ShownModels {
  std::vector<const facts::ReportModel*> models;
  std::string rule;
};
ShownModels shown_models(const std::vector<const facts::ReportModel*>& models, std::size_t most);

}  // namespace vitlab::report
