#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace vitlab::cli {

/// Thrown when the words ask for help; `text` is what goes to stdout.
struct HelpRequested {
  std::string text;
};

/// What a number may be; words that say another are refused with the name of the option. A default
/// that words do not say is not looked at.
struct Bounds {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

/// The words of one command: declares what it takes, then parses. Wrong words throw UserError with
/// the nearest option.
class Arguments {
 public:
  /// `examples` are one to three runnable lines, which the help starts with.
  Arguments(const std::string& command, const std::string& summary,
            const std::vector<std::string>& examples);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void positional(const std::string& name, const std::string& help, std::string& value);
  void optional_positional(const std::string& name, const std::string& help, std::string& value);
  void positionals(const std::string& name, const std::string& help,
                   std::vector<std::string>& values);
  void option(const std::string& name, const std::string& help, std::string& value,
              bool is_required = false);
  void option(const std::string& name, const std::string& help, std::int64_t& value,
              Bounds bounds = {});
  void option(const std::string& name, const std::string& help, double& value, Bounds bounds = {});
  /// May be given several times, each with one word.
  void repeated(const std::string& name, const std::string& help, std::vector<std::string>& values);
  void flag(const std::string& name, const std::string& help, bool& value);
  /// Text that stands behind the examples of the help, as it is.
  void section(const std::string& text);

  void parse(const std::vector<std::string>& words);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace vitlab::cli
