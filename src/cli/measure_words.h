#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "messages/requests.h"

namespace vitlab::cli {

/// The words of `vitlab measure`, and the request that they make.
struct MeasureWords {
  std::vector<std::string> references;
  std::vector<std::string> overrides;
  std::string protocol = "configs/measure/quick.yaml";
  std::string device, dtypes, threads, batches, runtimes;
  std::int64_t image_size = 0;
  double until = 0;
  bool deploy = false;
  bool eager = false;
  bool json = false;

  void declare(Arguments& arguments);

  /// Every model under every protocol. Throws UserError for what cannot be.
  messages::MeasureRequest request() const;
};

/// "1,2,8" as it is; "1..100" doubles from the first to the last: 1, 2, 4 … 64, 100. Throws
/// UserError naming `option`.
std::vector<graph::Index> whole_numbers(const std::string& text, const std::string& option);

}  // namespace vitlab::cli
