#include "cli/profile_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/text.h"
#include "graph/categories.h"

namespace vitlab::cli {

namespace {

// Parts of "other" below this share of the time are not named in the text.
constexpr double kNamedShare = 0.005;

std::string text_of(const core::Json& row, const char* key) {
  return row.at(key).get<std::string>();
}
double value_of(const core::Json& row, const char* key) { return row.at(key).get<double>(); }
std::string percent(double share) { return core::significant(100 * share, 3) + " %"; }

/// The rows, the largest `key` first.
std::vector<core::Json> sorted_by(const core::Json& rows, const char* key) {
  std::vector<core::Json> sorted(rows.begin(), rows.end());
  std::stable_sort(sorted.begin(), sorted.end(), [key](const core::Json& a, const core::Json& b) {
    return value_of(a, key) > value_of(b, key);
  });
  return sorted;
}

std::size_t shown(std::size_t rows, graph::Index top) {
  return std::min(rows, static_cast<std::size_t>(std::max<graph::Index>(top, 0)));
}

std::string totals(const core::Json& result, const sweep::Protocol& protocol) {
  std::string text = text_of(result, "model") + "  batch " + std::to_string(protocol.batch) + ", " +
                     std::to_string(protocol.threads) + " thread(s), " + protocol.dtype + ", " +
                     protocol.device + (protocol.deploy ? ", deploy form" : "") + "\nthroughput  " +
                     spread(result.at("throughput_images_per_s"), "images/s") + "\nlatency     " +
                     spread(result.at("latency_ms"), "ms") + "\nmemory-bound share " +
                     number(result.at("memory_bound_share"), 3) + " (by category, as the paper), " +
                     number(result.at("roofline_memory_bound_share"), 3) + " (by roofline)\n";
  const core::Json& memory = result.at("memory");
  return text + "peak memory " + core::si(value_of(memory, "measured_peak_bytes"), "B") +
         " measured, " + core::si(value_of(memory, "predicted_peak_bytes"), "B") +
         " planned, without " + core::si(value_of(memory, "parameter_bytes"), "B") +
         " of parameters\n";
}

std::string category_table(const core::Json& result) {
  core::TextTable table({"category", "time_ms", "share"});
  for (const core::Json& row : result.at("categories"))
    table.add({text_of(row, "category"), number(row.at("time_ms")), number(row.at("share"), 3)});
  std::string parts;
  for (const core::Json& row : result.at("others"))
    if (value_of(row, "share") >= kNamedShare)
      parts +=
          (parts.empty() ? "" : ", ") + text_of(row, "op") + " " + percent(value_of(row, "share"));
  return table.str(output_width()) + (parts.empty() ? "" : "other is " + parts + " of the time\n");
}

std::string kind_table(const core::Json& result) {
  core::TextTable table({"kind of layer", "time_ms", "share", "memory-bound", "MACs", "bytes"});
  for (const core::Json& row : sorted_by(result.at("kinds"), "time_ms"))
    table.add({text_of(row, "kind"), number(row.at("time_ms")), number(row.at("share"), 3),
               number(row.at("memory_bound_share"), 3), core::si(value_of(row, "macs")),
               core::si(value_of(row, "bytes"), "B")});
  return table.str(output_width());
}

/// The slowest ops first, `top` of them.
std::string op_table(const core::Json& result, graph::Index top) {
  const std::vector<core::Json> ops = sorted_by(result.at("ops"), "time_ms");
  core::TextTable table({"node", "op", "category", "time_ms", "GFLOP/s", "GB/s", "bound"});
  for (std::size_t i = 0; i < shown(ops.size(), top); ++i) {
    const std::string op = text_of(ops[i], "op");
    table.add({text_of(ops[i], "node"),
               ops[i].contains("inside") ? op + " in " + text_of(ops[i], "inside") : op,
               text_of(ops[i], "category"), number(ops[i].at("time_ms")),
               number(ops[i].at("gflops_per_s"), 3), number(ops[i].at("gbytes_per_s"), 3),
               text_of(ops[i], "bound")});
  }
  return table.str(output_width());
}

std::string difference_table(const core::Json& rows, const char* key, const char* title,
                             graph::Index top) {
  core::TextTable table({title, "a_ms", "b_ms", "difference_ms", "share of it"});
  for (std::size_t i = 0; i < shown(rows.size(), top); ++i)
    table.add({text_of(rows[i], key), number(rows[i].at("a_ms"), 3), number(rows[i].at("b_ms"), 3),
               number(rows[i].at("difference_ms"), 3),
               percent(value_of(rows[i], "share_of_difference"))});
  return table.str(output_width());
}

/// "61 % of the difference is normalization, most of it in token_norm of stages.3": the category
/// and its place that differ most in the direction of the whole.
std::string reason(const core::Json& against) {
  const bool is_slower = value_of(against, "difference_ms") > 0;
  const auto more = [&](const core::Json& a, const core::Json& b) {
    const double sign = is_slower ? 1 : -1;
    return sign * value_of(a, "difference_ms") < sign * value_of(b, "difference_ms");
  };
  const core::Json& categories = against.at("categories");
  const core::Json& category = *std::max_element(categories.begin(), categories.end(), more);
  std::vector<core::Json> places;
  for (const core::Json& place : against.at("places"))
    if (place.at("category") == category.at("category")) places.push_back(place);
  const core::Json& place = *std::max_element(places.begin(), places.end(), more);
  return percent(value_of(category, "share_of_difference")) + " of the difference is " +
         text_of(category, "category") + ", most of it in " + text_of(place, "kind") + " of " +
         text_of(place, "stage");
}

std::string verdict(const core::Json& result) {
  const core::Json& against = result.at("against");
  const std::string a = text_of(result, "model"), b = text_of(against, "model");
  const core::Json& ratio = against.at("throughput_ratio");
  const double low = value_of(ratio, "low"), high = value_of(ratio, "high");
  const std::string range = " (throughput " + core::significant(value_of(ratio, "value"), 3) +
                            " of " + b + "'s, " + core::significant(low, 3) + " … " +
                            core::significant(high, 3) + ")";
  if (low <= 1 && high >= 1) return a + " is as fast as " + b + " within the noise" + range + "\n";
  const double factor = value_of(ratio, "value");
  const bool is_slower = factor < 1;
  // The profiles were not taken in turns: where they contradict the turns they explain nothing.
  const bool explains = (value_of(against, "difference_ms") > 0) == is_slower;
  return a + " is " + core::significant(is_slower ? 1 / factor : factor, 3) + " × " +
         (is_slower ? "slower" : "faster") + " than " + b + range +
         (explains ? "; " + reason(against) : "; the profiles are too noisy to say where") + "\n";
}

}  // namespace

std::string profile_text(const core::Json& result, const sweep::Protocol& protocol,
                         graph::Index top) {
  std::string text = totals(result, protocol) + "\n" + category_table(result) + "\n" +
                     kind_table(result) + "\n" + op_table(result, top) +
                     "\nprofiled / unprofiled time: " + number(result.at("overhead"), 4) +
                     "; between the ops: " + number(result.at("remainder_ms"), 3) + " ms";
  if (result.contains("launch_ms"))
    text += ", the device idle for " + number(result.at("launch_ms"), 3) + " ms of it";
  text += "\n";
  for (const core::Json& warning : result.at("warnings"))
    text += "warning: " + warning.get<std::string>() + "\n";
  return text;
}

std::string against_text(const core::Json& result, graph::Index top) {
  const core::Json& against = result.at("against");
  std::string text = "\n" + verdict(result) + "a is " + text_of(result, "model") + ", b is " +
                     text_of(against, "model") + "; positive differences: a is slower\n\n" +
                     difference_table(against.at("categories"), "category", "category", top) +
                     "\n" + difference_table(against.at("kinds"), "kind", "kind of layer", top) +
                     "\n" + difference_table(against.at("nodes"), "node", "node in both", top);
  if (!against.at("unmatched").empty())
    text += "\n" + difference_table(against.at("unmatched"), "kind", "nodes in one only", top);
  return text;
}

core::Json categories_json() {
  core::Json rows = core::Json::array();
  for (const graph::CategorizedOp& op : graph::categorized_ops())
    rows.push_back({{"op", op.name},
                    {"category", graph::category_name(op.category)},
                    {"memory_bound", graph::is_memory_bound(op.category)},
                    {"why", op.why}});
  rows.push_back({{"op", "copy"},
                  {"category", graph::category_name(graph::Category::kCopy)},
                  {"memory_bound", true},
                  {"why", "seen inside another op: contiguous, clone, cast, layout change"}});
  rows.push_back({{"op", "copy"},
                  {"category", graph::category_name(graph::Category::kReshape)},
                  {"memory_bound", true},
                  {"why", "seen inside an op that rearranges: the model asked for it"}});
  return rows;
}

std::string categories_text() {
  core::TextTable table({"op", "category", "why"});
  for (const core::Json& row : categories_json())
    table.add({text_of(row, "op"), text_of(row, "category"), text_of(row, "why")});
  return table.str(output_width()) +
         "\nmemory-bound, as the paper counts it: reshape, normalization, copy and addition\n";
}

}  // namespace vitlab::cli
