#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/executor.h"

namespace vitlab::profile {

/// One primitive that oneDNN ran inside an op of LibTorch.
struct OnednnCall {
  std::string primitive;  // "convolution", "reorder", …
  double seconds = 0;
  graph::Index bytes_read = 0, bytes_written = 0;  // of a reorder: what it moved
};

/// Reads a line that oneDNN prints about itself ("onednn_verbose,v1,primitive,exec,cpu,reorder,…");
/// nothing for other lines.
std::optional<OnednnCall> read_onednn_line(std::string_view line);

/// What oneDNN ran inside each node, with the node's own time beside it.
struct OnednnNode {
  double seconds = 0;
  std::vector<OnednnCall> calls;
};

/// Observes forwards on the CPU with oneDNN talking: from the start of its life to its end whatever
/// the process prints on stdout is read here. Its layouts change inside primitives that LibTorch's
/// profiler does not see.
class OnednnListener : public model::RunObserver {
 public:
  explicit OnednnListener(std::size_t nodes);
  ~OnednnListener() override;
  OnednnListener(const OnednnListener&) = delete;
  OnednnListener& operator=(const OnednnListener&) = delete;

  void begin(graph::NodeId node) override;
  void end() override;
  /// By node, of the forward that has just ended.
  std::vector<OnednnNode> take_forward();

 private:
  std::string printed();

  std::vector<OnednnNode> nodes_;
  graph::NodeId node_;
  std::int64_t start_ns_ = 0;
  int kept_stdout_ = -1, file_ = -1;
};

}  // namespace vitlab::profile
