#pragma once

#include <string>
#include <vector>

#include "core/config_reader.h"
#include "core/json.h"
#include "graph/shape.h"

namespace vitlab::sweep {

/// How speed is measured; the initialisers are the documented defaults.
struct Protocol {
  std::string device = "cpu";  // cpu | cuda | cuda:N
  graph::Index threads = 1;
  graph::Index batch = 16;
  std::string dtype = "float32";  // float32 | bfloat16
  bool deploy = true;             // batch norm folded, biases gathered
  double warmup_seconds = 1;
  double timed_seconds = 3;          // of each model, over all rounds
  graph::Index rounds = 3;           // models take turns so often, so that drift hits all alike
  graph::Index min_samples = 5;      // forwards timed per round at least
  std::string runtime = "libtorch";  // one of runtime_names()
  /// Numbers below the normal range count as 0 (libtorch on a CPU). Else what a softmax makes of
  /// masked scores slows a model down by as much as its weights happen to say.
  bool flush_subnormals = false;

  friend bool operator==(const Protocol&, const Protocol&) = default;
};

/// libtorch (vitlab's own executor), onnxruntime, torchscript, pt2 (a compiled package).
const std::vector<std::string>& runtime_names();
/// What results.csv calls the program and form that computed: "vitlab" for LibTorch, else the
/// runtime; "-eager" behind it where the model was not in its deploy form.
std::string runtime_label(const Protocol& protocol);

/// One protocol; lists of settings that make several are a problem at their place.
Protocol read_protocol(core::ConfigReader& reader);
/// Every combination where batch, threads, deploy, dtype or runtime are lists, or batch is
/// {powers_of_two_up_to: N}: the last of these settings changes fastest, equal ones come once.
std::vector<Protocol> read_protocols(core::ConfigReader& reader);
/// Settings that equal their defaults are left out, which is what is hashed, unless asked for.
core::Json protocol_json(const Protocol& protocol, bool with_defaults = false);

}  // namespace vitlab::sweep
