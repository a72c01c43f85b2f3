#include "report/profile_page.h"

#include <fmt/format.h>

#include "core/text.h"
#include "report/chart_style.h"
#include "report/html_parts.h"
#include "report/html_shell.h"
#include "report/profile_figures.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

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

std::string totals_html(const core::Json& profile, const ProfileFacts& facts) {
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
  std::string html = rows.empty() ? "" : plain_table({"Quantity", "Value"}, rows, "Totals");
  std::vector<std::string> warnings;
  if (const auto list = profile.find("warnings"); list != profile.end() && list->is_array())
    for (const core::Json& warning : *list)
      if (warning.is_string()) warnings.push_back(warning.get<std::string>());
  return html + notes_html(warnings);
}

std::string groups_table(const std::vector<GroupFacts>& groups, const std::string& what,
                         const std::string& caption) {
  if (groups.empty()) return "";
  Rows rows;
  for (const GroupFacts& group : groups)
    rows.push_back({group.name.empty() ? "–" : group.name, core::significant(group.time_ms, 4),
                    percent(group.share) + " %", core::significant(group.macs / 1e6, 3),
                    core::significant(group.bytes / 1e6, 3),
                    group.memory_bound_share ? percent(*group.memory_bound_share) + " %" : "–"});
  return plain_table({what, "Time, ms", "Share", "MACs, M", "Moved, MB", "Memory-bound"}, rows,
                     caption);
}

std::string ops_table_html(const ProfileFacts& facts) {
  if (facts.ops.empty()) return "";
  Rows rows;
  for (const OpFacts& op : facts.ops)
    rows.push_back(
        {op.node, op.kind.empty() ? "–" : op.kind,
         op.inside.empty() ? op.op : op.op + " inside " + op.inside, op.category,
         op.bound.empty() ? "–" : op.bound, core::significant(op.time_ms, 3),
         percent(op.share) + " %", core::significant(op.gflops_per_s(), 3),
         core::significant(op.gbytes_per_s(), 3),
         op.roof_ms && op.time_ms > 0 ? percent(*op.roof_ms / op.time_ms, 0) + " %" : "–"});
  return plain_table({"Op", "Kind of layer", "What", "Category", "Bound", "Time, ms", "Share",
                      "GFLOP/s", "GB/s", "Of its roof"},
                     rows, "All ops in the order of the model; ops.csv holds every column");
}

std::string setting_html(const core::Json& profile) {
  core::Json setting = core::Json::object();
  for (const char* key : {"model", "device", "threads", "batch", "dtype", "deploy", "roofline"})
    if (profile.contains(key)) setting[key] = profile.at(key);
  if (setting.contains("roofline") && setting["roofline"].is_object())
    setting["roofline"].erase("levels");
  std::string html;
  const auto add = [&](const core::Json& json, const std::string& caption) {
    Rows rows;
    for (const NamedFact& fact : facts_of(json)) rows.push_back({fact.name, fact.value});
    if (!rows.empty()) html += plain_table({"Setting", "Value"}, rows, caption);
  };
  add(setting, "How it was measured");
  if (profile.contains("environment")) add(profile.at("environment"), "On what it was measured");
  return html;
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
  std::vector<Figure> figures;
  for (Figure& figure : std::vector<Figure>{categories_figure(facts, model),
                                            roofline_figure(facts, model, "roofline"),
                                            groups_figure(facts), memory_figure(facts)})
    if (!figure.wide.empty()) figures.push_back(std::move(figure));

  PageSections sections;
  sections.add("totals", "Totals", totals_html(profile, facts));
  for (std::size_t i = 0; i < figures.size();) {
    const Figure& figure = figures[i];
    std::string html = figure_group_html(figures, i);
    if (figure.name == "groups")
      html += groups_table(facts.stages, "Stage", "Time by stage; memory-bound: of its own time") +
              groups_table(facts.kinds, "Kind of layer",
                           "Time by kind of layer; memory-bound: of its own time");
    sections.add(figure.name, figure.heading, html);
    if (figure.name == "roofline")
      if (const OpsTable fix = ops_table(facts, model); !fix.rows.empty())
        sections.add("ops_to_fix", kOpsHeading, ops_html({fix}));
  }
  sections.add("layers", "By layer",
               groups_table(facts.layers, "Layer", "Time by layer; memory-bound: of its own time"));
  sections.add("ops", "All ops", ops_table_html(facts));
  sections.add("setting", "Protocol and machine", setting_html(profile));

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
  std::vector<ReportFile> files{
      {"index.html",
       html_document("Profile of " + model, setting_text(setting) + ".", "", sections,
                     "Made by vitlab. Numbers hold for the setting and machine named here.")},
      {"profile.json", core::dump_json(profile, 2) + "\n"},
      {"ops.csv", ops_file(facts)},
      {"layers.csv", layers_file(facts)}};
  for (const Figure& figure : figures)
    files.push_back({figure.name + ".svg", stand_alone(figure.wide)});
  return files;
}

}  // namespace vitlab::report
