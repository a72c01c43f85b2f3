#include "report/profile_figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/curve_chart.h"
#include "charts/roofline_chart.h"
#include "charts/stacked_bars.h"
#include "core/text.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr std::size_t kMostOps = 400;
constexpr std::size_t kMostOpsNarrow = 200;
constexpr std::size_t kMostOthers = 4;
constexpr double kLeastOther = 0.0005;  // less is 0.0 %
constexpr std::size_t kMostGroups = 16;
constexpr double kMebibyte = 1024.0 * 1024.0;

std::string op_name_text(const OpFacts& op) {
  return op.inside.empty() ? op.op : op.op + " inside " + op.inside;
}

std::string intensity_text(const OpFacts& op) {
  const auto intensity = op.flops_per_byte();
  return intensity ? core::significant(*intensity, 3) : "–";
}

charts::RooflinePoint roofline_point(const OpFacts& op) {
  charts::RooflinePoint point;
  point.flops_per_byte = op.flops_per_byte().value_or(0);
  point.gflops_per_s = op.gflops_per_s();
  point.gbytes_per_s = op.gbytes_per_s();
  point.time_ms = op.time_ms;
  point.category = time_category_index(op.category);
  point.tip = fmt::format(
      "{} | {}, {} | {} ms, {} % of the time | {} GFLOP/s, {} GB/s, {} FLOP a "
      "byte{}",
      op.node, op_name_text(op), op.category, core::significant(op.time_ms, 3), percent(op.share),
      core::significant(op.gflops_per_s(), 3), core::significant(op.gbytes_per_s(), 3),
      intensity_text(op), op.bound.empty() ? "" : " | bound: " + op.bound);
  return point;
}

std::vector<charts::Roof> bandwidths_of(const RoofFacts& roofs) {
  std::vector<charts::Roof> bandwidths;
  for (const LevelRoof& level : roofs.levels)
    bandwidths.push_back({level.level, level.gbytes_per_s});
  if (bandwidths.empty() && roofs.gbytes_per_s)
    bandwidths.push_back({"memory", *roofs.gbytes_per_s});
  return bandwidths;
}

std::vector<charts::Roof> computes_of(const RoofFacts& roofs) {
  std::vector<charts::Roof> computes;
  if (roofs.gflops_per_s) computes.push_back({"multiplication", *roofs.gflops_per_s});
  if (roofs.fma_gflops_per_s) computes.push_back({"registers", *roofs.fma_gflops_per_s});
  return computes;
}

/// The ops that can be drawn, the longest first.
std::vector<const OpFacts*> drawn_ops(const ProfileFacts& facts) {
  std::vector<const OpFacts*> ops;
  for (const OpFacts& op : facts.ops)
    if (op.time_ms > 0 && (op.flops > 0 || op.bytes > 0) && op.bytes > 0) ops.push_back(&op);
  std::stable_sort(ops.begin(), ops.end(),
                   [](const OpFacts* a, const OpFacts* b) { return a->time_ms > b->time_ms; });
  return ops;
}

void add_op_rows(Figure& figure, const std::vector<const OpFacts*>& ops) {
  figure.columns = {"Op",    "What",        "Category", "Bound", "Time, ms",
                    "Share", "FLOP a byte", "GFLOP/s",  "GB/s"};
  for (const OpFacts* op : ops)
    figure.rows.push_back(
        {op->node, op_name_text(*op), op->category, op->bound.empty() ? "–" : op->bound,
         core::significant(op->time_ms, 3), percent(op->share) + " %", intensity_text(*op),
         core::significant(op->gflops_per_s(), 3), core::significant(op->gbytes_per_s(), 3)});
}

std::string left_out_text(const ProfileFacts& facts, std::size_t drawable,
                          const std::vector<const OpFacts*>& shown) {
  std::string text;
  double shown_share = 0;
  for (const OpFacts* op : shown) shown_share += op->share;
  if (shown.size() < drawable)
    text += fmt::format(" Shown are the {} longest of {} ops, with {} % of the time.", shown.size(),
                        drawable, percent(shown_share));
  if (drawable < facts.ops.size())
    text += fmt::format(" Left out: {} without traffic (views).",
                        counted(static_cast<std::int64_t>(facts.ops.size() - drawable), "op"));
  return text;
}

charts::Bar bar_of(const std::string& name, const std::vector<NamedTime>& categories) {
  charts::Bar bar{name, std::vector<double>(time_categories().size(), 0), false};
  for (const NamedTime& category : categories)
    bar.shares[time_category_index(category.name)] += category.share;
  return bar;
}

charts::StackedBars category_bars() {
  charts::StackedBars chart;
  chart.categories = time_categories();
  chart.bracket_from = 1;
  chart.bracket_to = 5;
  chart.bracket_name = "memory-bound";
  return chart;
}

void add_bar_rows(Figure& figure, const charts::StackedBars& chart, const std::string& first) {
  figure.columns = {first};
  figure.columns.insert(figure.columns.end(), chart.categories.begin(), chart.categories.end());
  for (const charts::Bar& bar : chart.bars) {
    figure.rows.push_back({bar.label});
    for (const double share : bar.shares) figure.rows.back().push_back(percent(share) + " %");
  }
}

/// Bars of groups, the longest first where there are many.
void add_groups(charts::StackedBars& chart, std::vector<GroupFacts> groups, const std::string& what,
                double total_ms, std::string& rule) {
  if (groups.size() > kMostGroups) {
    std::stable_sort(groups.begin(), groups.end(), [](const GroupFacts& a, const GroupFacts& b) {
      return a.time_ms > b.time_ms;
    });
    rule += fmt::format(" Shown are the {} longest of {}.", kMostGroups, groups.size());
    groups.resize(kMostGroups);
  }
  for (const GroupFacts& group : groups) {
    if (group.category_ms.empty()) continue;
    charts::Bar bar{what + (group.name.empty() ? "–" : group.name),
                    std::vector<double>(time_categories().size(), 0), false};
    for (const auto& [category, time_ms] : group.category_ms)
      bar.shares[time_category_index(category)] += time_ms / total_ms;
    chart.bars.push_back(std::move(bar));
  }
}

charts::Curve memory_curve(const MemoryFacts& memory, std::optional<double> MemoryStep::*member,
                           std::string name, int series) {
  charts::Curve curve{std::move(name), series, series == 1, false, {}};
  for (std::size_t i = 0; i < memory.timeline.size(); ++i)
    if (const auto bytes = memory.timeline[i].*member)
      curve.points.push_back({static_cast<double>(i + 1), *bytes / kMebibyte, {}, {}, ""});
  return curve;
}

std::string mebibytes(const std::optional<double>& bytes) {
  return bytes ? core::significant(*bytes / kMebibyte, 4) : "–";
}

}  // namespace

std::string others_text(const ProfileFacts& facts) {
  std::vector<std::string> words;
  double rest = 0;
  for (std::size_t i = 0; i < facts.others.size(); ++i) {
    if (i < kMostOthers && facts.others[i].share >= kLeastOther)
      words.push_back(facts.others[i].name + " " + percent(facts.others[i].share) + " %");
    else
      rest += facts.others[i].share;
  }
  if (rest >= kLeastOther) words.push_back("the rest " + percent(rest) + " %");
  return listed(words);
}

Figure roofline_figure(const ProfileFacts& facts, const std::string& name,
                       const std::string& figure_name) {
  Figure figure;
  figure.name = figure_name;
  figure.heading = "Roofline";
  std::vector<const OpFacts*> ops = drawn_ops(facts);
  const std::size_t drawable = ops.size();
  ops.resize(std::min(ops.size(), kMostOps));
  charts::RooflineChart chart;
  chart.title = "Roofline of " + name;
  chart.description = fmt::format(
      "{} as marks, arithmetic done against FLOP a byte; the numbers stand in the table below.",
      counted(static_cast<std::int64_t>(ops.size()), "op"));
  chart.categories = time_categories();
  chart.bandwidths = bandwidths_of(facts.roofs);
  chart.computes = computes_of(facts.roofs);
  for (const OpFacts* op : ops) chart.points.push_back(roofline_point(*op));
  chart.id = figure.name;
  figure.wide = charts::roofline_chart(chart, kWideFigure);
  chart.id += "-narrow";
  chart.points.resize(std::min(chart.points.size(), kMostOpsNarrow));
  figure.narrow = charts::roofline_chart(chart, kNarrowFigure);
  if (figure.wide.empty()) return figure;
  add_op_rows(figure, ops);
  figure.caption =
      "Each mark is an op of " + name +
      ", its area the time that it takes; each input, parameter and output counts as moved once. "
      "Slopes: what memory allows; level lines: what arithmetic allows, as measured on this "
      "machine. The further below the lines, the more time is lost; under a slope left of its "
      "bend, "
      "memory is the limit." +
      left_out_text(facts, drawable, ops);
  return figure;
}

Figure categories_figure(const ProfileFacts& facts, const std::string& name) {
  Figure figure;
  figure.name = "categories";
  figure.heading = "Where the time goes";
  if (facts.categories.empty()) return figure;
  charts::StackedBars chart = category_bars();
  chart.title = "Categories of time";
  chart.description = "One stacked bar; the numbers stand in the table below.";
  chart.bars.push_back(bar_of(name, facts.categories));
  add_bar_rows(figure, chart, "Model");
  figure.caption =
      "Share of time by category of operation, in percent. The bracket and the number at the "
      "right: "
      "memory-bound time, as the paper counts it.";
  if (const std::string others = others_text(facts); !others.empty())
    figure.caption += " “Other” is " + others + " of the time.";
  draw_both(figure, chart, charts::stacked_bars);
  return figure;
}

Figure groups_figure(const ProfileFacts& facts) {
  Figure figure;
  figure.name = "groups";
  figure.heading = "By stage and kind of layer";
  charts::StackedBars chart = category_bars();
  chart.title = "Time by stage and kind of layer";
  chart.description = "Stacked bars; the numbers stand in the table below.";
  std::string rule;
  const double total = facts.total_ms();
  if (total > 0) {
    add_groups(chart, facts.stages, "", total, rule);
    add_groups(chart, facts.kinds, "kind: ", total, rule);
  }
  add_bar_rows(figure, chart, "Part");
  figure.caption =
      "Share of the whole model's time, in percent: the stages together make 100, and so do the "
      "kinds of layer. The number at the right: memory-bound time of the part, as a share of the "
      "whole." +
      rule;
  draw_both(figure, chart, charts::stacked_bars);
  return figure;
}

Figure memory_figure(const ProfileFacts& facts) {
  Figure figure;
  figure.name = "memory";
  figure.heading = "Memory";
  const MemoryFacts& memory = facts.memory;
  charts::CurveChart chart;
  chart.title = "Memory at each op";
  chart.description = "Two lines, predicted and measured; the numbers stand in the table below.";
  chart.x_title = "Op, first to last";
  charts::CurvePanel panel;
  panel.y_title = "MiB";
  panel.y_least = 0;
  for (charts::Curve curve : {memory_curve(memory, &MemoryStep::predicted_bytes, "predicted", 0),
                              memory_curve(memory, &MemoryStep::measured_bytes, "measured", 1)})
    if (!curve.points.empty()) panel.curves.push_back(std::move(curve));
  chart.panels.push_back(std::move(panel));
  draw_both(figure, chart, charts::curve_chart);
  if (figure.wide.empty()) return figure;
  figure.columns = {"#", "Op", "Predicted, MiB", "Measured, MiB"};
  for (std::size_t i = 0; i < memory.timeline.size(); ++i)
    figure.rows.push_back({std::to_string(i + 1), memory.timeline[i].node,
                           mebibytes(memory.timeline[i].predicted_bytes),
                           mebibytes(memory.timeline[i].measured_bytes)});
  figure.caption = fmt::format(
      "Memory held while each op runs. Peak: {} MiB predicted, {} MiB "
      "measured; parameters: {} MiB.",
      mebibytes(memory.predicted_peak_bytes), mebibytes(memory.measured_peak_bytes),
      mebibytes(memory.parameter_bytes));
  if (!memory.remark.empty()) figure.caption += " Counted: " + memory.remark + ".";
  return figure;
}

}  // namespace vitlab::report
