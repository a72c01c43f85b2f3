#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vitlab::core {

/// The nearest of `known` by edit distance (transpositions count one, case nothing), or "" if none
/// is near: more than a third of the length, at least 2, apart.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& known);

/// "; did you mean 'x'?" or "": what other tools' word stands for, else the nearest, else a known
/// name that `wanted` begins with.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known);

/// "a, b, c".
std::string joined(const std::vector<std::string>& names, std::string_view between = ", ");

/// The parts between commas (or another separator), empty ones too: "a,,b" has three, "" one.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

/// Throws UserError unless `label` is fit to name things: 1..128 bytes, no control characters, no
/// '/', no leading '-' or '.'. `what` starts the message ("sweep name").
void check_label(std::string_view label, std::string_view what);

}  // namespace vitlab::core
