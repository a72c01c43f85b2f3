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
  const core::Json& profile;
  const ProfileFacts& facts;
  std::string model;
};

std::string text_of(const core::Json& profile, const char* key) {
  const auto found = profile.find(key);
  if (found == profile.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : core::dump_json(*found);
}

/// "166 (p5–p95 153–169, 17 samples)" of {median, p5, p95, samples}.
std::string spread_text(const core::Json& profile, const char* key) {
  const auto found = profile.find(key);
  if (found == profile.end() || !found->is_object()) return "";
  const auto at = [&](const char* name) {
    const auto value = found->find(name);
    return value != found->end() && value->is_number() ? core::significant(value->get<double>(), 4)
                                                       : std::string("–");
  };
  std::string text = fmt::format("{} (p5–p95 {}–{}", at("median"), at("p5"), at("p95"));
  if (found->contains("samples")) text += ", " + text_of(*found, "samples") + " samples";
  return text + ")";
}

std::string share_of(const core::Json& profile, const char* key) {
  const auto found = profile.find(key);
  return found != profile.end() && found->is_number() ? percent(found->get<double>()) + " %" : "";
}

Blocks totals_blocks(const ProfileContent& content) {
  const auto& [profile, facts, model] = content;
  Rows rows;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) rows.push_back({name, value});
  };
  add("Throughput, images/s", spread_text(profile, "throughput_images_per_s"));
  add("Latency of a batch, ms", spread_text(profile, "latency_ms"));
  add("Memory-bound time, by category as in the paper", share_of(profile, "memory_bound_share"));
  add("Memory-bound time, by roofline", share_of(profile, "roofline_memory_bound_share"));
  if (facts.memory.measured_peak_bytes)
    add("Peak memory, measured", core::si(*facts.memory.measured_peak_bytes, "B"));
  if (facts.memory.predicted_peak_bytes)
    add("Peak memory, predicted", core::si(*facts.memory.predicted_peak_bytes, "B"));
  add("Out of memory", text_of(profile, "out_of_memory"));
  if (const auto overhead = profile.find("overhead");
      overhead != profile.end() && overhead->is_number())
    add("Profiled over unprofiled time", core::significant(overhead->get<double>(), 4));
  Blocks blocks;
  if (!rows.empty()) blocks.push_back({Table{"Totals", {"Quantity", "Value"}, std::move(rows)}});
  Notes warnings;
  if (const auto list = profile.find("warnings"); list != profile.end() && list->is_array())
    for (const core::Json& warning : *list)
      if (warning.is_string()) warnings.sentences.push_back(warning.get<std::string>());
  if (!warnings.sentences.empty()) blocks.push_back({std::move(warnings)});
  return blocks;
}

/// Times of stages, kinds or layers; nothing without them.
Blocks groups_table(const std::vector<GroupFacts>& groups, const std::string& what,
                    const std::string& caption) {
  if (groups.empty()) return {};
  Rows rows;
  for (const GroupFacts& group : groups)
    rows.push_back({group.name.empty() ? "–" : group.name, core::significant(group.time_ms, 4),
                    percent(group.share) + " %", core::significant(group.macs / 1e6, 3),
                    core::significant(group.bytes / 1e6, 3),
                    group.memory_bound_share ? percent(*group.memory_bound_share) + " %" : "–"});
  return {{Table{caption,
                 {what, "Time, ms", "Share", "MACs, M", "Moved, MB", "Memory-bound"},
                 std::move(rows)}}};
}

Blocks group_blocks(const ProfileContent& content) {
  Blocks blocks =
      groups_table(content.facts.stages, "Stage", "Time by stage; memory-bound: of its own time");
  for (Block& block : groups_table(content.facts.kinds, "Kind of layer",
                                   "Time by kind of layer; memory-bound: of its own time"))
    blocks.push_back(std::move(block));
  return blocks;
}

Blocks layer_blocks(const ProfileContent& content) {
  return groups_table(content.facts.layers, "Layer",
                      "Time by layer; memory-bound: of its own time");
}

Blocks all_ops_blocks(const ProfileContent& content) {
  if (content.facts.ops.empty()) return {};
  Rows rows;
  for (const OpFacts& op : content.facts.ops)
    rows.push_back(
        {op.node, op.kind.empty() ? "–" : op.kind,
         op.inside.empty() ? op.op : op.op + " inside " + op.inside, op.category,
         op.bound.empty() ? "–" : op.bound, core::significant(op.time_ms, 3),
         percent(op.share) + " %", core::significant(op.gflops_per_s(), 3),
         core::significant(op.gbytes_per_s(), 3),
         op.roof_ms && op.time_ms > 0 ? percent(*op.roof_ms / op.time_ms, 0) + " %" : "–"});
  return {{Table{"All ops in the order of the model; ops.csv holds every column",
                 {"Op", "Kind of layer", "What", "Category", "Bound", "Time, ms", "Share",
                  "GFLOP/s", "GB/s", "Of its roof"},
                 std::move(rows)}}};
}

Blocks setting_blocks(const ProfileContent& content) {
  const core::Json& profile = content.profile;
  core::Json setting = core::Json::object();
  for (const char* key : {"model", "device", "threads", "batch", "dtype", "deploy", "roofline"})
    if (profile.contains(key)) setting[key] = profile.at(key);
  if (setting.contains("roofline") && setting["roofline"].is_object())
    setting["roofline"].erase("levels");
  Blocks blocks;
  add_facts(blocks, setting, "How it was measured", "Protocol");
  if (profile.contains("environment"))
    add_facts(blocks, profile.at("environment"), "On what it was measured", "Machine");
  return blocks;
}

/// Every section and figure of a profile's page in its order.
const std::vector<Part<ProfileContent>>& profile_parts() {
  using Content = const ProfileContent&;
  static const std::vector<Part<ProfileContent>> parts{
      {"totals", "Totals", totals_blocks},
      {"categories", "", +[](Content c) { return categories_figure(c.facts, c.model); }},
      {"roofline", "", +[](Content c) { return roofline_figure(c.facts, c.model, "roofline"); }},
      {"ops_to_fix", kOpsHeading,
       +[](Content c) { return ops_blocks({ops_table(c.facts, c.model)}); }, "roofline"},
      {"groups", "", +[](Content c) { return groups_figure(c.facts); }},
      {"group_tables", "", group_blocks, "groups"},
      {"memory", "", +[](Content c) { return memory_figure(c.facts); }},
      {"layers", "By layer", layer_blocks},
      {"ops", "All ops", all_ops_blocks},
      {"setting", "Protocol and machine", setting_blocks}};
  return parts;
}

Setting setting_of(const core::Json& profile) {
  Setting setting;
  setting.device = text_of(profile, "device");
  setting.dtype = text_of(profile, "dtype");
  setting.runtime = "vitlab";
  const auto whole = [&](const char* key) {
    const auto found = profile.find(key);
    return found != profile.end() && found->is_number_integer()
               ? std::optional(found->get<std::int64_t>())
               : std::nullopt;
  };
  setting.threads = whole("threads");
  setting.batch = whole("batch");
  return setting;
}

std::string number_or_empty(const std::optional<double>& value) {
  return value ? core::shortest(*value) : "";
}

std::string ops_file(const ProfileFacts& facts) {
  std::string csv =
      "node,layer,stage,kind,op,category,inside,bound,time_ms,time_p5_ms,time_p95_ms,share,macs,"
      "flops,bytes,gflops_per_s,gbytes_per_s,flops_per_byte,roof_ms\n";
  for (const OpFacts& op : facts.ops) {
    for (const std::string* text :
         {&op.node, &op.layer, &op.stage, &op.kind, &op.op, &op.category, &op.inside, &op.bound})
      csv += core::csv_cell(*text) + ",";
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", core::shortest(op.time_ms),
                       number_or_empty(op.time_p5_ms), number_or_empty(op.time_p95_ms),
                       core::shortest(op.share), core::shortest(op.macs), core::shortest(op.flops),
                       core::shortest(op.bytes), core::shortest(op.gflops_per_s()),
                       core::shortest(op.gbytes_per_s()), number_or_empty(op.flops_per_byte()),
                       number_or_empty(op.roof_ms));
  }
  return csv;
}

std::string layers_file(const ProfileFacts& facts) {
  std::string csv = "layer,time_ms,share,macs,bytes,memory_bound_share";
  for (const std::string& category : time_categories()) csv += "," + category + "_ms";
  csv += "\n";
  for (const GroupFacts& layer : facts.layers) {
    csv +=
        fmt::format("{},{},{},{},{},{}", core::csv_cell(layer.name), core::shortest(layer.time_ms),
                    core::shortest(layer.share), core::shortest(layer.macs),
                    core::shortest(layer.bytes), number_or_empty(layer.memory_bound_share));
    for (const std::string& category : time_categories()) {
      const auto time = layer.category_ms.find(category);
      csv += "," + (time == layer.category_ms.end() ? "0" : core::shortest(time->second));
    }
    csv += "\n";
  }
  return csv;
}

}  // namespace

std::vector<ReportFile> profile_files(const core::Json& profile) {
  const ProfileFacts facts = profile_facts(profile);
  const std::string name = profile.is_object() ? text_of(profile, "model") : std::string();
  const std::string model = name.empty() ? "the model" : name;
  const Document document{
      .title = "Profile of " + model,
      .lead = setting_text(setting_of(profile)) + ".",
      .sections = sections_of(profile_parts(), ProfileContent{profile, facts, model}),
      .holds_for = "the setting and machine"};
  std::vector<ReportFile> files{{"index.html", html_page(document)},
                                {"profile.json", core::dump_json(profile, 2) + "\n"},
                                {"ops.csv", ops_file(facts)},
                                {"layers.csv", layers_file(facts)}};
  for (ReportFile& drawing : drawing_files(document)) files.push_back(std::move(drawing));
  return files;
}

}  // namespace vitlab::report
