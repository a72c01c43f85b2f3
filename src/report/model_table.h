#pragma once

#include "facts/report_model.h"
#include "report/document.h"

namespace vitlab::report {

/// The table of models as every format shows it, without columns that no model fills.
ModelTable model_table(const facts::ReportModels& models);

}  // namespace vitlab::report
