#include <algorithm>

#include <fmt/format.h>

#include "charts/stacked_bars.h"
#include "facts/paper_values.h"
#include "report/figures.h"
#include "report/profile_figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr std::size_t kMostBars = 24;

charts::Bar time_bar(const facts::ReportModel& model) {
  charts::Bar bar{numbered(model), {}, false};
  for (const std::string& category : time_categories()) {
    const auto share = model.time_shares.find(category);
    bar.shares.push_back(share == model.time_shares.end() ? 0 : std::max(0.0, share->second));
  }
  return bar;
}

std::string time_caption(const facts::ReportModels& models) {
  const std::string words = facts::setting_text(models.setting);
  std::string text = fmt::format(
      "Share of time by category of operation, in percent{}. The bracket and the number at the "
      "right: memory-bound time, as the paper counts it. The paper does not state the device of "
      "its "
      "Fig 2 (its GPU numbers are of a V100): compare shapes, not numbers.",
      words.empty() ? "" : " (" + words + ")");
  const std::vector<ProfiledModel> profiled = profiled_models(models);
  if (profiled.empty()) return text;
  const std::string others = others_text(*profiled[0].model->profile);
  if (!others.empty())
    text +=
        fmt::format(" “Other” of model {} is {} of its time.", profiled[0].model->number, others);
  return text;
}

/// Shares by category, and what "other" consists of where a profile tells.
void add_rows(Figure& figure, const charts::StackedBars& chart, const ShownModels& shown) {
  figure.columns = {"Model"};
  figure.columns.insert(figure.columns.end(), chart.categories.begin(), chart.categories.end());
  const bool has_others =
      std::any_of(shown.models.begin(), shown.models.end(), [](const facts::ReportModel* model) {
        return model->profile && !model->profile->others.empty();
      });
  if (has_others) figure.columns.emplace_back("“Other” by op");
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    std::vector<std::string> row{chart.bars[i].label};
    for (const double share : chart.bars[i].shares) row.push_back(percent(share) + " %");
    if (has_others) {
      const bool is_told = i < shown.models.size() && shown.models[i]->profile;
      const std::string others = is_told ? others_text(*shown.models[i]->profile) : "";
      row.push_back(others.empty() ? "–" : others);
    }
    figure.rows.push_back(std::move(row));
  }
}

Figure model_roofline(const facts::ReportModel& model, const std::string& figure_name) {
  return roofline_figure(*model.profile, fmt::format("model {} ({})", model.number, model.name),
                         figure_name);
}

}  // namespace

std::vector<ProfiledModel> profiled_models(const facts::ReportModels& models) {
  const facts::ReportModel* first = nullptr;
  for (const facts::ReportModel& model : models.models)
    if (model.profile && (model.is_reference || first == nullptr)) first = &model;
  if (first == nullptr) return {};
  const facts::ReportModel *slowest = nullptr, *fastest = nullptr;
  for (const facts::ReportModel& model : models.models) {
    if (!model.profile || !model.throughput) continue;
    const double speed = model.throughput->value;
    if (slowest == nullptr || speed < slowest->throughput->value) slowest = &model;
    if (fastest == nullptr || speed > fastest->throughput->value) fastest = &model;
  }
  std::string role = first->is_reference ? "the reference" : "the first of the table";
  if (slowest == first) role += ", also the slowest";
  std::vector<ProfiledModel> shown{{first, std::move(role)}};
  if (slowest != nullptr && slowest != first)
    shown.push_back({slowest, "the slowest"});
  else if (fastest != nullptr && fastest != first)
    shown.push_back({fastest, "the fastest"});
  return shown;
}

Figure time_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "time_categories";
  figure.heading = "Where the time goes";
  std::vector<const facts::ReportModel*> timed;
  for (const facts::ReportModel& model : models.models)
    if (!model.time_shares.empty()) timed.push_back(&model);
  if (timed.empty()) return figure;
  const ShownModels shown = shown_models(timed, kMostBars);
  charts::StackedBars chart;
  chart.title = "Categories of time";
  chart.description = "Stacked bars, one a model; the numbers stand in the table below.";
  chart.categories = time_categories();
  chart.bracket_from = 1;
  chart.bracket_to = 5;
  chart.bracket_name = "memory-bound";
  for (const facts::ReportModel* model : shown.models) chart.bars.push_back(time_bar(*model));
  for (const facts::PaperSeries& series : facts::paper_values().runtime_shares)
    chart.bars.push_back({series.name, series.values, true});
  add_rows(figure, chart, shown);
  figure.caption = time_caption(models) + shown.rule;
  chart.reference_heading = "The paper's models (Fig 2; device not stated)";
  draw_both(figure, chart, charts::stacked_bars);
  return figure;
}

Figure main_roofline_figure(const facts::ReportModels& models) {
  const std::vector<ProfiledModel> profiled = profiled_models(models);
  if (profiled.empty()) return {};
  Figure figure = model_roofline(*profiled[0].model, "roofline");
  figure.caption += fmt::format(
      " Shown: {}{}.", profiled[0].role,
      profiled.size() > 1 ? ", and below it " + profiled[1].role + " model" : std::string());
  return figure;
}

Figure other_roofline_figure(const facts::ReportModels& models) {
  const std::vector<ProfiledModel> profiled = profiled_models(models);
  if (profiled.size() < 2) return {};
  const facts::ReportModel& model = *profiled[1].model;
  Figure figure = model_roofline(model, "roofline_other");
  figure.heading.clear();
  figure.fold = fmt::format("Model {} ({}), {}", model.number, model.name, profiled[1].role);
  return figure;
}

}  // namespace vitlab::report
