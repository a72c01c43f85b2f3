#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/choice.h"
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
  /// Of a file with raw and EMA weights the entry that was not taken.
  std::string other_part;
  bool took_ema = false;
  std::deque<std::string> copies;
};

/// Tensors that share storages may take at most this many times the bytes of the file.
constexpr std::uint64_t kMaxCheckpointGrowth = 8;

/// Which weights to take of a file that holds the raw ones and their moving average (EMA).
enum class EmaChoice : std::uint8_t { kAuto, kEma, kRaw };
struct EmaChoiceRow {
  EmaChoice value;
  std::string_view word;
};
inline constexpr std::array kEmaChoices{EmaChoiceRow{EmaChoice::kAuto, "auto"},
                                        EmaChoiceRow{EmaChoice::kEma, "ema"},
                                        EmaChoiceRow{EmaChoice::kRaw, "raw"}};
static_assert(core::is_whole(kEmaChoices));
constexpr const auto& choice_rows(EmaChoice) { return kEmaChoices; }

/// Whether bytes start as a file of torch.save does, zipped or in the form before PyTorch 1.6.
bool is_torch_checkpoint(std::string_view content);

/// A reader of our own beside LibTorch's: that one runs what a pickle asks for and names no place,
/// and the half of vitlab without LibTorch reads checkpoints too.
/// Reads the zip form that torch.save writes since PyTorch 1.6, strictly and without running
/// anything: a state dict, or a dict that holds one as `state_dict`, `model`, `net`, … or, first
/// unless told otherwise, as timm does, their EMA (`state_dict_ema`, `model_ema`), beside plain
/// values and other tensors, which are left out. Throws UserError naming `source`, the reason, and
/// how to convert the file.
TorchCheckpointView parse_torch_checkpoint(std::string_view content, const std::string& source,
                                           EmaChoice ema = EmaChoice::kAuto);

}  // namespace vitlab::interop
