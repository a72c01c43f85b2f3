#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"

namespace vitlab::report {

/// What was run, in one sentence for the head of a report.
std::string scope_line(const facts::ReportInput& input, const facts::ReportModels& models);
/// A metric in words ("top-1 accuracy"); its name where guidelines do not know it.
std::string metric_words(const std::string& metric);
/// The answer to "what would settle it" of one claim, a sentence without a full stop.
std::string settling_text(const guide::NotSupported& claim);
/// How many guidelines there are, out of how many candidates, and what the grades mean.
std::string guideline_summary(const guide::GuideResult& result);
/// Scope of a guideline: "dataset: digits; batch: 16".
std::string guideline_scope(const guide::Guideline& guideline);
/// What a guideline rests on: "3 matched blocks (macs budgets), 2 seeds, 6 models".
std::string guideline_evidence(const guide::Guideline& guideline);
/// Sentences about contexts and settings that the report does not show.
std::vector<std::string> left_out(const facts::ReportModels& models);

}  // namespace vitlab::report
