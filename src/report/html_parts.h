#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model_table.h"
#include "report/report_input.h"
#include "report/report_model.h"

namespace vitlab::report {

/// Any text as HTML shows it: escaped, control characters and broken UTF-8 made visible.
std::string html_text(std::string_view text);
/// A relative path as a link takes it. One with a scheme or a host ("javascript:…", "//…") becomes
/// "#", so that no file name leads out of the report.
std::string html_path(std::string_view path);

/// A PNG file as an address that a page carries in itself.
std::string png_address(std::string_view bytes);

/// A table of texts; columns whose cells all look like numbers are aligned right.
std::string plain_table(const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::string>>& rows,
                        const std::string& caption);
std::string model_table_html(const ModelTable& table, const ReportModels& models);
std::string notes_html(const std::vector<std::string>& notes);

// Sections without their headings; empty where there is nothing to say.
std::string guidelines_html(const guide::GuideResult& result);
std::string failures_html(const std::vector<TrialFailure>& failures);
std::string rejected_html(const std::vector<RejectedPoint>& rejected);
std::string facts_html(const ReportInput& input);

}  // namespace vitlab::report
