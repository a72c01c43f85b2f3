#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "run_program.h"

namespace vitlab::cli {

constexpr const char* kVitlab = VITLAB_BUILD_DIR "/vitlab";

/// Runs `vitlab` with these words in a folder (default: the root of the sources).
inline Ran vitlab(std::vector<std::string> words,
                  const std::filesystem::path& folder = VITLAB_SOURCE_DIR) {
  words.insert(words.begin(), kVitlab);
  return run_program(words, folder);
}

/// The JSON document that a command prints; `words` without --json.
inline core::Json document_of(std::vector<std::string> words,
                              const std::filesystem::path& folder = VITLAB_SOURCE_DIR) {
  words.emplace_back("--json");
  const Ran ran = vitlab(words, folder);
  return core::parse_json(ran.out, "stdout of vitlab " + words[0]);
}

}  // namespace vitlab::cli
