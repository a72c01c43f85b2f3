#include <algorithm>

#include <fmt/format.h>

#include "charts/svg_writer.h"
#include "report/figures.h"
#include "report/head_figures.h"
#include "stats/summary.h"

namespace vitlab::report {
namespace {

NamedHeads heads_of(const facts::ReportModel& model) { return {numbered(model), model.heads}; }

std::vector<const facts::ReportModel*> models_with_heads(const facts::ReportModels& models) {
  std::vector<const facts::ReportModel*> found;
  for (const facts::ReportModel& model : models.models)
    if (!model.heads.empty() && !model.similarity.empty()) found.push_back(&model);
  return found;
}

/// How alike the two most similar heads of a layer are, over what chance gives where that is
/// known; mean over layers.
double redundancy_of(const facts::ReportModel& model) {
  std::vector<double> excess;
  for (const facts::LayerValue& layer : model.similarity)
    excess.push_back(layer.value - layer.chance.value_or(0));
  return stats::mean(excess);
}

}  // namespace

Figure redundant_heads_figure(const facts::ReportModels& models) {
  const std::vector<const facts::ReportModel*> all = models_with_heads(models);
  if (all.empty()) return {};
  const auto reference = std::find_if(
      all.begin(), all.end(), [](const facts::ReportModel* model) { return model->is_reference; });
  const facts::ReportModel* first = reference == all.end() ? all.front() : *reference;
  const facts::ReportModel* most = *std::max_element(
      all.begin(), all.end(), [](const facts::ReportModel* a, const facts::ReportModel* b) {
        return redundancy_of(*a) < redundancy_of(*b);
      });
  std::vector<NamedHeads> chosen{heads_of(*first)};
  if (most != first) chosen.push_back(heads_of(*most));
  Figure figure = head_pairs_figure(chosen, {"map"});
  const std::string role = first->is_reference ? "the reference" : "the first of the table";
  const std::string rule = "the model whose heads are most alike over chance";
  figure.caption +=
      most == first
          ? fmt::format(" Model {} is {} and {}.", first->number, role, rule)
          : fmt::format(" Model {} is {}, model {} {}.", first->number, role, most->number, rule);
  return figure;
}

Figure heads_worth_figure(const facts::ReportModels& models) {
  const ShownModels shown = shown_models(models_with_heads(models), charts::kSeriesStyles);
  if (shown.models.empty()) return {};
  std::vector<NamedHeads> named;
  for (const facts::ReportModel* model : shown.models) named.push_back(heads_of(*model));
  Figure figure = head_importance_figure(named);
  figure.caption += shown.rule;
  return figure;
}

}  // namespace vitlab::report
