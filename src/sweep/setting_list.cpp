#include "sweep/setting_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/names.h"
#include "core/text.h"

namespace vitlab::sweep {

void check_between(core::ConfigReader& reader, std::string_view key, double value, double low,
                   double high) {
  if (value >= low && value <= high) return;
  reader.fail(key, fmt::format("must lie in {}..{}, got {}", core::shortest(low),
                               core::shortest(high), core::shortest(value)));
}

void check_choice(core::ConfigReader& reader, std::string_view key, const std::string& value,
                  const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  reader.fail(key, fmt::format("must be one of {}, got {}{}", fmt::join(choices, ", "),
                               core::quoted_clip(value), core::did_you_mean(value, choices)));
}

}  // namespace vitlab::sweep
