#include "design/family_output.h"

#include "architecture/presets.h"
#include "architecture/solve.h"
#include "core/files.h"
#include "core/text.h"

namespace vitlab::design {
namespace {

core::Json optional_json(const std::optional<double>& value) {
  return value ? core::json_number(*value) : core::Json();
}

core::Json text_or_null(const std::string& text) {
  return text.empty() ? core::Json() : core::Json(text);
}

core::Json budget_json(const CostBudget& budget) {
  return {{"metric", budget.metric}, {"limit", core::json_number(budget.limit)}};
}

core::Json measured_json(const std::vector<store::ResultRow>& rows) {
  if (rows.empty()) return nullptr;
  core::Json json = core::Json::array();
  for (const store::ResultRow& row : rows) {
    core::Json entry{{"metric", row.metric},
                     {"value", core::json_number(row.value)},
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

core::Json prediction_json(const Prediction& prediction) {
  return {{"metric", prediction.metric},
          {"value", core::json_number(prediction.value)},
          {"low", optional_json(prediction.low)},
          {"high", optional_json(prediction.high)},
          {"basis", prediction.basis}};
}

core::Json variant_json(const Variant& variant) {
  core::Json json{{"name", variant.name},
                  {"budget_metric", variant.budget.metric},
                  {"budget", core::json_number(variant.budget.limit)},
                  {"file", variant.name + ".yaml"},
                  {"id", variant.id},
                  {"knobs", variant.knobs}};
  for (const std::string& metric : architecture::cost_metric_names())
    json[metric] = core::json_number(architecture::cost_metric(variant.cost, metric));
  json["mhsa_share"] = core::json_number(architecture::mhsa_share(variant.spec));
  json["predicted"] = prediction_json(variant.predicted);
  json["measured"] = measured_json(variant.measured);
  json["binding_guideline"] = text_or_null(variant.binding_guideline);
  json["regret"] = core::json_number(variant.regret);
  json["without"] = core::Json::array();
  for (const WithoutGuideline& without : variant.without)
    json["without"].push_back({{"guideline", without.guideline},
                               {"id", without.id},
                               {"changed", without.is_changed},
                               {"gain", core::json_number(without.gain)}});
  json["candidates"] = variant.candidates;
  return json;
}

std::string predicted_text(const Prediction& prediction) {
  std::string text = prediction.metric + " " + core::significant(prediction.value, 4);
  if (prediction.low && prediction.high)
    text += " [" + core::significant(*prediction.low, 4) + ", " +
            core::significant(*prediction.high, 4) + "]";
  return text;
}

}  // namespace

core::Json family_json(const Family& family) {
  core::Json json{{"schema", 1},
                  {"command", "design"},
                  {"template", family.template_name},
                  {"base", family.base},
                  {"multiple_of", family.multiple_of},
                  {"budgets", core::Json::array()},
                  {"variants", core::Json::array()},
                  {"unsolved", core::Json::array()},
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
  core::TextTable table(
      {"model", "budget", "widths", "params", "MACs", "predicted", "binding guideline", "regret"});
  for (const Variant& variant : family.variants)
    table.add({variant.name, budget_text(variant.budget),
               variant.knobs.at(architecture::width_knob(variant.knobs)).dump(),
               core::with_thousands(variant.cost.parameters),
               core::with_thousands(variant.cost.macs), predicted_text(variant.predicted),
               variant.binding_guideline.empty() ? "none" : variant.binding_guideline,
               core::significant(variant.regret, 3)});
  std::string text = table.empty() ? "" : table.str();
  for (const UnsolvedBudget& unsolved : family.unsolved)
    text += "no solution for " + budget_text(unsolved.budget) + ": " + unsolved.reason +
            (unsolved.binding.empty() ? "" : " (" + unsolved.binding + ")") + "\n";
  for (const std::string& note : family.notes) text += "note: " + note + "\n";
  return text;
}

void write_family(const Family& family, const std::filesystem::path& folder, bool replace) {
  core::StagedFolder staged(folder, replace);
  for (const Variant& variant : family.variants)
    core::write_file_atomically(staged.path() / (variant.name + ".yaml"),
                                architecture::spec_yaml(variant.spec));
  core::write_file_atomically(staged.path() / "design.json",
                              core::dump_json(family_json(family), 2) + "\n");
  staged.commit();
}

}  // namespace vitlab::design
