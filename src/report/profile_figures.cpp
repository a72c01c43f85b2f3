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

std::string op_name_text(const messages::ProfiledOp& op) {
  return op.inside.empty() ? op.op : op.op + " inside " + op.inside;
}

std::string intensity_text(const messages::ProfiledOp& op) {
  return op.bytes > 0 ? core::significant(op.flops_per_byte, 3) : "–";
}

std::size_t index_of(graph::Category category) { return static_cast<std::size_t>(category); }

charts::RooflinePoint roofline_point(const messages::ProfiledOp& op) {
  charts::RooflinePoint point;
  point.flops_per_byte = op.flops_per_byte;
  point.gflops_per_s = op.gflops_per_s;
  point.gbytes_per_s = op.gbytes_per_s;
  point.time_ms = op.time_ms;
  point.category = index_of(op.category);
  point.tip = fmt::format(
      "{} | {}, {} | {} ms, {} % of the time | {} GFLOP/s, {} GB/s, {} FLOP a "
      "byte | bound: {}",
      op.node, op_name_text(op), core::word_of(op.category), core::significant(op.time_ms, 3),
      percent(op.share), core::significant(op.gflops_per_s, 3),
      core::significant(op.gbytes_per_s, 3), intensity_text(op), core::word_of(op.bound));
  return point;
}

/// Of each level of memory the largest of what was measured.
std::vector<charts::Roof> bandwidths_of(const messages::Roofs& roofs) {
  std::vector<charts::Roof> bandwidths;
  for (const messages::MemoryLevelRoof& level : roofs.levels)
    bandwidths.push_back({level.level, std::max({level.read_gbytes_per_s, level.copy_gbytes_per_s,
                                                 level.triad_gbytes_per_s})});
  std::erase_if(bandwidths, [](const charts::Roof& roof) { return !(roof.value > 0); });
  if (bandwidths.empty()) bandwidths.push_back({"memory", roofs.peak_gbytes_per_s});
  return bandwidths;
}

std::vector<charts::Roof> computes_of(const messages::Roofs& roofs) {
  return {{"multiplication", roofs.peak_gflops_per_s}, {"registers", roofs.fma_gflops_per_s}};
}

/// The ops that can be drawn, the longest first.
std::vector<const messages::ProfiledOp*> drawn_ops(const messages::ProfileTimes& profile) {
  std::vector<const messages::ProfiledOp*> ops;
  for (const messages::ProfiledOp& op : profile.ops)
    if (op.time_ms > 0 && (op.flops > 0 || op.bytes > 0) && op.bytes > 0) ops.push_back(&op);
  std::stable_sort(ops.begin(), ops.end(),
                   [](const messages::ProfiledOp* a, const messages::ProfiledOp* b) {
                     return a->time_ms > b->time_ms;
                   });
  return ops;
}

void add_op_rows(Figure& figure, const std::vector<const messages::ProfiledOp*>& ops) {
  figure.columns = {"Op",    "What",        "Category", "Bound", "Time, ms",
                    "Share", "FLOP a byte", "GFLOP/s",  "GB/s"};
  for (const messages::ProfiledOp* op : ops)
    figure.rows.push_back({op->node, op_name_text(*op), std::string(core::word_of(op->category)),
                           std::string(core::word_of(op->bound)), core::significant(op->time_ms, 3),
                           percent(op->share) + " %", intensity_text(*op),
                           core::significant(op->gflops_per_s, 3),
                           core::significant(op->gbytes_per_s, 3)});
}

std::string left_out_text(const messages::ProfileTimes& profile, std::size_t drawable,
                          const std::vector<const messages::ProfiledOp*>& shown) {
  std::string text;
  double shown_share = 0;
  for (const messages::ProfiledOp* op : shown) shown_share += op->share;
  if (shown.size() < drawable)
    text += fmt::format(" Shown are the {} longest of {} ops, with {} % of the time.", shown.size(),
                        drawable, percent(shown_share));
  if (drawable < profile.ops.size())
    text += fmt::format(" Left out: {} without traffic (views).",
                        counted(static_cast<std::int64_t>(profile.ops.size() - drawable), "op"));
  return text;
}

charts::Bar bar_of(const std::string& name,
                   const std::vector<messages::CategoryShare>& categories) {
  charts::Bar bar{name, std::vector<double>(time_categories().size(), 0), false};
  for (const messages::CategoryShare& category : categories)
    bar.shares[index_of(category.category)] += category.share;
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

/// Bars of stages or kinds of layers, the longest first where there are many.
template <typename Part>
void add_groups(charts::StackedBars& chart, std::vector<Part> groups, const std::string& what,
                double total_ms, std::string& rule) {
  if (groups.size() > kMostGroups) {
    std::stable_sort(groups.begin(), groups.end(),
                     [](const Part& a, const Part& b) { return a.time_ms > b.time_ms; });
    rule += fmt::format(" Shown are the {} longest of {}.", kMostGroups, groups.size());
    groups.resize(kMostGroups);
  }
  for (const Part& group : groups) {
    charts::Bar bar{what + (group.name.empty() ? "–" : group.name), {}, false};
    for (const double time_ms : group.categories.ms) bar.shares.push_back(time_ms / total_ms);
    chart.bars.push_back(std::move(bar));
  }
}

charts::Curve memory_curve(const messages::ProfiledMemory& memory,
                           std::int64_t messages::MemoryStep::*member, std::string name,
                           int series) {
  charts::Curve curve{std::move(name), series, series == 1, false, {}};
  for (std::size_t i = 0; i < memory.timeline.size(); ++i)
    curve.points.push_back({static_cast<double>(i + 1),
                            static_cast<double>(memory.timeline[i].*member) / kMebibyte,
                            {},
                            {},
                            ""});
  return curve;
}

std::string mebibytes(std::int64_t bytes) {
  return core::significant(static_cast<double>(bytes) / kMebibyte, 4);
}

}  // namespace

const std::vector<std::string>& time_categories() {
  static const std::vector<std::string> names = core::words_of<graph::Category>();
  return names;
}

std::string others_text(const messages::ProfileTimes& profile) {
  std::vector<std::string> words;
  double rest = 0;
  for (std::size_t i = 0; i < profile.others.size(); ++i) {
    if (i < kMostOthers && profile.others[i].share >= kLeastOther)
      words.push_back(profile.others[i].op + " " + percent(profile.others[i].share) + " %");
    else
      rest += profile.others[i].share;
  }
  if (rest >= kLeastOther) words.push_back("the rest " + percent(rest) + " %");
  return listed(words);
}

Figure roofline_figure(const messages::ProfileTimes& profile, const std::string& name,
                       const std::string& figure_name) {
  Figure figure;
  figure.name = figure_name;
  figure.heading = "Roofline";
  std::vector<const messages::ProfiledOp*> ops = drawn_ops(profile);
  const std::size_t drawable = ops.size();
  ops.resize(std::min(ops.size(), kMostOps));
  charts::RooflineChart chart;
  chart.title = "Roofline of " + name;
  chart.description = fmt::format(
      "{} as marks, arithmetic done against FLOP a byte; the numbers stand in the table below.",
      counted(static_cast<std::int64_t>(ops.size()), "op"));
  chart.categories = time_categories();
  chart.bandwidths = bandwidths_of(profile.roofline);
  chart.computes = computes_of(profile.roofline);
  for (const messages::ProfiledOp* op : ops) chart.points.push_back(roofline_point(*op));
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
      left_out_text(profile, drawable, ops);
  return figure;
}

Figure categories_figure(const messages::ProfileTimes& profile, const std::string& name) {
  Figure figure;
  figure.name = "categories";
  figure.heading = "Where the time goes";
  if (profile.categories.empty()) return figure;
  charts::StackedBars chart = category_bars();
  chart.title = "Categories of time";
  chart.description = "One stacked bar; the numbers stand in the table below.";
  chart.bars.push_back(bar_of(name, profile.categories));
  add_bar_rows(figure, chart, "Model");
  figure.caption =
      "Share of time by category of operation, in percent. The bracket and the number at the "
      "right: "
      "memory-bound time, as the paper counts it.";
  if (const std::string others = others_text(profile); !others.empty())
    figure.caption += " “Other” is " + others + " of the time.";
  draw_both(figure, chart, charts::stacked_bars);
  return figure;
}

Figure groups_figure(const messages::ProfileTimes& profile) {
  Figure figure;
  figure.name = "groups";
  figure.heading = "By stage and kind of layer";
  charts::StackedBars chart = category_bars();
  chart.title = "Time by stage and kind of layer";
  chart.description = "Stacked bars; the numbers stand in the table below.";
  std::string rule;
  const double total = profile.ops_ms();
  if (total > 0) {
    add_groups(chart, profile.stages, "", total, rule);
    add_groups(chart, profile.kinds, "kind: ", total, rule);
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

Figure memory_figure(const messages::ProfileTimes& profile) {
  Figure figure;
  figure.name = "memory";
  figure.heading = "Memory";
  const messages::ProfiledMemory& memory = profile.memory;
  charts::CurveChart chart;
  chart.title = "Memory at each op";
  chart.description = "Two lines, predicted and measured; the numbers stand in the table below.";
  chart.x_title = "Op, first to last";
  charts::CurvePanel panel;
  panel.y_title = "MiB";
  panel.y_least = 0;
  for (charts::Curve curve :
       {memory_curve(memory, &messages::MemoryStep::predicted_bytes, "predicted", 0),
        memory_curve(memory, &messages::MemoryStep::measured_bytes, "measured", 1)})
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
