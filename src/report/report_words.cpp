#include "report/report_words.h"

#include <set>

#include <fmt/format.h>

#include "core/text.h"
#include "guide/metric_table.h"
#include "report/words.h"

namespace vitlab::report {

std::string scope_line(const facts::ReportInput& input, const facts::ReportModels& models) {
  const facts::PlanFacts& plan = input.plan;
  std::string text = counted(static_cast<std::int64_t>(models.models.size()), "model");
  if (plan.trials > 0) text += fmt::format(" in {}", counted(plan.trials, "trial"));
  const std::string data = plan.data.empty() ? models.dataset : plan.data;
  if (!data.empty()) text += "; data " + data;
  const std::string recipe = plan.recipe.empty() ? models.recipe : plan.recipe;
  if (!recipe.empty()) text += "; recipe " + recipe;
  if (!plan.stages.empty()) text += "; stages " + listed(plan.stages);
  const facts::ReportModel* reference = models.reference();
  if (reference != nullptr)
    text += fmt::format("; reference model {} ({})", reference->number, reference->name);
  if (!input.failures.empty())
    text += fmt::format("; {} did not end well",
                        counted(static_cast<std::int64_t>(input.failures.size()), "stage"));
  return text + ".";
}

std::string settling_text(const guide::NotSupported& claim) {
  if (!claim.samples_needed)
    return "no difference was seen, so that no number of blocks can be named";
  return fmt::format("about {} would settle it, {} at hand",
                     counted(*claim.samples_needed, "matched block"),
                     claim.blocks == 1 ? "1 is" : fmt::format("{} are", claim.blocks));
}

std::string metric_words(const std::string& metric) {
  const guide::MetricRow* row = guide::find_metric(metric);
  return row == nullptr ? metric : std::string(row->label);
}

std::string guideline_summary(const guide::GuideResult& result) {
  std::string text =
      fmt::format("{} from {} tested, at a false discovery rate of {} over all of them.",
                  counted(static_cast<std::int64_t>(result.guidelines.size()), "guideline"),
                  counted(result.tested, "candidate"), core::shortest(result.alpha));
  if (result.guidelines.empty())
    return text +
           " That is no verdict on the knobs: with so little evidence a difference would have to "
           "be "
           "very large to be told from luck, so nothing is advised.";
  return text +
         " Grade A: confirmed out of sample in two contexts or more; B: confirmed on blocks held "
         "out; C: seen in this sample only.";
}

std::string guideline_scope(const guide::Guideline& guideline) {
  std::string text;
  if (!guideline.where_name.empty())
    text = "only where " + guideline.where_name + " is " + guideline.where_value;
  for (const guide::ScopeItem& item : guideline.scope)
    text += (text.empty() ? "" : "; ") + item.name + ": " + listed(item.values);
  return text.empty() ? "as in the table" : text;
}

std::string guideline_evidence(const guide::Guideline& guideline) {
  const guide::Evidence& evidence = guideline.evidence;
  return fmt::format("{} ({}), {}, {}", counted(evidence.blocks, "matched block"),
                     evidence.matched_on, counted(evidence.seeds, "seed"),
                     counted(static_cast<std::int64_t>(evidence.models.size()), "model"));
}

std::vector<std::string> left_out(const facts::ReportModels& models) {
  std::vector<std::string> sentences;
  if (!models.other_contexts.empty())
    sentences.push_back("Also in results.csv, not shown here: " + listed(models.other_contexts) +
                        ".");
  std::set<std::string> settings;
  for (const facts::ReportModel& model : models.models)
    for (const auto& elsewhere : model.throughput_elsewhere)
      settings.insert(facts::setting_text(elsewhere.first));
  if (!settings.empty())
    sentences.push_back("Speed was also measured, not shown above: " +
                        listed({settings.begin(), settings.end()}) + ".");
  return sentences;
}

}  // namespace vitlab::report
