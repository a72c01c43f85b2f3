#include "report/profile_facts.h"

#include <algorithm>
#include <cmath>

#include "graph/op.h"

namespace vitlab::report {
namespace {

std::optional<double> number_at(const core::Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  return std::isfinite(value) && value >= 0 ? std::optional(value) : std::nullopt;
}

std::string text_at(const core::Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Calls `take` for every object of the list under `key`.
template <typename Take>
void each(const core::Json& json, const char* key, const Take& take) {
  const auto list = json.find(key);
  if (list == json.end() || !list->is_array()) return;
  for (const core::Json& item : *list)
    if (item.is_object()) take(item);
}

OpFacts op_facts(const core::Json& json, double time_ms) {
  OpFacts op;
  op.node = text_at(json, "node");
  op.layer = text_at(json, "layer");
  op.stage = text_at(json, "stage");
  op.kind = text_at(json, "kind");
  op.op = text_at(json, "op");
  op.category = text_at(json, "category");
  op.inside = text_at(json, "inside");
  op.bound = text_at(json, "bound");
  if (op.bound == "overhead") op.bound = "launch";  // as older profiles call it
  op.time_ms = time_ms;
  op.time_p5_ms = number_at(json, "time_p5_ms");
  op.time_p95_ms = number_at(json, "time_p95_ms");
  op.macs = number_at(json, "macs").value_or(0);
  op.bytes = number_at(json, "bytes").value_or(0);
  op.flops = number_at(json, "flops")
                 .value_or(std::round(number_at(json, "gflops_per_s").value_or(0) * time_ms * 1e6));
  op.roof_ms = number_at(json, "roof_ms");
  return op;
}

RoofFacts roof_facts(const core::Json& json) {
  RoofFacts roofs;
  roofs.gflops_per_s = number_at(json, "peak_gflops_per_s");
  roofs.fma_gflops_per_s = number_at(json, "fma_gflops_per_s");
  roofs.gbytes_per_s = number_at(json, "peak_gbytes_per_s");
  roofs.call_us = number_at(json, "call_us");
  each(json, "levels", [&](const core::Json& item) {
    LevelRoof level{text_at(item, "level"), number_at(item, "size_bytes"), 0};
    for (const char* key : {"read_gbytes_per_s", "copy_gbytes_per_s", "triad_gbytes_per_s"})
      level.gbytes_per_s = std::max(level.gbytes_per_s, number_at(item, key).value_or(0));
    if (level.gbytes_per_s > 0) roofs.levels.push_back(std::move(level));
  });
  return roofs;
}

/// The least time that arithmetic and main memory allow, where both are known.
std::optional<double> roof_of(const OpFacts& op, const RoofFacts& roofs) {
  if (!roofs.gflops_per_s || !roofs.gbytes_per_s) return std::nullopt;
  if (*roofs.gflops_per_s <= 0 || *roofs.gbytes_per_s <= 0) return std::nullopt;
  return std::max(op.flops / *roofs.gflops_per_s, op.bytes / *roofs.gbytes_per_s) / 1e6;
}

std::vector<GroupFacts> group_facts(const core::Json& json, const char* list, const char* name,
                                    double total_ms) {
  std::vector<GroupFacts> groups;
  each(json, list, [&](const core::Json& item) {
    const std::optional<double> time = number_at(item, "time_ms");
    if (!time) return;
    GroupFacts group;
    group.name = text_at(item, name);
    group.time_ms = *time;
    group.share = number_at(item, "share").value_or(total_ms > 0 ? *time / total_ms : 0);
    group.macs = number_at(item, "macs").value_or(0);
    group.bytes = number_at(item, "bytes").value_or(0);
    group.memory_bound_share = number_at(item, "memory_bound_share");
    if (const auto times = item.find("categories"); times != item.end() && times->is_object())
      for (const auto& [category, value] : times->items())
        if (value.is_number() && std::isfinite(value.get<double>()))
          group.category_ms[category] = std::max(0.0, value.get<double>());
    groups.push_back(std::move(group));
  });
  return groups;
}

std::vector<NamedTime> named_times(const core::Json& json, const char* list, const char* name) {
  std::vector<NamedTime> times;
  each(json, list, [&](const core::Json& item) {
    if (const auto time = number_at(item, "time_ms"))
      times.push_back({text_at(item, name), *time, number_at(item, "share").value_or(0)});
  });
  return times;
}

/// The ops of category "other" by name: what `others` says in newer profiles.
std::vector<NamedTime> others_of(const std::vector<OpFacts>& ops) {
  std::vector<NamedTime> others;
  for (const OpFacts& op : ops) {
    if (op.category != "other") continue;
    const auto known = std::find_if(others.begin(), others.end(),
                                    [&](const NamedTime& other) { return other.name == op.op; });
    NamedTime& other = known == others.end() ? others.emplace_back(NamedTime{op.op, 0, 0}) : *known;
    other.time_ms += op.time_ms;
    other.share += op.share;
  }
  return others;
}

/// Groups of ops by one of their texts; none where no op has it. Time that the paper's categories
/// count as memory-bound is summed as they do.
std::vector<GroupFacts> groups_of(const std::vector<OpFacts>& ops, std::string OpFacts::*member) {
  std::vector<GroupFacts> groups;
  if (std::all_of(ops.begin(), ops.end(), [&](const OpFacts& op) { return (op.*member).empty(); }))
    return groups;
  std::map<std::string, std::size_t> index;
  for (const OpFacts& op : ops) {
    const auto [at, is_new] = index.try_emplace(op.*member, groups.size());
    if (is_new) groups.push_back({op.*member, 0, 0, 0, 0, 0.0, {}});
    GroupFacts& group = groups[at->second];
    group.time_ms += op.time_ms;
    group.share += op.share;
    group.macs += op.macs;
    group.bytes += op.bytes;
    group.category_ms[time_categories()[time_category_index(op.category)]] += op.time_ms;
  }
  for (GroupFacts& group : groups) {
    double waiting = 0;
    for (const graph::CategoryRow& row : graph::kCategories)
      if (const auto time = group.category_ms.find(std::string(row.word));
          row.is_memory_bound && time != group.category_ms.end())
        waiting += time->second;
    group.memory_bound_share = group.time_ms > 0 ? waiting / group.time_ms : 0;
  }
  return groups;
}

MemoryFacts memory_facts(const core::Json& json) {
  MemoryFacts memory;
  memory.predicted_peak_bytes = number_at(json, "predicted_peak_bytes");
  memory.measured_peak_bytes = number_at(json, "measured_peak_bytes");
  memory.parameter_bytes = number_at(json, "parameter_bytes");
  memory.remark = text_at(json, "remark");
  each(json, "timeline", [&](const core::Json& item) {
    memory.timeline.push_back({text_at(item, "node"), number_at(item, "predicted_bytes"),
                               number_at(item, "measured_bytes")});
  });
  return memory;
}

void read_ops(const core::Json& profile, ProfileFacts& facts) {
  each(profile, "ops", [&](const core::Json& item) {
    if (const auto time = number_at(item, "time_ms")) facts.ops.push_back(op_facts(item, *time));
  });
  const double total = facts.total_ms();
  for (OpFacts& op : facts.ops) {
    op.share = total > 0 ? op.time_ms / total : 0;
    if (!op.roof_ms) op.roof_ms = roof_of(op, facts.roofs);
  }
}

}  // namespace

const std::vector<std::string>& time_categories() {
  static const std::vector<std::string> names = core::words_of<graph::Category>();
  return names;
}

std::size_t time_category_index(const std::string& category) {
  const auto& names = time_categories();
  const auto found = std::find(names.begin(), names.end(), category);
  return static_cast<std::size_t>(found == names.end() ? names.size() - 1 : found - names.begin());
}

std::optional<double> OpFacts::flops_per_byte() const {
  return bytes > 0 ? std::optional(flops / bytes) : std::nullopt;
}

double ProfileFacts::total_ms() const {
  double total = 0;
  for (const OpFacts& op : ops) total += op.time_ms;
  return total;
}

ProfileFacts profile_facts(const core::Json& profile) {
  ProfileFacts facts;
  if (!profile.is_object()) return facts;
  const auto object_at = [&](const char* key) {
    const auto found = profile.find(key);
    return found != profile.end() && found->is_object() ? *found : core::Json::object();
  };
  facts.roofs = roof_facts(object_at("roofline"));
  facts.memory = memory_facts(object_at("memory"));
  read_ops(profile, facts);
  const double total = facts.total_ms();
  facts.categories = named_times(profile, "categories", "category");
  facts.others = named_times(profile, "others", "op");
  if (facts.others.empty()) facts.others = others_of(facts.ops);
  std::stable_sort(facts.others.begin(), facts.others.end(),
                   [](const NamedTime& a, const NamedTime& b) { return a.time_ms > b.time_ms; });
  facts.layers = group_facts(profile, "layers", "layer", total);
  if (facts.layers.empty()) facts.layers = groups_of(facts.ops, &OpFacts::layer);
  facts.stages = group_facts(profile, "stages", "stage", total);
  if (facts.stages.empty()) facts.stages = groups_of(facts.ops, &OpFacts::stage);
  facts.kinds = group_facts(profile, "kinds", "kind", total);
  if (facts.kinds.empty()) facts.kinds = groups_of(facts.ops, &OpFacts::kind);
  return facts;
}

}  // namespace vitlab::report
