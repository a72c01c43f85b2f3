#pragma once

#include <string>
#include <vector>

#include "architecture/presets.h"
#include "cli/arguments.h"
#include "cli/narration.h"
#include "core/json.h"
#include "lab/engines.h"
#include "messages/requests.h"

namespace vitlab::cli {

/// Which words a command with tensors takes besides a model and --json: only those that change what
/// it does.
struct TakenWords {
  bool weights = true;  // --weights, --layout and --seed
  bool device = true;
  bool threads = true;
  bool dtype = true;
  bool deploy = true;
};

inline constexpr const char* kSkipBrokenHelp = "leave out images that do not decode, and name them";
inline constexpr const char* kDataHelp =
    "digits, synthetic:…, folder:PATH, cifar10:PATH, idx:PATH, …";

/// The words that commands with tensors take, and the request that they make.
struct ModelWords {
  std::string reference;
  std::vector<std::string> overrides;
  std::string weights;
  std::string layout;  // empty: found out
  bool ema = false, no_ema = false;
  std::string device = "cpu";
  std::string dtype = "float32";
  std::int64_t threads = 1;
  std::int64_t seed = 0;
  bool deploy = false;
  bool json = false;

  void declare(Arguments& arguments, const TakenWords& taken);

  /// What --dtype says; throws UserError for what models do not run in.
  graph::Dtype numbers() const;

  /// The part of a request that the words make: a folder's own weights are used where --weights
  /// names none. Throws UserError for what cannot be.
  messages::RunnableModel runnable() const;
};

/// Runs a request with a progress line on stderr.
template <typename Request>
typename Request::Answer ask_engine(const Request& request, const std::string& label) {
  lab::EngineProcesses engines;
  const Narration narration;
  return lab::ask(engines, request, label, narration.sink());
}

/// The document of a command: schema and command first, then what the engine gave.
core::Json document_of(const std::string& command, const core::Json& payload);

/// The same of an answer.
template <core::HasFields Answer>
core::Json document_of(const std::string& command, const Answer& answer) {
  return document_of(command, core::to_json(answer));
}

/// A series of an engine's answer: its median, p5, p95 and samples in one line.
std::string spread(const messages::Spread& series, const std::string& unit);

/// Refuses to write over something before any work is done: a file, or (unless `replace`) a folder
/// that is not empty.
void check_output_folder(const std::string& out, bool replace);

}  // namespace vitlab::cli
