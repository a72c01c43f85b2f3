#pragma once

#include <string>
#include <vector>

#include "report/report_model.h"

namespace vitlab::report {

struct TableColumn {
  std::string title;
  std::string unit;  // or setting, in a second line; "" if none
  bool is_number = false;
};

struct TableCell {
  std::string text;  // "–" where there is no value
  std::string note;  // a spread or interval, in a second line; "" if none
  std::string sort;  // what a column is sorted by, where it is not the text
};

/// The table of models as every format shows it: columns that no model fills are left out.
struct ModelTable {
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows;  // one a model
  std::vector<std::string> notes;            // sentences: what the numbers are
};

ModelTable model_table(const ReportModels& models);

/// The tabular of a paper (booktabs), with a comment that names the setting.
std::string latex_table(const ModelTable& table, const std::string& caption);

}  // namespace vitlab::report
