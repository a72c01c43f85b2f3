#pragma once

#include <string>

#include "core/json.h"
#include "guide/guideline.h"

namespace vitlab::guide {

/// {"schema": 1, "command": "guide", guidelines, not_supported, tested, alpha, notes}. `range` is
/// [low, high] for numbers, else the names; levels that are numbers are JSON numbers.
core::Json guide_json(const GuideResult& result);

/// Plain text for a terminal, and the same as Markdown for reports.
std::string guide_text(const GuideResult& result);
std::string guide_markdown(const GuideResult& result);

}  // namespace vitlab::guide
