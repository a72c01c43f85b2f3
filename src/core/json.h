#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace vitlab::core {

/// Objects keep the order in which they are written: stable, readable output.
using Json = nlohmann::ordered_json;

/// Canonical text for hashing: keys sorted, no spaces, UTF-8, integers as integers, doubles in
/// shortest round-trip form (a whole double below 2^53 is written as an integer), -0 as 0. NaN and
/// infinities break a promise (std::logic_error).
std::string canonical_json(const Json& value);

/// Parses JSON text of an untrusted source: depth at most `depth`, no duplicate keys, no trailing
/// text. Throws UserError "source: problem at byte k".
Json parse_json(std::string_view text, const std::string& source, int depth = 64);

/// A finite number as a JSON number; NaN and infinities as the strings "nan", "inf", "-inf".
Json json_number(double value);
/// The inverse of json_number; throws UserError naming `what`.
double number_from_json(const Json& value, std::string_view what);

/// Dump with invalid UTF-8 replaced; `indent` < 0 gives one line.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace vitlab::core
