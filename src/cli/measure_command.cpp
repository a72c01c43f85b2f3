#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/measure_words.h"
#include "core/error.h"
#include "core/text.h"

namespace vitlab::cli {

namespace {

std::string text_of(const core::Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string ratio_text(const core::Json& row) {
  if (!row.contains("throughput_ratio")) return "-";
  const core::Json& ratio = row.at("throughput_ratio");
  return number(ratio.at("value"), 4) + " (" + number(ratio.at("low"), 4) + " … " +
         number(ratio.at("high"), 4) + ")";
}

/// The settings that differ between rows have a column; the others stand above the table.
struct SettingColumns {
  std::vector<std::string> varying;
  std::string common;

  explicit SettingColumns(const core::Json& rows) {
    for (const char* key : {"device", "runtime", "dtype", "threads", "batch"}) {
      bool varies = false;
      for (const core::Json& row : rows) varies |= value_of(row, key) != value_of(rows.at(0), key);
      if (varies)
        varying.emplace_back(key);
      else
        common += (common.empty() ? "" : ", ") + std::string(key) + " " + value_of(rows.at(0), key);
    }
  }

  static std::string value_of(const core::Json& row, const std::string& key) {
    return text_of(key == "runtime" ? row.at("runtime") : row.at("protocol").at(key));
  }
};

std::vector<std::string> speed_cells(const core::Json& row) {
  if (row.contains("out_of_memory")) return {"out of memory", "-", "-", "-", "-", "-"};
  if (row.contains("failed")) return {"failed", "-", "-", "-", "-", "-"};
  const core::Json& rate = row.at("throughput_images_per_s");
  return {number(rate.at("median")), number(rate.at("p5")),
          number(rate.at("p95")),    number(row.at("latency_ms").at("median")),
          rate.at("samples").dump(), ratio_text(row)};
}

/// What a reader should know of a row's numbers, a line each.
std::string remarks_of(const core::Json& row, const std::string& name) {
  std::string text;
  for (const char* key : {"out_of_memory", "failed"})
    if (row.contains(key)) text += name + ": " + row.at(key).get<std::string>() + "\n";
  if (row.contains("warnings"))
    for (const core::Json& warning : row.at("warnings"))
      text += name + ": " + warning.get<std::string>() + "\n";
  return text;
}

/// Per model and setting the largest batch, where several were tried.
std::string largest_batches(const core::Json& result, std::size_t rows) {
  const core::Json& largest = result.at("largest_batch_that_fits");
  if (largest.size() == rows) return "";
  std::string text;
  for (const core::Json& row : largest) {
    text += row.at("model").get<std::string>() + " (" + row.at("runtime").get<std::string>() +
            ", " + row.at("dtype").get<std::string>() + ", " + row.at("threads").dump() +
            " threads): ";
    text += row.at("batch").is_null() ? "no batch fits"
                                      : "the largest batch that fits is " + row.at("batch").dump();
    text += row.at("too_large").is_null() ? ", the largest tried\n"
                                          : "; " + row.at("too_large").dump() + " does not\n";
  }
  return text;
}

std::string measure_text(const core::Json& result) {
  const core::Json& rows = result.at("candidates");
  const SettingColumns settings(rows);
  std::vector<std::string> header{"model"};
  header.insert(header.end(), settings.varying.begin(), settings.varying.end());
  for (const char* name : {"images/s", "p5", "p95", "latency ms", "samples", "ratio to first"})
    header.emplace_back(name);
  core::TextTable table(header);
  std::string remarks;
  for (const core::Json& row : rows) {
    std::vector<std::string> cells{row.at("model").get<std::string>()};
    std::string name = cells.front();
    for (const std::string& key : settings.varying) {
      cells.push_back(SettingColumns::value_of(row, key));
      name += ", " + key + " " + cells.back();
    }
    for (std::string& cell : speed_cells(row)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
    remarks += remarks_of(row, name);
  }
  for (const core::Json& warning : result.at("warnings"))
    remarks += warning.get<std::string>() + "\n";
  const std::string largest = largest_batches(result, rows.size());
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
  const core::Json result = ask_engine(taken.request(), "measure");
  if (taken.json)
    print_json(document_of("measure", result));
  else
    print_text(measure_text(result));
  for (const core::Json& row : result.at("candidates"))
    if (!row.contains("latency_ms")) return core::ExitCode::kSomeFailed;
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
