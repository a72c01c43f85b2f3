#pragma once

#include <string>
#include <vector>

#include "report/report_model.h"

namespace vitlab {

/// A chart in two widths, its caption and the numbers behind it.
struct Figure {
  std::string name;     // of its file and its place in the page: "accuracy_speed"
  std::string heading;  // of its section; "" if it belongs to the figure before it
  std::string caption;
  std::string wide;                            // <svg> for screens and paper
  std::string narrow;                          // <svg> for phones
  std::vector<std::string> columns;            // of the table of numbers; none where the table of
  std::vector<std::vector<std::string>> rows;  // models holds them
};

/// Names of all figures there can be, in their order.
const std::vector<std::string>& figure_names();

/// The figures that the results allow, in their order.
std::vector<Figure> figures(const ReportModels& models);

// Each of them; one without numbers has empty drawings.
Figure accuracy_speed_figure(const ReportModels& models);
Figure time_figure(const ReportModels& models);
Figure similarity_figure(const ReportModels& models);
Figure paper_similarity_figure();
Figure pruning_figure(const ReportModels& models);
Figure paper_pruning_figure();

/// The models that a chart with little room shows: the reference, the front, then the table's
/// order; and the sentence that says so, empty if all are shown.
struct ShownModels {
  std::vector<const ReportModel*> models;
  std::string rule;
};
ShownModels shown_models(const std::vector<const ReportModel*>& models, std::size_t most);

}  // namespace vitlab
