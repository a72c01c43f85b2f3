#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/results_csv.h"

namespace vitlab::facts {

/// What speed depends on besides the model.
struct Setting {
  std::string device;
  std::string runtime;
  std::string dtype;
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> batch;

  friend auto operator<=>(const Setting&, const Setting&) = default;
};

/// The setting of a timed row.
Setting setting_of(const store::ResultRow& row);

/// "cpu, 1 thread, batch 16, float32"; what is not recorded is left out.
std::string setting_text(const Setting& setting);

}  // namespace vitlab::facts
