#include "guide/guideline_output.h"

#include <charconv>

#include <fmt/format.h>

#include "core/text.h"
#include "guide/metric_table.h"

namespace vitlab::guide {
namespace {

core::Json level_json(const std::string& level, bool is_numeric) {
  if (!is_numeric) return level;
  std::int64_t whole = 0;
  const char* end = level.data() + level.size();
  const auto parsed = std::from_chars(level.data(), end, whole);
  if (parsed.ec == std::errc() && parsed.ptr == end) return whole;
  double value = 0;
  std::from_chars(level.data(), end, value);
  return core::json_number(value);
}

core::Json levels_json(const std::vector<std::string>& levels, bool is_numeric) {
  core::Json json = core::Json::array();
  for (const std::string& level : levels) json.push_back(level_json(level, is_numeric));
  return json;
}

core::Json range_json(const Guideline& guideline) {
  if (!guideline.is_numeric) return levels_json(guideline.range, false);
  return levels_json({guideline.range.front(), guideline.range.back()}, true);
}

core::Json effect_json(const Effect& effect) {
  return {{"metric", effect.metric},
          {"delta", core::json_number(effect.delta)},
          {"unit", effect.unit},
          {"low", core::json_number(effect.low)},
          {"high", core::json_number(effect.high)},
          {"p", core::json_number(effect.p)},
          {"p_adjusted", core::json_number(effect.p_adjusted)},
          {"probability_better", core::json_number(effect.superiority)},
          {"better", effect.is_better},
          {"claim", effect.is_claim}};
}

core::Json guideline_json(const Guideline& guideline) {
  core::Json json{{"id", guideline.id},
                  {"statement", guideline.statement},
                  {"factor", guideline.factor},
                  {"from", levels_json(guideline.from, guideline.is_numeric)},
                  {"range", range_json(guideline)},
                  {"levels", levels_json(guideline.range, guideline.is_numeric)},
                  {"effects", core::Json::array()},
                  {"grade", std::string(1, grade_letter(guideline.grade))},
                  {"scope", core::Json::object()},
                  {"evidence", core::Json::object()},
                  {"counter_evidence", guideline.counter_evidence}};
  for (const Effect& effect : guideline.effects) json["effects"].push_back(effect_json(effect));
  if (!guideline.where_name.empty())
    json["scope"]["where"] = {{guideline.where_name, guideline.where_value}};
  for (const ScopeItem& item : guideline.scope) json["scope"][item.name] = item.values;
  json["evidence"] = {{"blocks", guideline.evidence.blocks},
                      {"seeds", guideline.evidence.seeds},
                      {"matched_on", guideline.evidence.matched_on},
                      {"models", guideline.evidence.models},
                      {"trials", guideline.evidence.trials}};
  return json;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string scope_text(const Guideline& guideline) {
  std::string text;
  for (const ScopeItem& item : guideline.scope)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", item.name, joined(item.values));
  return text.empty() ? "as in the table" : text;
}

std::string evidence_text(const Evidence& evidence) {
  std::string text = fmt::format("{} models", evidence.models.size());
  if (!evidence.trials.empty()) text += fmt::format(", {} trials", evidence.trials.size());
  return text + ", matched on " + evidence.matched_on;
}

std::string settle_text(const NotSupported& refusal) {
  if (!refusal.samples_needed) return "no difference was seen, so no number of blocks is named";
  return fmt::format("about {} blocks would settle it ({} at hand)", *refusal.samples_needed,
                     refusal.blocks);
}

std::string headline(const GuideResult& result) {
  return fmt::format("{} guideline{} from {} candidate{} tested, false discovery rate {}",
                     result.guidelines.size(), result.guidelines.size() == 1 ? "" : "s",
                     result.tested, result.tested == 1 ? "" : "s", core::shortest(result.alpha));
}

/// Text that Markdown would read as markup, made plain.
std::string plain_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\`*_<>|[]").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

core::Json guide_json(const GuideResult& result) {
  core::Json json{{"schema", 1},
                  {"command", "guide"},
                  {"guidelines", core::Json::array()},
                  {"not_supported", core::Json::array()},
                  {"tested", result.tested},
                  {"alpha", core::json_number(result.alpha)},
                  {"notes", result.notes}};
  for (const Guideline& guideline : result.guidelines)
    json["guidelines"].push_back(guideline_json(guideline));
  for (const NotSupported& refusal : result.not_supported) {
    core::Json row{{"factor", refusal.factor},
                   {"metric", refusal.metric},
                   {"reason", refusal.reason},
                   {"blocks", refusal.blocks},
                   {"samples_needed", nullptr}};
    if (refusal.samples_needed) row["samples_needed"] = *refusal.samples_needed;
    json["not_supported"].push_back(row);
  }
  return json;
}

std::string guide_text(const GuideResult& result) {
  std::string text = headline(result) + "\n";
  for (const Guideline& guideline : result.guidelines) {
    text += "\n" + guideline.statement + "\n";
    text += "  id        " + guideline.id + "\n";
    text += "  scope     " + scope_text(guideline) + "\n";
    text += "  evidence  " + evidence_text(guideline.evidence) + "\n";
    for (const std::string& sentence : guideline.counter_evidence)
      text += "  against   " + sentence + "\n";
  }
  if (!result.not_supported.empty()) text += "\nNot supported\n";
  for (const NotSupported& refusal : result.not_supported)
    text += fmt::format("  {}, {}: {}; {}\n", refusal.factor, refusal.metric, refusal.reason,
                        settle_text(refusal));
  if (!result.notes.empty()) text += "\nNotes\n";
  for (const std::string& note : result.notes) text += "  " + note + "\n";
  return text;
}

std::string guide_markdown(const GuideResult& result) {
  std::string text = headline(result) + ".\n";
  for (const Guideline& guideline : result.guidelines) {
    text += fmt::format("\n- **{}**\n", plain_markdown(guideline.statement));
    text += fmt::format("  - scope: {}\n", plain_markdown(scope_text(guideline)));
    text += fmt::format("  - evidence: {} (`{}`)\n",
                        plain_markdown(evidence_text(guideline.evidence)), guideline.id);
    for (const std::string& sentence : guideline.counter_evidence)
      text += fmt::format("  - against: {}\n", plain_markdown(sentence));
  }
  if (!result.not_supported.empty()) text += "\nNot supported:\n\n";
  for (const NotSupported& refusal : result.not_supported)
    text += fmt::format("- {}, {}: {}; {}\n", plain_markdown(refusal.factor),
                        plain_markdown(refusal.metric), plain_markdown(refusal.reason),
                        settle_text(refusal));
  if (!result.notes.empty()) text += "\nNotes:\n\n";
  for (const std::string& note : result.notes) text += "- " + plain_markdown(note) + "\n";
  return text;
}

}  // namespace vitlab::guide
