#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "core/error.h"
#include "core/names.h"

namespace vitlab::cli {

struct Arguments::Parser {
  CLI::App app;
  std::string command;
  std::vector<std::string> options;  // "--json", …, for "did you mean"

  Parser(const std::string& name, const std::string& summary) : app(summary), command(name) {
    app.name("vitlab " + name);
    app.set_help_flag("-h,--help", "print this help");
  }

  CLI::Option* add(CLI::Option* option, const std::string& name) {
    if (name.rfind("--", 0) == 0) options.push_back(name);
    return option;
  }

  /// The first word that starts like an option and is none.
  [[noreturn]] void refuse(const std::vector<std::string>& words, const std::string& why) const {
    for (const std::string& word : words) {
      const std::string name = word.substr(0, word.find('='));
      if (name == "--") break;
      if (name.rfind("--", 0) != 0 || name == "--help") continue;
      if (std::find(options.begin(), options.end(), name) != options.end()) continue;
      throw core::UserError(name + " is not an option of vitlab " + command +
                            core::did_you_mean(name, options));
    }
    throw core::UserError("vitlab " + command + ": " + why + " (vitlab " + command + " --help)");
  }
};

Arguments::Arguments(const std::string& command, const std::string& summary,
                     const std::vector<std::string>& examples)
    : parser_(std::make_unique<Parser>(command, summary)) {
  std::string footer = "Examples:";
  for (const std::string& example : examples) footer += "\n  " + example;
  parser_->app.footer(footer);
}

Arguments::~Arguments() = default;

void Arguments::positional(const std::string& name, const std::string& help, std::string& value) {
  parser_->app.add_option(name, value, help)->required();
}

void Arguments::optional_positional(const std::string& name, const std::string& help,
                                    std::string& value) {
  parser_->app.add_option(name, value, help);
}

void Arguments::positionals(const std::string& name, const std::string& help,
                            std::vector<std::string>& values) {
  parser_->app.add_option(name, values, help)->required();
}

void Arguments::option(const std::string& name, const std::string& help, std::string& value,
                       bool is_required) {
  parser_->add(parser_->app.add_option(name, value, help), name)->required(is_required);
}

void Arguments::option(const std::string& name, const std::string& help, std::int64_t& value) {
  parser_->add(parser_->app.add_option(name, value, help), name)->capture_default_str();
}

void Arguments::option(const std::string& name, const std::string& help, double& value) {
  parser_->add(parser_->app.add_option(name, value, help), name)->capture_default_str();
}

void Arguments::repeated(const std::string& name, const std::string& help,
                         std::vector<std::string>& values) {
  parser_->add(parser_->app.add_option(name, values, help), name)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::section(const std::string& text) {
  parser_->app.footer(parser_->app.get_footer() + "\n\n" + text);
}

void Arguments::flag(const std::string& name, const std::string& help, bool& value) {
  parser_->add(parser_->app.add_flag(name, value, help), name);
}

void Arguments::parse(const std::vector<std::string>& words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    parser_->app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    throw HelpRequested{parser_->app.help()};
  } catch (const CLI::ParseError& error) {
    parser_->refuse(words, error.what());
  }
}

}  // namespace vitlab::cli
