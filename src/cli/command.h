#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace vitlab::cli {

/// One command of the program: the whole registry is the table in commands.cpp.
struct Command {
  std::string_view name;
  std::string_view group;
  std::string_view summary;
  core::ExitCode (*run)(const std::vector<std::string>& words);
};

std::span<const Command> commands();

/// {"schema": 1, "command": name}: what every --json document starts with.
core::Json json_document(std::string_view command);
/// Prints a document to stdout, indented.
void print_json(const core::Json& document);
/// Prints text to stdout; throws Failure if it cannot be written (a full disk behind a pipe).
void print_text(std::string_view text);
/// One line of log to stderr.
void log_line(std::string_view text);
/// Columns of the terminal on stdout, or 0 where there is none (then nothing is shortened).
std::size_t output_width();

// The commands, a file per group.
core::ExitCode run_models(const std::vector<std::string>& words);
core::ExitCode run_show(const std::vector<std::string>& words);
core::ExitCode run_cost(const std::vector<std::string>& words);
core::ExitCode run_diff(const std::vector<std::string>& words);
core::ExitCode run_solve(const std::vector<std::string>& words);
core::ExitCode run_plan(const std::vector<std::string>& words);
core::ExitCode run_sweep(const std::vector<std::string>& words);
core::ExitCode run_train(const std::vector<std::string>& words);
core::ExitCode run_data(const std::vector<std::string>& words);
core::ExitCode run_evaluate(const std::vector<std::string>& words);
core::ExitCode run_forward(const std::vector<std::string>& words);
core::ExitCode run_profile(const std::vector<std::string>& words);
core::ExitCode run_predict(const std::vector<std::string>& words);
core::ExitCode run_calibrate(const std::vector<std::string>& words);
core::ExitCode run_measure(const std::vector<std::string>& words);
core::ExitCode run_similarity(const std::vector<std::string>& words);
core::ExitCode run_prune(const std::vector<std::string>& words);
core::ExitCode run_collect(const std::vector<std::string>& words);
core::ExitCode run_report(const std::vector<std::string>& words);
core::ExitCode run_guide(const std::vector<std::string>& words);
core::ExitCode run_design(const std::vector<std::string>& words);
core::ExitCode run_export(const std::vector<std::string>& words);
core::ExitCode run_doctor(const std::vector<std::string>& words);

}  // namespace vitlab::cli
