#include <algorithm>
#include <array>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/measure_words.h"
#include "core/error.h"
#include "core/text.h"

namespace vitlab::cli {

namespace {

std::string ratio_text(const messages::SpeedRow& row) {
  if (!row.throughput_ratio) return "-";
  const messages::ThroughputRatio& ratio = *row.throughput_ratio;
  return core::significant(ratio.value, 4) + " (" + core::significant(ratio.low, 4) + " … " +
         core::significant(ratio.high, 4) + ")";
}

struct Column {
  const char* name;
  std::string (*value_of)(const messages::CandidateRow& row);
};

constexpr std::array kSettings{
    Column{"device", +[](const messages::CandidateRow& row) { return row.protocol.device; }},
    Column{"runtime", +[](const messages::CandidateRow& row) { return row.runtime; }},
    Column{"dtype",
           +[](const messages::CandidateRow& row) {
             return std::string(core::word_of(row.protocol.dtype));
           }},
    Column{"threads",
           +[](const messages::CandidateRow& row) { return std::to_string(row.protocol.threads); }},
    Column{"batch",
           +[](const messages::CandidateRow& row) { return std::to_string(row.protocol.batch); }}};

/// The settings that differ between rows have a column; the others stand above the table.
struct SettingColumns {
  std::vector<Column> varying;
  std::string common;

  explicit SettingColumns(const std::vector<messages::CandidateRow>& rows) {
    for (const Column& column : kSettings) {
      const std::string first = column.value_of(rows.at(0));
      if (std::ranges::any_of(rows, [&](const auto& row) { return column.value_of(row) != first; }))
        varying.push_back(column);
      else
        common += (common.empty() ? "" : ", ") + std::string(column.name) + " " + first;
    }
  }
};

std::vector<std::string> speed_cells(const messages::SpeedRow& row) {
  if (row.out_of_memory) return {"out of memory", "-", "-", "-", "-", "-"};
  if (row.failed) return {"failed", "-", "-", "-", "-", "-"};
  const messages::Spread& rate = row.throughput_images_per_s.value();
  return {core::significant(rate.median, 4), core::significant(rate.p5, 4),
          core::significant(rate.p95, 4),    core::significant(row.latency_ms.value().median, 4),
          std::to_string(rate.samples),      ratio_text(row)};
}

/// What a reader should know of a row's numbers, a line each.
std::string remarks_of(const messages::SpeedRow& row, const std::string& name) {
  std::string text;
  for (const std::optional<std::string>& reason : {row.out_of_memory, row.failed})
    if (reason) text.append(name).append(": ").append(*reason).append("\n");
  for (const std::string& warning : row.warnings.value_or(std::vector<std::string>()))
    text.append(name).append(": ").append(warning).append("\n");
  return text;
}

/// Per model and setting the largest batch, where several were tried.
std::string largest_batches(const messages::MeasureAnswer& answer) {
  if (answer.largest_batch_that_fits.size() == answer.candidates.size()) return "";
  std::string text;
  for (const messages::LargestBatch& row : answer.largest_batch_that_fits) {
    text += row.model + " (" + row.runtime + ", " + std::string(core::word_of(row.dtype)) + ", " +
            std::to_string(row.threads) + " threads): ";
    text += row.batch ? "the largest batch that fits is " + std::to_string(*row.batch)
                      : "no batch fits";
    text += row.too_large ? "; " + std::to_string(*row.too_large) + " does not\n"
                          : ", the largest tried\n";
  }
  return text;
}

std::string measure_text(const messages::MeasureAnswer& answer) {
  const SettingColumns settings(answer.candidates);
  std::vector<std::string> header{"model"};
  for (const Column& column : settings.varying) header.emplace_back(column.name);
  for (const char* name : {"images/s", "p5", "p95", "latency ms", "samples", "ratio to first"})
    header.emplace_back(name);
  core::TextTable table(header);
  std::string remarks;
  for (const messages::CandidateRow& row : answer.candidates) {
    std::vector<std::string> cells{row.model};
    std::string name = row.model;
    for (const Column& column : settings.varying) {
      cells.push_back(column.value_of(row));
      name += ", " + std::string(column.name) + " " + cells.back();
    }
    for (std::string& cell : speed_cells(row)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
    remarks += remarks_of(row, name);
  }
  for (const std::string& warning : answer.warnings) remarks += warning + "\n";
  const std::string largest = largest_batches(answer);
  return settings.common + "\n\n" + table.str(output_width()) + (largest.empty() ? "" : "\n") +
         largest + (remarks.empty() ? "" : "\n" + remarks);
}

}  // namespace

core::ExitCode run_measure(const std::vector<std::string>& words) {
  MeasureWords taken;
  Arguments arguments(
      "measure", "Speed of models side by side, measured in turns.",
      {"vitlab measure efficientvit_m4 deit_tiny",
       "vitlab measure efficientvit_m0 efficientvit_m1 --protocol "
       "configs/measure/cpu_1thread_bs16.yaml",
       "vitlab measure efficientvit_m0 --batch 1..64 --runtime libtorch,onnxruntime"});
  taken.declare(arguments);
  arguments.parse(words);
  const messages::MeasureAnswer answer = ask_engine(taken.request(), "measure");
  if (taken.json)
    print_json(document_of("measure", answer));
  else
    print_text(measure_text(answer));
  const bool all_timed = std::ranges::all_of(answer.candidates, &messages::SpeedRow::has_speed);
  return all_timed ? core::ExitCode::kDone : core::ExitCode::kSomeFailed;
}

}  // namespace vitlab::cli
