#include "design/family_output.h"

#include "core/files.h"
#include "core/text.h"
#include "spec/presets.h"
#include "spec/solve.h"

namespace vitlab {
namespace {

Json optional_json(const std::optional<double>& value) {
  return value ? json_number(*value) : Json();
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json budget_json(const CostBudget& budget) {
  return {{"metric", budget.metric}, {"limit", json_number(budget.limit)}};
}

Json measured_json(const std::vector<ResultRow>& rows) {
  if (rows.empty()) return nullptr;
  Json json = Json::array();
  for (const ResultRow& row : rows) {
    Json entry{{"metric", row.metric},
               {"value", json_number(row.value)},
               {"unit", row.unit},
               {"low", optional_json(row.low)},
               {"high", optional_json(row.high)},
               {"samples", row.samples},
               {"device", row.device},
               {"runtime", row.runtime},
               {"dtype", row.dtype}};
    if (row.threads) entry["threads"] = *row.threads;
    if (row.batch) entry["batch"] = *row.batch;
    json.push_back(entry);
  }
  return json;
}

Json prediction_json(const Prediction& prediction) {
  return {{"metric", prediction.metric},
          {"value", json_number(prediction.value)},
          {"low", optional_json(prediction.low)},
          {"high", optional_json(prediction.high)},
          {"basis", prediction.basis}};
}

Json variant_json(const Variant& variant) {
  Json json{{"name", variant.name},
            {"budget_metric", variant.budget.metric},
            {"budget", json_number(variant.budget.limit)},
            {"file", variant.name + ".yaml"},
            {"id", variant.id},
            {"knobs", variant.knobs}};
  for (const std::string& metric : cost_metric_names())
    json[metric] = json_number(cost_metric(variant.cost, metric));
  json["mhsa_share"] = json_number(mhsa_share(variant.spec));
  json["predicted"] = prediction_json(variant.predicted);
  json["measured"] = measured_json(variant.measured);
  json["binding_guideline"] = text_or_null(variant.binding_guideline);
  json["regret"] = json_number(variant.regret);
  json["without"] = Json::array();
  for (const WithoutGuideline& without : variant.without)
    json["without"].push_back({{"guideline", without.guideline},
                               {"id", without.id},
                               {"changed", without.is_changed},
                               {"gain", json_number(without.gain)}});
  json["candidates"] = variant.candidates;
  return json;
}

std::string predicted_text(const Prediction& prediction) {
  std::string text = prediction.metric + " " + significant(prediction.value, 4);
  if (prediction.low && prediction.high)
    text += " [" + significant(*prediction.low, 4) + ", " + significant(*prediction.high, 4) + "]";
  return text;
}

}  // namespace

Json family_json(const Family& family) {
  Json json{{"schema", 1},
            {"command", "design"},
            {"template", family.template_name},
            {"base", family.base},
            {"multiple_of", family.multiple_of},
            {"budgets", Json::array()},
            {"variants", Json::array()},
            {"unsolved", Json::array()},
            {"notes", family.notes}};
  for (const CostBudget& budget : family.budgets) json["budgets"].push_back(budget_json(budget));
  for (const Variant& variant : family.variants) json["variants"].push_back(variant_json(variant));
  for (const UnsolvedBudget& unsolved : family.unsolved)
    json["unsolved"].push_back({{"budget", budget_json(unsolved.budget)},
                                {"reason", unsolved.reason},
                                {"binding", text_or_null(unsolved.binding)}});
  return json;
}

std::string family_text(const Family& family) {
  TextTable table(
      {"model", "budget", "widths", "params", "MACs", "predicted", "binding guideline", "regret"});
  for (const Variant& variant : family.variants)
    table.add({variant.name, budget_text(variant.budget),
               variant.knobs.at(width_knob(variant.knobs)).dump(),
               with_thousands(variant.cost.parameters), with_thousands(variant.cost.macs),
               predicted_text(variant.predicted),
               variant.binding_guideline.empty() ? "none" : variant.binding_guideline,
               significant(variant.regret, 3)});
  std::string text = table.empty() ? "" : table.str();
  for (const UnsolvedBudget& unsolved : family.unsolved)
    text += "no solution for " + budget_text(unsolved.budget) + ": " + unsolved.reason +
            (unsolved.binding.empty() ? "" : " (" + unsolved.binding + ")") + "\n";
  for (const std::string& note : family.notes) text += "note: " + note + "\n";
  return text;
}

void write_family(const Family& family, const std::filesystem::path& folder, bool replace) {
  StagedFolder staged(folder, replace);
  for (const Variant& variant : family.variants)
    write_file_atomically(staged.path() / (variant.name + ".yaml"), spec_yaml(variant.spec));
  write_file_atomically(staged.path() / "design.json", dump_json(family_json(family), 2) + "\n");
  staged.commit();
}

}  // namespace vitlab
