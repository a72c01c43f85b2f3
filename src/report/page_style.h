#pragma once

#include <string_view>

namespace vitlab::report {

/// The style sheet of report pages, without colours and drawings (chart_style.h).
std::string_view page_style();
/// The script of report pages: tooltips on drawings, sorting and filtering of tables. A page says
/// all that it has to say without it.
std::string_view page_script();

}  // namespace vitlab::report
