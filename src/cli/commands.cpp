#include <array>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/command.h"

namespace vitlab::cli {

std::span<const Command> commands() {
  static constexpr std::array kCommands{
      Command{"models", "Models", "list the built-in models and the templates", run_models},
      Command{"show", "Models", "show one model: its layers, its knobs, or explicit YAML",
              run_show},
      Command{"cost", "Models", "parameters, MACs, bytes and memory, without running", run_cost},
      Command{"diff", "Models", "what two models differ in, and what that costs", run_diff},
      Command{"solve", "Models", "the width (or another knob) that meets a cost or a speed",
              run_solve},
      Command{"plan", "Sweeps", "what a sweep would run, and what it rejects and why", run_plan},
      Command{"sweep", "Sweeps", "run a sweep: train, measure, analyse; resumes", run_sweep},
      Command{"collect", "Sweeps", "rebuild results.csv from a store", run_collect},
      Command{"report", "Sweeps", "rebuild the report of a store", run_report},
      Command{"guide", "Sweeps", "design guidelines with their evidence", run_guide},
      Command{"design", "Sweeps", "a family of variants that meets budgets", run_design},
      Command{"data", "One model", "what a data set holds, and what is wrong with it", run_data},
      Command{"train", "One model", "train a model on a data set", run_train},
      Command{"evaluate", "One model", "accuracy and loss of weights on a data set", run_evaluate},
      Command{"forward", "One model", "run weights on images or on a tensor", run_forward},
      Command{"profile", "One model", "where the time goes, op by op", run_profile},
      Command{"measure", "One model", "speed of models side by side", run_measure},
      Command{"predict", "One model", "speed of models without running them", run_predict},
      Command{"similarity", "One model", "how much attention heads repeat each other",
              run_similarity},
      Command{"prune", "One model", "structured pruning to a budget", run_prune},
      Command{"export", "One model", "write a model and its weights for other programs",
              run_export},
      Command{"calibrate", "This machine", "train the latency predictor on this machine",
              run_calibrate},
      Command{"doctor", "This machine", "what this machine and build offer", run_doctor},
  };
  return kCommands;
}

core::Json json_document(std::string_view command) {
  core::Json document = core::Json::object();
  document["schema"] = 1;
  document["command"] = command;
  return document;
}

void print_json(const core::Json& document) { print_text(core::dump_json(document, 2) + "\n"); }

void print_text(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw core::Failure("cannot write to stdout");
}

void log_line(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

std::size_t output_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace vitlab::cli
