#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"

namespace vitlab::report {

/// The three most telling lines of a report, "Lead: sentence." in plain words: the most accurate
/// model and what cannot be told apart from it; the fastest; what is traded and what the results do
/// not carry. Always exactly three; where something was not measured, its line says so.
std::vector<std::string> verdict_lines(const facts::ReportInput& input);
/// The same for models gathered already.
std::vector<std::string> verdict_lines(const facts::ReportInput& input,
                                       const facts::ReportModels& models);

/// What would settle the claims that are not supported: a sentence, empty if none is open.
std::string open_claims_text(const guide::GuideResult& guidelines);

}  // namespace vitlab::report
