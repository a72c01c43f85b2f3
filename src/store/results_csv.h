#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/fields.h"

namespace vitlab::store {

/// One row of results.csv: one number of one trial or model, with everything it depends on.
struct ResultRow {
  std::string trial;  // "" for what belongs to the model and not to one trial
  std::string model;
  std::string dataset;
  std::string recipe;
  std::optional<std::int64_t> seed;
  std::string device;
  std::string runtime;
  std::string dtype;
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> batch;
  std::string budget_metric;
  std::optional<double> budget;
  std::string metric;
  std::string subject;
  double value = 0;
  std::string unit;
  std::optional<double> low;
  std::optional<double> high;
  std::int64_t samples = 1;
  std::vector<std::string> knobs;  // one a knob of the table, in its order; "" = not applicable

  friend bool operator==(const ResultRow&, const ResultRow&) = default;

  /// The fixed columns in their order; those of the knobs follow.
  static constexpr auto fields() {
    using R = ResultRow;
    return std::tuple{core::required("trial", &R::trial),
                      core::required("model", &R::model),
                      core::required("dataset", &R::dataset),
                      core::required("recipe", &R::recipe),
                      core::optional("seed", &R::seed),
                      core::required("device", &R::device),
                      core::required("runtime", &R::runtime),
                      core::required("dtype", &R::dtype),
                      core::optional("threads", &R::threads),
                      core::optional("batch", &R::batch),
                      core::required("budget_metric", &R::budget_metric),
                      core::optional("budget", &R::budget),
                      core::required("metric", &R::metric),
                      core::required("subject", &R::subject),
                      core::required("value", &R::value),
                      core::required("unit", &R::unit),
                      core::optional("low", &R::low),
                      core::optional("high", &R::high),
                      core::required("samples", &R::samples)};
  }
};

/// Rows and the names of the knobs that vary (without "knob.").
struct ResultsTable {
  std::vector<std::string> knobs;
  std::vector<ResultRow> rows;

  friend bool operator==(const ResultsTable&, const ResultsTable&) = default;
};

/// The table as RFC 4180 text with "\n" line ends, columns and rows in the order given; the same
/// bytes for the same table. Text that a spreadsheet would run as a formula gets a leading '.
std::string results_csv(const ResultsTable& table);
/// Writes it atomically; throws Failure.
void write_results_csv(const ResultsTable& table, const std::filesystem::path& path);

/// The inverse; `source` names the text in errors. A wrong header, cell count or number is a
/// UserError "source:line: …".
ResultsTable parse_results_csv(std::string_view text, const std::string& source);
/// UserError if the file is missing.
ResultsTable read_results_csv(const std::filesystem::path& path);

}  // namespace vitlab::store
