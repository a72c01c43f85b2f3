#pragma once

#include "report/document.h"
#include "report/report_model.h"

namespace vitlab::report {

/// The table of models as every format shows it, without columns that no model fills.
ModelTable model_table(const ReportModels& models);

}  // namespace vitlab::report
