#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/names.h"

namespace vitlab::cli {

namespace {

std::string help_text() {
  std::string text =
      "vitlab: a laboratory for efficient vision transformers\n\n"
      "  vitlab sweep experiments/quickstart/sweep.yaml --out results/quickstart\n"
      "  vitlab cost efficientvit_m0 deit_tiny\n"
      "  vitlab profile efficientvit_m4 --batch 16 --threads 1\n";
  std::string_view group;
  for (const Command& command : commands()) {
    if (command.group != group) {
      group = command.group;
      text += "\n" + std::string(group) + "\n";
    }
    std::string line = "  " + std::string(command.name);
    line.resize(14, ' ');
    text += line + std::string(command.summary) + "\n";
  }
  return text +
         "\nvitlab COMMAND --help says what a command takes. --json prints one JSON document.\n"
         "Exit codes: 0 done, 1 failure, 2 wrong usage or input, 3 some trials failed or budgets "
         "had\nno solution, 4 a gate failed, 5 capability missing, 130 interrupted (resumable).\n";
}

core::ExitCode run(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(help_text().c_str(), stderr);
    return core::ExitCode::kUsage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_text(help_text());
    return core::ExitCode::kDone;
  }
  if (words[0] == "--version") {
    print_text("vitlab " VITLAB_VERSION "\n");
    return core::ExitCode::kDone;
  }
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == words[0]) return command.run({words.begin() + 1, words.end()});
    names.emplace_back(command.name);
  }
  throw core::UserError("'" + words[0] + "' is not a command" +
                        core::did_you_mean(words[0], names) + " (vitlab --help)");
}

int report(const char* text, core::ExitCode code) {
  std::fprintf(stderr, "vitlab: %s\n", text);
  return static_cast<int>(code);
}

int run_and_report(const std::vector<std::string>& words) {
  try {
    return static_cast<int>(run(words));
  } catch (const HelpRequested& help) {
    print_text(help.text);
    return 0;
  } catch (const core::UserError& error) {
    return report(error.what(), core::ExitCode::kUsage);
  } catch (const core::CapabilityError& error) {
    return report(error.what(), core::ExitCode::kMissingCapability);
  } catch (const core::Interrupted& error) {
    return report(error.what(), core::ExitCode::kInterrupted);
  } catch (const core::Failure& error) {
    return report(error.what(), core::ExitCode::kFailure);
  } catch (const std::exception& error) {
    return report((std::string("internal error: ") + error.what()).c_str(),
                  core::ExitCode::kFailure);
  }
}

}  // namespace

}  // namespace vitlab::cli

int main(int argc, char** argv) {
  vitlab::core::install_interrupt_handlers();
  return vitlab::cli::run_and_report({argv + 1, argv + argc});
}
