#pragma once

#include <span>
#include <string_view>

namespace vitlab::interop {

/// A form in which other programs read a model: what `vitlab export --format` takes.
struct ExportFormatName {
  std::string_view name;
  std::string_view summary;
};

/// Every format, in the order of the help; how each is written stands in export/.
std::span<const ExportFormatName> export_format_names();

}  // namespace vitlab::interop
