#pragma once

#include <filesystem>
#include <string>

#include "design/family.h"

namespace vitlab::design {

/// {"schema": 1, "command": "design", template, base, multiple_of, budgets, variants, unsolved,
/// notes}; `file` of a variant is its name with ".yaml".
core::Json family_json(const Family& family);

/// A table of the variants, what binds them, what has no solution, and the notes.
std::string family_text(const Family& family);

/// Writes M0.yaml, M1.yaml, … (explicit models that read back to the same id) and design.json, all
/// or nothing. An existing folder is replaced only if `replace`, else UserError.
void write_family(const Family& family, const std::filesystem::path& folder, bool replace = false);

}  // namespace vitlab::design
