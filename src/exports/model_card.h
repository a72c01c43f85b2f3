#pragma once

#include <string>

#include "exports/export_model.h"
#include "exports/write_export.h"
#include "messages/export_answer.h"

namespace vitlab::exports {

/// README.md of an export in Markdown: what the model is and costs, where its weights come from and
/// how good they were measured to be, how to load each format, and what was checked (`report` is
/// verify.json's content).
std::string model_card(const ExportModel& model, const ExportPlan& plan,
                       const messages::ExportReport& report);

}  // namespace vitlab::exports
