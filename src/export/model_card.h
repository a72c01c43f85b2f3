#pragma once

#include <string>

#include "core/json.h"
#include "export/export_model.h"
#include "export/write_export.h"

namespace vitlab {

/// README.md of an export in Markdown: what the model is and costs, where its weights come from and
/// how good they were measured to be, how to load each format, and what was checked (`report` is
/// verify.json's content).
std::string model_card(const ExportModel& model, const ExportPlan& plan, const Json& report);

}  // namespace vitlab
