#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "interop/stored_tensor.h"

namespace vitlab::interop {

/// The state dict of a checkpoint. Tensors stand in the file's order and point into its content or,
/// where they were not dense, into `copies`.
struct TorchCheckpointView {
  std::vector<StoredTensor> tensors;
  /// The entry that held the state dict ("model"), or "" if the file is nothing else.
  std::string part;
  /// Whether every name began with "module." (DataParallel), which is left out.
  bool had_module_prefix = false;
  std::deque<std::string> copies;
};

/// Tensors that share storages may take at most this many times the bytes of the file.
constexpr std::uint64_t kMaxCheckpointGrowth = 8;

/// Whether bytes start as a file of torch.save does, zipped or in the form before PyTorch 1.6.
bool is_torch_checkpoint(std::string_view content);

/// A reader of our own beside LibTorch's: that one runs what a pickle asks for and names no place,
/// and the half of vitlab without LibTorch reads checkpoints too.
/// Reads the zip form that torch.save writes since PyTorch 1.6, strictly and without running
/// anything: a state dict, or a dict that holds one as `model`, `state_dict`, `model_ema` or
/// `state_dict_ema` (the first of these), beside plain values and other tensors, which are left
/// out. Throws UserError naming `source`, the reason, and how to convert the file.
TorchCheckpointView parse_torch_checkpoint(std::string_view content, const std::string& source);

}  // namespace vitlab::interop
