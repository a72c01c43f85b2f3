#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"
#include "report/document.h"

namespace vitlab::report {

/// The whole report: the sections of one list, as far as there are results for them.
Document report_document(const facts::ReportInput& input, const facts::ReportModels& models);

/// The table of models alone, as a paper takes it: `caption` above it, its notes as comments.
Document table_extract(const facts::ReportModels& models, const std::string& caption);

/// Names of all figures that a report can have, in their order.
std::vector<std::string> figure_names();

}  // namespace vitlab::report
