#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "interop/stored_tensor.h"
#include "interop/torch_checkpoint.h"

namespace vitlab::interop {

/// A file of tensors held in memory: safetensors, or a PyTorch checkpoint (torch.save), told apart
/// by their first bytes. Throws UserError with path and reason if it is neither.
class StoredTensorFile {
 public:
  explicit StoredTensorFile(const std::filesystem::path& path, EmaChoice ema = EmaChoice::kAuto);
  StoredTensorFile(const StoredTensorFile&) = delete;
  StoredTensorFile& operator=(const StoredTensorFile&) = delete;

  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  const Metadata& metadata() const { return metadata_; }
  /// The path and, of a checkpoint, what was read of it: "m0.pth (its 'model')".
  const std::string& title() const { return title_; }

 private:
  std::string content_;
  std::deque<std::string> copies_;
  std::vector<StoredTensor> tensors_;
  Metadata metadata_;
  std::string title_;
};

}  // namespace vitlab::interop
