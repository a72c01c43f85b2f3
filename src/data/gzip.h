#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vitlab::data {

/// Whether bytes start as a gzip file does.
bool is_gzip(std::string_view bytes);

/// The content of a gzip file (RFC 1952), of several members too. Throws UserError starting with
/// `source` if it is damaged, cut short, or unpacks to more than `limit_bytes`.
std::string gunzip(std::string_view bytes, std::size_t limit_bytes, const std::string& source);

}  // namespace vitlab::data
