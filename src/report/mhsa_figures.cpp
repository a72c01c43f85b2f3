#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "charts/curve_chart.h"
#include "charts/scale.h"
#include "charts/svg_writer.h"
#include "core/text.h"
#include "facts/paper_values.h"
#include "report/figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr const char* kShareAxis = "Share of attention among attention and FFN layers, %";

/// Models that differ by their share of attention only.
struct ShareGroup {
  std::string name;
  std::vector<const facts::ReportModel*> models;  // by share
};

/// Knobs that do not tell two models of one line apart: the share itself, and widths that were
/// solved for a budget.
bool is_along_line(const std::string& knob, const facts::ReportModel& model) {
  return knob == "mhsa_share" ||
         (!model.budget_metric.empty() && (knob == "widths" || knob == "width"));
}

std::string line_name(const facts::ReportModels& models, const facts::ReportModel& model) {
  std::string name;
  for (std::size_t k = 0; k < models.knobs.size() && k < model.knobs.size(); ++k)
    if (!is_along_line(models.knobs[k], model) && !model.knobs[k].empty())
      name += (name.empty() ? "" : ", ") + models.knobs[k] + "=" + model.knobs[k];
  if (!model.budget_metric.empty() && model.budget)
    name += fmt::format(
        "{}{} {}", name.empty() ? "" : ", ", model.budget_metric,
        *model.budget >= 1000 ? core::si(*model.budget) : core::significant(*model.budget, 3));
  return name.empty() ? "these models" : name;
}

struct ShareLines {
  std::vector<ShareGroup> groups;
  std::string rule;
};

/// The lines of a sweep over mhsa_share: groups with two shares or more among the models that
/// `has_value`. None where the share is no knob of the sweep.
ShareLines share_lines(const facts::ReportModels& models,
                       const std::function<bool(const facts::ReportModel&)>& has_value) {
  ShareLines lines;
  if (std::find(models.knobs.begin(), models.knobs.end(), "mhsa_share") == models.knobs.end())
    return lines;
  for (const facts::ReportModel& model : models.models) {
    if (!model.mhsa_share || !has_value(model)) continue;
    const std::string name = line_name(models, model);
    auto group = std::find_if(lines.groups.begin(), lines.groups.end(),
                              [&](const ShareGroup& known) { return known.name == name; });
    if (group == lines.groups.end())
      group = lines.groups.insert(lines.groups.end(), ShareGroup{name, {}});
    group->models.push_back(&model);
  }
  for (ShareGroup& group : lines.groups)
    std::stable_sort(group.models.begin(), group.models.end(),
                     [](const facts::ReportModel* a, const facts::ReportModel* b) {
                       return *a->mhsa_share < *b->mhsa_share;
                     });
  std::erase_if(lines.groups, [](const ShareGroup& group) {
    return *group.models.front()->mhsa_share == *group.models.back()->mhsa_share;
  });
  if (lines.groups.size() > static_cast<std::size_t>(charts::kSeriesStyles)) {
    lines.rule = fmt::format(" Shown are the first {} of {} lines.", charts::kSeriesStyles,
                             lines.groups.size());
    lines.groups.resize(charts::kSeriesStyles);
  }
  return lines;
}

std::string share_text(double share) { return percent(share) + " %"; }

/// A line of one value of the models; `point_of` fills in y, its interval and words for it.
charts::Curve curve_of(
    const ShareGroup& group, int series,
    const std::function<std::string(const facts::ReportModel&, charts::CurvePoint&)>& point_of) {
  charts::Curve curve{group.name, series, false, true, {}};
  for (const facts::ReportModel* model : group.models) {
    charts::CurvePoint point;
    point.x = 100 * *model->mhsa_share;
    const std::string words = point_of(*model, point);
    point.tip = fmt::format("{} | {} attention | {}", numbered(*model),
                            share_text(*model->mhsa_share), words);
    curve.points.push_back(std::move(point));
  }
  return curve;
}

std::string memory_point(const facts::ReportModel& model, charts::CurvePoint& point) {
  point.y = 100 * model.memory_bound->value;
  if (model.memory_bound->low) point.y_low = 100 * *model.memory_bound->low;
  if (model.memory_bound->high) point.y_high = 100 * *model.memory_bound->high;
  return share_text(model.memory_bound->value) + " memory-bound";
}

std::string accuracy_point(const facts::ReportModel& model, charts::CurvePoint& point) {
  point.y = 100 * model.accuracy->mean;
  if (model.accuracy->low) point.y_low = 100 * *model.accuracy->low;
  if (model.accuracy->high) point.y_high = 100 * *model.accuracy->high;
  return accuracy_text(*model.accuracy) + " % top-1";
}

charts::CurvePanel paper_panel(const facts::PaperValues& paper) {
  charts::CurvePanel panel;
  panel.heading = "The paper (Fig 3): ImageNet, another scale";
  panel.y_title = "ImageNet top-1, % (paper)";
  panel.y_most = 100;
  int series = 0;
  for (const facts::PaperSeries& line : paper.mhsa_accuracy) {
    charts::Curve curve{line.name + " (paper)", series++, true, true, {}};
    for (std::size_t i = 0; i < line.values.size() && i < paper.mhsa_shares.size(); ++i)
      curve.points.push_back(
          {100 * paper.mhsa_shares[i],
           100 * line.values[i],
           {},
           {},
           fmt::format("{}, paper, ImageNet | {} attention | {} % top-1", line.name,
                       share_text(paper.mhsa_shares[i]), percent(line.values[i]))});
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

}  // namespace

Figure mhsa_memory_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "mhsa_memory";
  figure.heading = "Attention against memory-bound time";
  const ShareLines lines = share_lines(
      models, [](const facts::ReportModel& model) { return model.memory_bound.has_value(); });
  if (lines.groups.empty()) return figure;
  charts::CurveChart chart;
  chart.title = "Memory-bound time by share of attention layers";
  chart.description = "One line a group of models; the numbers stand in the table below.";
  chart.x_title = kShareAxis;
  charts::CurvePanel panel;
  panel.y_title = "Memory-bound, % of time";
  panel.y_least = 0;
  panel.y_most = 100;
  figure.columns = {"Line", "Model", "Attention", "Memory-bound", "p5–p95", "Images/s"};
  int series = 0;
  for (const ShareGroup& group : lines.groups) {
    panel.curves.push_back(curve_of(group, series++, memory_point));
    for (const facts::ReportModel* model : group.models)
      figure.rows.push_back(
          {group.name, numbered(*model), share_text(*model->mhsa_share),
           share_text(model->memory_bound->value),
           range_text(model->memory_bound->low, model->memory_bound->high, share_text),
           model->throughput ? charts::rate(model->throughput->value) : "–"});
  }
  const double paper = facts::paper_values().mhsa_memory_bound;
  panel.named.push_back(
      {20, 100 * paper, fmt::format("Swin-T 1.25× in the paper, {} %", percent(paper, 2))});
  chart.panels.push_back(std::move(panel));
  const std::string setting = facts::setting_text(models.setting);
  figure.caption = fmt::format(
      "Time in reshape, normalization, copy and addition{}, by the share of attention that each "
      "model really has; bars: 5th to 95th percentile. The cross is the one number that the paper "
      "prints (Fig 3; device not stated): compare the direction, not the height.{}",
      setting.empty() ? "" : " (" + setting + ")", lines.rule);
  draw_both(figure, chart, charts::curve_chart);
  return figure;
}

Figure mhsa_accuracy_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "mhsa_accuracy";
  figure.heading = "Attention against accuracy";
  const ShareLines lines = share_lines(
      models, [](const facts::ReportModel& model) { return model.accuracy.has_value(); });
  if (lines.groups.empty()) return figure;
  charts::CurveChart chart;
  chart.title = "Accuracy by share of attention layers";
  chart.description =
      "Two plots, each with a scale of its own: these models, and the paper's on ImageNet; the "
      "numbers stand in the table below.";
  chart.x_title = kShareAxis;
  const std::string data = models.dataset.empty() ? "data not recorded" : "data " + models.dataset;
  charts::CurvePanel panel;
  panel.heading = "Here: " + data;
  panel.y_title = "Top-1 accuracy, %";
  panel.y_least = 0;
  panel.y_most = 100;
  figure.columns = {"Line", "Model", "Attention", "Top-1, %", "95 % interval"};
  int series = 0;
  const auto one = [](double share) { return percent(share); };
  for (const ShareGroup& group : lines.groups) {
    panel.curves.push_back(curve_of(group, series++, accuracy_point));
    for (const facts::ReportModel* model : group.models)
      figure.rows.push_back({group.name, numbered(*model), share_text(*model->mhsa_share),
                             accuracy_text(*model->accuracy),
                             range_text(model->accuracy->low, model->accuracy->high, one)});
  }
  const facts::PaperValues paper = facts::paper_values();
  chart.panels = {std::move(panel), paper_panel(paper)};
  for (const charts::Curve& curve : chart.panels[1].curves)
    for (const charts::CurvePoint& point : curve.points)
      figure.rows.push_back(
          {curve.name, "ImageNet", share_text(point.x / 100), percent(point.y / 100), "–"});
  figure.caption = fmt::format(
      "Above: accuracy on {} with its 95 % binomial interval. Below, dashed: the paper's models on "
      "ImageNet at 1.25 and 1.5 times the throughput of the originals (Fig 3, digitised). The two "
      "plots share the horizontal axis only: compare where the curves peak, never their heights.{}",
      models.dataset.empty() ? data : models.dataset, lines.rule);
  draw_both(figure, chart, charts::curve_chart);
  return figure;
}

}  // namespace vitlab::report
