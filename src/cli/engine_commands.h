#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "core/json.h"
#include "spec/presets.h"

namespace vitlab {

/// The words that every command with tensors takes, and the request that they make.
struct ModelWords {
  std::string reference;
  std::vector<std::string> overrides;
  std::string weights;
  std::string layout = "vitlab";
  std::string device = "cpu";
  std::string dtype = "float32";
  std::int64_t threads = 1;
  std::int64_t seed = 0;
  bool deploy = false;
  bool json = false;

  /// Declares the words; `with_weights` adds --weights, --layout and --seed.
  void declare(Arguments& arguments, bool with_weights);

  /// {"command", "model": {"name", "spec"}, "weights", …}: a folder's own weights are used where
  /// --weights names none. Throws UserError for what cannot be.
  Json request(const std::string& command) const;
};

/// Runs a request with a progress line on stderr.
Json ask_engine(const Json& request, const std::string& label);

}  // namespace vitlab
