#include "cli/profile_text.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/text.h"
#include "graph/categories.h"

namespace vitlab::cli {

namespace {

// Parts of "other" below this share of the time are not named in the text.
constexpr double kNamedShare = 0.005;

std::string percent(double share) { return core::significant(100 * share, 3) + " %"; }
std::string ms(double value) { return core::significant(value, 4); }
std::string bytes_text(std::int64_t bytes) { return core::si(static_cast<double>(bytes), "B"); }
template <core::Choice T>
std::string word(T value) {
  return std::string(core::word_of(value));
}

/// The rows, the slowest first.
template <typename Row>
std::vector<Row> slowest_first(std::vector<Row> rows) {
  std::ranges::stable_sort(rows, std::greater(), &Row::time_ms);
  return rows;
}

std::size_t shown(std::size_t rows, graph::Index top) {
  return std::min(rows, static_cast<std::size_t>(std::max<graph::Index>(top, 0)));
}

std::string totals(const messages::ProfileSetting& setting, const messages::ProfileTimes& times) {
  const messages::ProfiledMemory& memory = times.memory;
  return setting.model + "  batch " + std::to_string(setting.batch) + ", " +
         std::to_string(setting.threads) + " thread(s), " +
         std::string(core::word_of(setting.dtype)) + ", " + setting.device +
         (setting.deploy ? ", deploy form" : "") + "\nthroughput  " +
         spread(times.throughput_images_per_s, "images/s") + "\nlatency     " +
         spread(times.latency_ms, "ms") + "\nmemory-bound share " +
         core::significant(times.memory_bound_share, 3) + " (by category, as the paper), " +
         core::significant(times.roofline_memory_bound_share, 3) + " (by roofline)\n" +
         "peak memory " + bytes_text(memory.measured_peak_bytes) + " measured, " +
         bytes_text(memory.predicted_peak_bytes) + " planned, without " +
         bytes_text(memory.parameter_bytes) + " of parameters\n";
}

std::string category_table(const messages::ProfileTimes& times) {
  core::TextTable table({"category", "time_ms", "share"});
  for (const messages::CategoryShare& row : times.categories)
    table.add({word(row.category), ms(row.time_ms), core::significant(row.share, 3)});
  std::string parts;
  for (const messages::OtherOp& row : times.others)
    if (row.share >= kNamedShare)
      parts += (parts.empty() ? "" : ", ") + row.op + " " + percent(row.share);
  return table.str(output_width()) + (parts.empty() ? "" : "other is " + parts + " of the time\n");
}

std::string kind_table(const messages::ProfileTimes& times) {
  core::TextTable table({"kind of layer", "time_ms", "share", "memory-bound", "MACs", "bytes"});
  for (const messages::KindTimes& row : slowest_first(times.kinds))
    table.add({row.name, ms(row.time_ms), core::significant(row.share, 3),
               core::significant(row.memory_bound_share, 3),
               core::si(static_cast<double>(row.macs)), bytes_text(row.bytes)});
  return table.str(output_width());
}

/// The slowest ops first, `top` of them.
std::string op_table(const messages::ProfileTimes& times, graph::Index top) {
  const std::vector<messages::ProfiledOp> ops = slowest_first(times.ops);
  core::TextTable table({"node", "op", "category", "time_ms", "GFLOP/s", "GB/s", "bound"});
  for (std::size_t i = 0; i < shown(ops.size(), top); ++i)
    table.add({ops[i].node, ops[i].inside.empty() ? ops[i].op : ops[i].op + " in " + ops[i].inside,
               word(ops[i].category), ms(ops[i].time_ms), core::significant(ops[i].gflops_per_s, 3),
               core::significant(ops[i].gbytes_per_s, 3), word(ops[i].bound)});
  return table.str(output_width());
}

template <typename Row, typename Name>
std::string difference_table(const std::vector<Row>& rows, const Name& name, const char* title,
                             graph::Index top) {
  core::TextTable table({title, "a_ms", "b_ms", "difference_ms", "share of it"});
  for (std::size_t i = 0; i < shown(rows.size(), top); ++i)
    table.add({name(rows[i]), core::significant(rows[i].a_ms, 3),
               core::significant(rows[i].b_ms, 3), core::significant(rows[i].difference_ms, 3),
               percent(rows[i].share_of_difference)});
  return table.str(output_width());
}

/// "61 % of the difference is normalization, most of it in token_norm of stages.3": the category
/// and its place that differ most in the direction of the whole.
std::string reason(const messages::Differences& found) {
  const double sign = found.difference_ms > 0 ? 1 : -1;
  const auto more = [&](const messages::Difference& a, const messages::Difference& b) {
    return sign * a.difference_ms < sign * b.difference_ms;
  };
  const messages::CategoryDifference& category = *std::ranges::max_element(found.categories, more);
  std::vector<messages::PlaceDifference> places = found.places;
  std::erase_if(places, [&](const auto& place) { return place.category != category.category; });
  const messages::PlaceDifference& place = *std::ranges::max_element(places, more);
  return percent(category.share_of_difference) + " of the difference is " +
         word(category.category) + ", most of it in " + place.kind + " of " + place.stage;
}

std::string verdict(const std::string& a, const std::string& b,
                    const messages::Differences& found) {
  const messages::SpeedRatio ratio = found.throughput_ratio.value();
  const std::string range = " (throughput " + core::significant(ratio.value, 3) + " of " + b +
                            "'s, " + core::significant(ratio.low, 3) + " … " +
                            core::significant(ratio.high, 3) + ")";
  if (ratio.low <= 1 && ratio.high >= 1)
    return a + " is as fast as " + b + " within the noise" + range + "\n";
  const bool is_slower = ratio.value < 1;
  // The profiles were not taken in turns: where they contradict the turns they explain nothing.
  const bool explains = (found.difference_ms > 0) == is_slower;
  return a + " is " + core::significant(is_slower ? 1 / ratio.value : ratio.value, 3) + " × " +
         (is_slower ? "slower" : "faster") + " than " + b + range +
         (explains ? "; " + reason(found) : "; the profiles are too noisy to say where") + "\n";
}

}  // namespace

std::string profile_text(const messages::ProfileAnswer& profile, graph::Index top) {
  const messages::ProfileTimes& times = profile.times.value();
  std::string text = totals(profile.setting, times) + "\n" + category_table(times) + "\n" +
                     kind_table(times) + "\n" + op_table(times, top) +
                     "\nprofiled / unprofiled time: " + core::significant(times.overhead, 4) +
                     "; between the ops: " + core::significant(times.remainder_ms, 3) + " ms";
  if (times.launch_ms)
    text += ", the device idle for " + core::significant(*times.launch_ms, 3) + " ms of it";
  text += "\n";
  for (const std::string& warning : times.warnings) text += "warning: " + warning + "\n";
  return text;
}

std::string against_text(const messages::ProfileAnswer& profile, graph::Index top) {
  const std::string& a = profile.setting.model;
  const std::string& b = profile.against.value().model;
  const messages::Differences& found = profile.against->differences.value();
  const auto kind = [](const messages::KindDifference& row) { return row.kind; };
  std::string text = "\n" + verdict(a, b, found) + "a is " + a + ", b is " + b +
                     "; positive differences: a is slower\n\n" +
                     difference_table(
                         found.categories,
                         [](const messages::CategoryDifference& row) { return word(row.category); },
                         "category", top) +
                     "\n" + difference_table(found.kinds, kind, "kind of layer", top) + "\n" +
                     difference_table(
                         found.nodes, [](const messages::NodeDifference& row) { return row.node; },
                         "node in both", top);
  if (!found.unmatched.empty())
    text += "\n" + difference_table(found.unmatched, kind, "nodes in one only", top);
  return text;
}

namespace {

struct CountedOp {
  std::string op;
  graph::Category category = graph::Category::kOther;
  bool memory_bound = false;
  std::string why;

  static constexpr auto fields() {
    return std::tuple{core::required("op", &CountedOp::op),
                      core::required("category", &CountedOp::category),
                      core::required("memory_bound", &CountedOp::memory_bound),
                      core::required("why", &CountedOp::why)};
  }
};

std::vector<CountedOp> counted_ops() {
  std::vector<CountedOp> ops;
  const auto add = [&](std::string_view op, graph::Category category, std::string_view why) {
    ops.push_back({std::string(op), category, graph::is_memory_bound(category), std::string(why)});
  };
  for (const graph::CategorizedOp& op : graph::categorized_ops()) add(op.name, op.category, op.why);
  add("copy", graph::Category::kCopy,
      "seen inside another op: contiguous, clone, cast, layout change");
  add("copy", graph::Category::kReshape,
      "seen inside an op that rearranges: the model asked for it");
  return ops;
}

}  // namespace

core::Json categories_json() { return core::to_json(counted_ops()); }

std::string categories_text() {
  core::TextTable table({"op", "category", "why"});
  for (const CountedOp& row : counted_ops()) table.add({row.op, word(row.category), row.why});
  return table.str(output_width()) +
         "\nmemory-bound, as the paper counts it: reshape, normalization, copy and addition\n";
}

}  // namespace vitlab::cli
