#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "facts/report_model.h"

namespace vitlab::report {

/// A share in percent without the sign: 0.9734 -> "97.3".
std::string percent(double share, int decimals = 1);
/// 1.4421 -> "1.44".
std::string two_decimals(double value);
/// "95.2–98.6", written by `number`; empty where an end is missing.
template <typename Number>
std::string range_text(const std::optional<double>& low, const std::optional<double>& high,
                       const Number& number) {
  return low && high ? number(*low) + "–" + number(*high) : std::string();
}
/// "97.4 ± 0.3" in percent; without the deviation for one seed.
std::string accuracy_text(const facts::Accuracy& accuracy);
/// "1 seed", "3 seeds"; `noun` in the singular.
std::string counted(std::int64_t count, std::string_view noun);
/// "a, b and c".
std::string listed(const std::vector<std::string>& words);

/// Text that Markdown shows as it is: no markup, no HTML, one line.
std::string escape_markdown(std::string_view text);
/// Text that LaTeX sets as it is.
std::string escape_latex(std::string_view text);

/// A relative path as a link takes it. One with a scheme or a host ("javascript:…", "//…") becomes
/// "#", so that no file name leads out of the report.
std::string link_path(std::string_view path);

/// One fact of a protocol or machine: "threads", "1".
struct NamedFact {
  std::string name;
  std::string value;
};
/// Flattens nested objects ("cpu.cores"); lists become "a, b". An array of one element is read as
/// that element.
std::vector<NamedFact> facts_of(const core::Json& json);

}  // namespace vitlab::report
