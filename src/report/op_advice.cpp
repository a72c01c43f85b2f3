#include "report/op_advice.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "core/text.h"
#include "report/figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr double kAtRoof = 0.8;
constexpr double kNearRoof = 0.5;

std::string megabytes(std::int64_t bytes) {
  return core::significant(static_cast<double>(bytes) / 1e6, 3) + " MB";
}

bool has_exponentials(const std::string& op) {
  constexpr std::array kNames{"softmax", "gelu", "silu", "sigmoid", "limited_exp"};
  return std::find(kNames.begin(), kNames.end(), op) != kNames.end();
}

std::string launch_meaning(const messages::ProfiledOp& op) {
  return fmt::format(
      "{} µs taken for work of {} µs: the call costs more than the work, so fewer and larger ops, "
      "or "
      "a larger batch, would spread it.",
      core::significant(1e3 * op.time_ms, 3), core::significant(1e3 * op.roof_ms, 2));
}

std::string multiplication_meaning(const messages::ProfiledOp& op, const messages::Roofs& roofs,
                                   double reached) {
  const bool is_thin =
      op.bound == messages::Bound::kMemory && op.bytes > 0 && roofs.peak_gbytes_per_s > 0;
  if (is_thin && reached >= kNearRoof)
    return fmt::format(
        "{} FLOP a byte, where arithmetic becomes the limit from {} on: operands with few "
        "channels, "
        "as in depthwise convolutions or small heads, are not used again often enough.",
        core::significant(op.flops_per_byte, 2),
        core::significant(roofs.peak_gflops_per_s / roofs.peak_gbytes_per_s, 2));
  return fmt::format(
      "Reaches {} % of what the roofs allow, {}: usual reasons are narrow channels, few rows a "
      "call, "
      "or many small matrices.",
      percent(reached, 0),
      is_thin ? "memory being the nearer one" : "arithmetic being the nearer one");
}

std::string normalization_meaning(const messages::ProfiledOp& op) {
  const std::string traffic = "Moves " + megabytes(op.bytes) + " for little arithmetic; ";
  if (op.op == "batch_norm")
    return traffic + "folded into the layer before it (the deploy form) it costs nothing.";
  return traffic +
         "a norm that folds into weights, or one kernel with its neighbours, would save that.";
}

std::string meaning_of(const messages::ProfiledOp& op, const messages::Roofs& roofs,
                       double reached) {
  if (op.category == graph::Category::kCopy || !op.inside.empty())
    return fmt::format(
        "Moves {} into another layout{} and computes nothing: one layout kept from op to op would "
        "save it.",
        megabytes(op.bytes), op.inside.empty() ? "" : " inside " + op.inside);
  if (op.bound == messages::Bound::kLaunch) return launch_meaning(op);
  if (reached >= kAtRoof)
    return fmt::format("At {} % of what this machine allows: only fewer {} would make it faster.",
                       percent(reached, 0),
                       op.bound == messages::Bound::kMemory ? "bytes" : "operations");
  if (op.category == graph::Category::kReshape)
    return fmt::format(
        "Moves {} and computes nothing: a view, or the layout that the next op takes, would save "
        "it.",
        megabytes(op.bytes));
  if (op.category == graph::Category::kNormalization) return normalization_meaning(op);
  if (op.category == graph::Category::kMultiplication)
    return multiplication_meaning(op, roofs, reached);
  if (has_exponentials(op.op))
    return fmt::format(
        "Exponentials on {}: the count takes each for one operation, the machine needs many; fewer "
        "values or a cheaper function would help.",
        megabytes(op.bytes));
  return fmt::format(
      "Moves {} for one or few operations a value: in one kernel with the op before it, that would "
      "be saved.",
      megabytes(op.bytes));
}

auto likeness(const messages::ProfiledOp& op) {
  return std::tie(op.kind, op.op, op.category, op.inside, op.flops, op.bytes);
}

std::string op_cell(const OpToFix& fix) {
  if (fix.alike == 1) return fix.op.node;
  return fmt::format("{} and {} alike", fix.op.node, fix.alike - 1);
}

/// "linear of token_ffn": the op and the kind of its layer.
std::string what_cell(const messages::ProfiledOp& op) {
  return op.kind.empty() ? op.op : op.op + " of " + op.kind;
}

std::string ops_note() {
  return "Time of a whole batch. Above roof: time beyond what memory and arithmetic of this "
         "machine "
         "allow for the op; of its roof: that least time over the time taken. Ops with the same "
         "work are one row, named by the slowest. The sentences follow from the numbers by rule.";
}

}  // namespace

std::vector<OpToFix> ops_to_fix(const messages::ProfileTimes& profile, std::size_t most) {
  std::vector<OpToFix> all;
  for (const messages::ProfiledOp& op : profile.ops) {
    auto known = std::find_if(all.begin(), all.end(),
                              [&](const OpToFix& fix) { return likeness(fix.op) == likeness(op); });
    if (known == all.end()) {
      known = all.insert(all.end(), OpToFix{op, 0, 0, 0, 0, 0, {}});
    } else if (op.time_ms > known->op.time_ms) {
      known->op = op;
    }
    ++known->alike;
    known->time_ms += op.time_ms;
    known->share += op.share;
    known->above_ms += std::max(0.0, op.time_ms - op.roof_ms);
    known->reached += op.roof_ms;
  }
  std::erase_if(all, [](const OpToFix& fix) { return fix.above_ms <= 0; });
  std::stable_sort(all.begin(), all.end(),
                   [](const OpToFix& a, const OpToFix& b) { return a.above_ms > b.above_ms; });
  if (all.size() > most) all.resize(most);
  for (OpToFix& fix : all) {
    fix.reached = fix.time_ms > 0 ? fix.reached / fix.time_ms : 0;
    fix.meaning = meaning_of(fix.op, profile.roofline, fix.reached);
  }
  return all;
}

Table ops_table(const messages::ProfileTimes& profile, const std::string& model) {
  Table table;
  table.columns = {"Op",    "What",           "Category",    "Bound",        "Time, ms",
                   "Share", "Above roof, ms", "Of its roof", "What it means"};
  const std::vector<OpToFix> fixes = ops_to_fix(profile);
  for (const OpToFix& fix : fixes)
    table.rows.push_back(
        {op_cell(fix), what_cell(fix.op), std::string(core::word_of(fix.op.category)),
         std::string(core::word_of(fix.op.bound)), core::significant(fix.time_ms, 3),
         percent(fix.share) + " %", core::significant(fix.above_ms, 3),
         percent(fix.reached, 0) + " %", fix.meaning});
  double above = 0;
  for (const OpToFix& fix : fixes) above += fix.above_ms;
  const double total = profile.ops_ms();
  table.caption = fmt::format("{}: {} ms of {} ms lie above the roofs of these ops", model,
                              core::significant(above, 3), core::significant(total, 3));
  return table;
}

std::vector<Table> ops_tables(const facts::ReportModels& models) {
  std::vector<Table> tables;
  for (const ProfiledModel& shown : profiled_models(models))
    tables.push_back(ops_table(
        *shown.model->profile,
        fmt::format("Model {} ({}), {}", shown.model->number, shown.model->name, shown.role)));
  return tables;
}

std::vector<Block> ops_blocks(std::vector<Table> tables) {
  std::vector<Block> blocks;
  for (Table& table : tables) {
    if (table.rows.empty()) continue;
    blocks.push_back({Paragraph{table.caption + ":"}, Shown::kInTexts});
    blocks.push_back({std::move(table)});
  }
  if (!blocks.empty()) blocks.push_back({Notes{{ops_note()}}});
  return blocks;
}

std::string ops_csv(const facts::ReportModels& models) {
  std::string csv =
      "model,node,alike,layer,kind,op,category,bound,time_ms,share,above_roof_ms,of_roof,meaning\n";
  bool is_empty = true;
  for (const ProfiledModel& shown : profiled_models(models))
    for (const OpToFix& fix : ops_to_fix(*shown.model->profile)) {
      is_empty = false;
      csv += fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{},{},{}\n", core::csv_cell(shown.model->id),
          core::csv_cell(fix.op.node), fix.alike, core::csv_cell(fix.op.layer),
          core::csv_cell(fix.op.kind), core::csv_cell(fix.op.op), core::word_of(fix.op.category),
          core::word_of(fix.op.bound), core::shortest(fix.time_ms), core::shortest(fix.share),
          core::shortest(fix.above_ms), core::shortest(fix.reached), core::csv_cell(fix.meaning));
    }
  return is_empty ? "" : csv;
}

}  // namespace vitlab::report
