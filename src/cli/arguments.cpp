#include "cli/arguments.h"

#include <cmath>
#include <functional>

#include <CLI/CLI.hpp>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::cli {

namespace {

/// "must be at least 10".
std::string bounds_text(Bounds bounds) {
  if (std::isfinite(bounds.most))
    return "must lie in " + core::shortest(bounds.least) + ".." + core::shortest(bounds.most);
  return bounds.least == 0 ? "must not be negative"
                           : "must be at least " + core::shortest(bounds.least);
}

}  // namespace

// Bounds are checked here and not by CLI11's validators, whose words name no remedy.
struct Arguments::Parser {
  CLI::App app;
  std::string command;
  std::vector<std::string> options;           // "--json", …, for "did you mean"
  std::vector<std::function<void()>> checks;  // of what was read

  Parser(const std::string& name, const std::string& summary) : app(summary), command(name) {
    app.name("vitlab " + name);
    app.set_help_flag("-h,--help", "print this help");
  }

  CLI::Option* add(CLI::Option* option, const std::string& name) {
    if (name.rfind("--", 0) == 0) options.push_back(name);
    return option;
  }

  template <typename T>
  void number(const std::string& name, const std::string& help, T& value, Bounds bounds) {
    const CLI::Option* option = add(app.add_option(name, value, help), name)->capture_default_str();
    // A default may lie outside: 0 for "as the protocol has it".
    checks.emplace_back([name, option, &value, bounds] {
      const auto number = static_cast<double>(value);
      if (option->count() > 0 && !(number >= bounds.least && number <= bounds.most))
        throw core::UserError(name + " " + bounds_text(bounds));
    });
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

void Arguments::option(const std::string& name, const std::string& help, std::int64_t& value,
                       Bounds bounds) {
  parser_->number(name, help, value, bounds);
}

void Arguments::option(const std::string& name, const std::string& help, double& value,
                       Bounds bounds) {
  parser_->number(name, help, value, bounds);
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
  for (const auto& check : parser_->checks) check();
}

}  // namespace vitlab::cli
