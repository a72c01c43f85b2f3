#pragma once

#include <string>

#include "core/config_reader.h"
#include "core/json.h"
#include "graph/shape.h"

namespace vitlab {

/// How speed is measured; the initialisers are the documented defaults.
struct Protocol {
  std::string device = "cpu";  // cpu | cuda | cuda:N
  Index threads = 1;
  Index batch = 16;
  std::string dtype = "float32";  // float32 | bfloat16
  bool deploy = true;             // batch norm folded, biases gathered
  double warmup_seconds = 1;
  double timed_seconds = 3;  // of each model, over all rounds
  Index rounds = 3;          // models take turns so often, so that drift hits all alike
  Index min_samples = 5;     // forwards timed per round at least

  friend bool operator==(const Protocol&, const Protocol&) = default;
};

Protocol read_protocol(ConfigReader& reader);
/// Settings that equal their defaults are left out, which is what is hashed, unless asked for.
Json protocol_json(const Protocol& protocol, bool with_defaults = false);

}  // namespace vitlab
