#include "report/profile_page.h"

#include <fmt/format.h>

#include "core/text.h"
#include "report/document_parts.h"
#include "report/op_advice.h"
#include "report/profile_figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

struct ProfileContent {
  const messages::ProfileAnswer& profile;
  const messages::ProfileTimes& times;
  std::string model;
};

/// "166 (p5–p95 153–169, 17 samples)".
std::string spread_text(const messages::Spread& spread) {
  return fmt::format("{} (p5–p95 {}–{}, {} samples)", core::significant(spread.median, 4),
                     core::significant(spread.p5, 4), core::significant(spread.p95, 4),
                     spread.samples);
}

std::string bytes_text(std::int64_t bytes) { return core::si(static_cast<double>(bytes), "B"); }

Blocks totals_blocks(const ProfileContent& content) {
  const messages::ProfileAnswer& profile = content.profile;
  if (!profile.times)
    return {{Table{"Totals",
                   {"Quantity", "Value"},
                   {{"Out of memory", profile.setting.out_of_memory.value_or("")}}}}};
  const messages::ProfileTimes& times = *profile.times;
  Rows rows{
      {"Throughput, images/s", spread_text(times.throughput_images_per_s)},
      {"Latency of a batch, ms", spread_text(times.latency_ms)},
      {"Memory-bound time, by category as in the paper", percent(times.memory_bound_share) + " %"},
      {"Memory-bound time, by roofline", percent(times.roofline_memory_bound_share) + " %"},
      {"Peak memory, measured", bytes_text(times.memory.measured_peak_bytes)},
      {"Peak memory, predicted", bytes_text(times.memory.predicted_peak_bytes)},
      {"Profiled over unprofiled time", core::significant(times.overhead, 4)}};
  Blocks blocks{{Table{"Totals", {"Quantity", "Value"}, std::move(rows)}}};
  if (!times.warnings.empty()) blocks.push_back({Notes{times.warnings}});
  return blocks;
}

/// Times of stages, kinds or layers; nothing without them.
template <typename Part>
Blocks groups_table(const std::vector<Part>& groups, const std::string& what,
                    const std::string& caption) {
  if (groups.empty()) return {};
  Rows rows;
  for (const Part& group : groups)
    rows.push_back({group.name.empty() ? "–" : group.name, core::significant(group.time_ms, 4),
                    percent(group.share) + " %",
                    core::significant(static_cast<double>(group.macs) / 1e6, 3),
                    core::significant(static_cast<double>(group.bytes) / 1e6, 3),
                    percent(group.memory_bound_share) + " %"});
  return {{Table{caption,
                 {what, "Time, ms", "Share", "MACs, M", "Moved, MB", "Memory-bound"},
                 std::move(rows)}}};
}

Blocks group_blocks(const ProfileContent& content) {
  Blocks blocks =
      groups_table(content.times.stages, "Stage", "Time by stage; memory-bound: of its own time");
  for (Block& block : groups_table(content.times.kinds, "Kind of layer",
                                   "Time by kind of layer; memory-bound: of its own time"))
    blocks.push_back(std::move(block));
  return blocks;
}

Blocks layer_blocks(const ProfileContent& content) {
  return groups_table(content.times.layers, "Layer",
                      "Time by layer; memory-bound: of its own time");
}

Blocks all_ops_blocks(const ProfileContent& content) {
  if (content.times.ops.empty()) return {};
  Rows rows;
  for (const messages::ProfiledOp& op : content.times.ops)
    rows.push_back({op.node, op.kind.empty() ? "–" : op.kind,
                    op.inside.empty() ? op.op : op.op + " inside " + op.inside,
                    std::string(core::word_of(op.category)), std::string(core::word_of(op.bound)),
                    core::significant(op.time_ms, 3), percent(op.share) + " %",
                    core::significant(op.gflops_per_s, 3), core::significant(op.gbytes_per_s, 3),
                    op.time_ms > 0 ? percent(op.roof_ms / op.time_ms, 0) + " %" : "–"});
  return {{Table{"All ops in the order of the model; ops.csv holds every column",
                 {"Op", "Kind of layer", "What", "Category", "Bound", "Time, ms", "Share",
                  "GFLOP/s", "GB/s", "Of its roof"},
                 std::move(rows)}}};
}

Blocks setting_blocks(const ProfileContent& content) {
  messages::ProfileSetting asked = content.profile.setting;
  asked.id.clear();
  asked.resized.clear();
  asked.out_of_memory.reset();
  core::Json setting = core::to_json(asked);
  if (content.profile.times) {
    core::Json roofs = core::to_json(content.times.roofline);
    roofs.erase("levels");
    setting["roofline"] = std::move(roofs);
  }
  Blocks blocks;
  add_facts(blocks, setting, "How it was measured", "Protocol");
  add_facts(blocks, core::to_json(content.profile.environment), "On what it was measured",
            "Machine");
  return blocks;
}

/// Every section and figure of a profile's page in its order.
const std::vector<Part<ProfileContent>>& profile_parts() {
  using Content = const ProfileContent&;
  static const std::vector<Part<ProfileContent>> parts{
      {"totals", "Totals", totals_blocks},
      {"categories", "", +[](Content c) { return categories_figure(c.times, c.model); }},
      {"roofline", "", +[](Content c) { return roofline_figure(c.times, c.model, "roofline"); }},
      {"ops_to_fix", kOpsHeading,
       +[](Content c) { return ops_blocks({ops_table(c.times, c.model)}); }, "roofline"},
      {"groups", "", +[](Content c) { return groups_figure(c.times); }},
      {"group_tables", "", group_blocks, "groups"},
      {"memory", "", +[](Content c) { return memory_figure(c.times); }},
      {"layers", "By layer", layer_blocks},
      {"ops", "All ops", all_ops_blocks},
      {"setting", "Protocol and machine", setting_blocks}};
  return parts;
}

facts::Setting setting_in(const messages::ProfileSetting& profile) {
  return {profile.device, "vitlab", std::string(core::word_of(profile.dtype)), profile.threads,
          profile.batch};
}

std::string ops_file(const messages::ProfileTimes& profile) {
  std::string csv =
      "node,layer,stage,kind,op,category,inside,bound,time_ms,time_p5_ms,time_p95_ms,share,macs,"
      "flops,bytes,gflops_per_s,gbytes_per_s,flops_per_byte,roof_ms\n";
  for (const messages::ProfiledOp& op : profile.ops) {
    for (const std::string* text : {&op.node, &op.layer, &op.stage, &op.kind, &op.op})
      csv += core::csv_cell(*text) + ",";
    csv += fmt::format("{},{},{},", core::word_of(op.category), core::csv_cell(op.inside),
                       core::word_of(op.bound));
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", core::shortest(op.time_ms),
                       core::shortest(op.time_p5_ms), core::shortest(op.time_p95_ms),
                       core::shortest(op.share), op.macs, op.flops, op.bytes,
                       core::shortest(op.gflops_per_s), core::shortest(op.gbytes_per_s),
                       op.bytes > 0 ? core::shortest(op.flops_per_byte) : "",
                       core::shortest(op.roof_ms));
  }
  return csv;
}

std::string layers_file(const messages::ProfileTimes& profile) {
  std::string csv = "layer,time_ms,share,macs,bytes,memory_bound_share";
  for (const std::string& category : time_categories()) csv += "," + category + "_ms";
  csv += "\n";
  for (const messages::LayerTimes& layer : profile.layers) {
    csv += fmt::format("{},{},{},{},{},{}", core::csv_cell(layer.name),
                       core::shortest(layer.time_ms), core::shortest(layer.share), layer.macs,
                       layer.bytes, core::shortest(layer.memory_bound_share));
    for (const double time_ms : layer.categories.ms) csv += "," + core::shortest(time_ms);
    csv += "\n";
  }
  return csv;
}

}  // namespace

std::vector<ReportFile> profile_files(const messages::ProfileAnswer& profile) {
  static const messages::ProfileTimes no_times;
  const messages::ProfileTimes& times = profile.times ? *profile.times : no_times;
  const Document document{
      .title = "Profile of " + profile.setting.model,
      .lead = facts::setting_text(setting_in(profile.setting)) + ".",
      .sections =
          sections_of(profile_parts(), ProfileContent{profile, times, profile.setting.model}),
      .holds_for = "the setting and machine"};
  std::vector<ReportFile> files{{"index.html", html_page(document)},
                                {"profile.json", core::dump_json(core::to_json(profile), 2) + "\n"},
                                {"ops.csv", ops_file(times)},
                                {"layers.csv", layers_file(times)}};
  for (ReportFile& drawing : drawing_files(document)) files.push_back(std::move(drawing));
  return files;
}

}  // namespace vitlab::report
