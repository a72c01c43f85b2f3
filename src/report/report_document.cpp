#include "report/report_document.h"

#include <fmt/format.h>

#include "report/document_parts.h"
#include "report/figures.h"
#include "report/model_table.h"
#include "report/op_advice.h"
#include "report/report_words.h"
#include "report/speed_ratios.h"
#include "report/verdict_lines.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

struct ReportContent {
  const facts::ReportInput& input;
  const facts::ReportModels& models;
};

Blocks models_blocks(const ReportContent& content) {
  ModelTable table = model_table(content.models);
  if (table.rows.empty()) return {{Paragraph{"No model has a result yet."}}};
  for (std::string& sentence : left_out(content.models)) table.notes.push_back(std::move(sentence));
  return {{std::move(table)}};
}

Blocks ratio_blocks(const ReportContent& content) {
  SpeedRatioTable ratios = speed_ratio_table(content.input, content.models);
  if (ratios.rows.empty()) return {};
  return {{Table{kSpeedRatioHeading, std::move(ratios.columns), std::move(ratios.rows)}},
          {Notes{std::move(ratios.notes)}}};
}

Blocks ops_to_fix_blocks(const ReportContent& content) {
  return ops_blocks(ops_tables(content.models));
}

Advice advice_of(const guide::Guideline& guideline) {
  Advice advice{
      std::string(1, guide::grade_letter(guideline.grade)),
      guideline.statement,
      {"Scope: " + guideline_scope(guideline), "Evidence: " + guideline_evidence(guideline)}};
  for (const std::string& sentence : guideline.counter_evidence)
    advice.sentences.push_back("Against it: " + sentence);
  return advice;
}

/// Claims that the results do not carry: a table, or an item each where tables do not wrap.
void add_not_supported(Blocks& blocks, const std::vector<guide::NotSupported>& claims) {
  if (claims.empty()) return;
  Table table{"Claims that these results do not carry",
              {"Factor", "Metric", "Why not", "What would settle it"},
              {}};
  Notes items;
  for (const guide::NotSupported& claim : claims) {
    const std::string metric = metric_words(claim.metric), settling = settling_text(claim);
    table.rows.push_back({claim.factor, metric, claim.reason, settling});
    items.sentences.push_back(claim.factor + ", " + metric + ": " + claim.reason + "; " + settling);
  }
  blocks.push_back({Heading{"Not supported, and what would settle it"}});
  blocks.push_back({std::move(table), Shown::kOnPages});
  blocks.push_back({std::move(items), Shown::kInTexts});
}

Blocks guideline_blocks(const ReportContent& content) {
  const guide::GuideResult& result = content.input.guidelines;
  Blocks blocks{{Paragraph{guideline_summary(result)}}};
  for (const guide::Guideline& guideline : result.guidelines)
    blocks.push_back({advice_of(guideline)});
  add_not_supported(blocks, result.not_supported);
  if (!result.notes.empty()) blocks.push_back({Notes{result.notes}});
  return blocks;
}

Blocks failure_blocks(const ReportContent& content) {
  std::vector<std::vector<std::string>> rows;
  for (const facts::TrialFailure& failure : content.input.failures)
    rows.push_back({failure.trial, failure.stage, failure.state, failure.reason});
  if (rows.empty()) return {};
  const std::string caption = counted(static_cast<std::int64_t>(rows.size()), "stage") +
                              " did not end well; nothing of them is in the numbers above";
  return {{Table{caption, {"Trial", "Stage", "State", "Reason"}, std::move(rows)}}};
}

Blocks rejected_blocks(const ReportContent& content) {
  std::vector<std::vector<std::string>> rows;
  for (const facts::RejectedPoint& point : content.input.rejected)
    rows.push_back({point.point, point.reason});
  if (rows.empty()) return {};
  const std::string caption =
      counted(static_cast<std::int64_t>(rows.size()), "point") + " of the sweep gave no model";
  return {{Table{caption, {"Point", "Reason"}, std::move(rows)}}};
}

Blocks protocol_blocks(const ReportContent& content) {
  Blocks blocks;
  add_facts(blocks, content.input.protocol, "How it was measured", "Protocol");
  add_facts(blocks, content.input.machine, "On what it was measured", "Machine");
  return blocks;
}

Blocks again_blocks(const ReportContent& content) {
  Blocks blocks;
  if (!content.input.command.empty()) {
    blocks.push_back(
        {Paragraph{"The same command makes these results again; what is finished is kept:"},
         Shown::kOnPages});
    blocks.push_back({Code{content.input.command}});
  }
  if (!content.input.files.empty()) {
    blocks.push_back({Heading{"Raw files"}, Shown::kOnPages});
    blocks.push_back({Links{content.input.files}});
  }
  return blocks;
}

/// A figure of the models as a figure of the report.
template <Figure (*draw)(const facts::ReportModels&)>
Figure of_models(const ReportContent& content) {
  return draw(content.models);
}

/// A figure of the paper alone.
template <Figure (*draw)()>
Figure of_paper(const ReportContent&) {
  return draw();
}

/// Every section and figure of a report in its order: a new one is a row here and its function.
const std::vector<Part<ReportContent>>& report_parts() {
  static const std::vector<Part<ReportContent>> parts{
      {"models", "Models", models_blocks},
      {"ratios", kSpeedRatioHeading, ratio_blocks},
      {"accuracy_speed", "", of_models<accuracy_speed_figure>},
      {"time_categories", "", of_models<time_figure>},
      {"roofline", "", of_models<main_roofline_figure>},
      {"roofline_other", "", of_models<other_roofline_figure>, "roofline"},
      {"ops_to_fix", kOpsHeading, ops_to_fix_blocks, "roofline"},
      {"mhsa_memory", "", of_models<mhsa_memory_figure>},
      {"mhsa_accuracy", "", of_models<mhsa_accuracy_figure>},
      {"head_similarity", "", of_models<similarity_figure>},
      {"paper_similarity", "", of_paper<paper_similarity_figure>, "head_similarity"},
      {"head_pairs", "", of_models<redundant_heads_figure>},
      {"head_importance", "", of_models<heads_worth_figure>},
      {"pruning_curves", "", of_models<pruning_curves_figure>},
      {"pruning", "", of_models<pruning_figure>},
      {"paper_pruning", "", of_paper<paper_pruning_figure>, "pruning"},
      {"pruned_speed", "", of_models<pruned_speed_figure>},
      {"guidelines", "Guidelines", guideline_blocks},
      {"failures", "What failed", failure_blocks},
      {"rejected", "Rejected points", rejected_blocks},
      {"protocol", "Protocol and machine", protocol_blocks},
      {"again", "Once more", again_blocks}};
  return parts;
}

}  // namespace

Document report_document(const facts::ReportInput& input, const facts::ReportModels& models) {
  return {.title = input.title,
          .lead = scope_line(input, models),
          .verdict = verdict_lines(input, models),
          .sections = sections_of(report_parts(), ReportContent{input, models}),
          .date = input.date,
          .holds_for = "the data, recipe, setting and machine"};
}

Document table_extract(const facts::ReportModels& models, const std::string& caption) {
  ModelTable table = model_table(models);
  table.caption = caption;
  return {.title = caption, .sections = {{"models", "", {{std::move(table)}}}}};
}

std::vector<std::string> figure_names() {
  std::vector<std::string> names;
  for (const Part<ReportContent>& part : report_parts())
    if (part.is_figure()) names.emplace_back(part.name);
  return names;
}

}  // namespace vitlab::report
