#include "interop/stored_tensor_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/error.h"
#include "interop/safetensors.h"
#include "interop/torch_checkpoint.h"

namespace vitlab::interop {

namespace {

std::string read_whole(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path))
    throw core::UserError(path.string() + " is a folder, not a file of tensors");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw core::UserError(path.string() + ": cannot open: " + std::strerror(errno));
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (size < 0) throw core::UserError(path.string() + " is not a regular file");
  std::string content(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  file.read(content.data(), size);
  if (!file) throw core::Failure(path.string() + ": cannot read: " + std::strerror(errno));
  return content;
}

std::string checkpoint_title(const std::string& path, const TorchCheckpointView& view) {
  std::string what;
  if (!view.part.empty()) what = "its '" + view.part + "'";
  if (view.had_module_prefix) what += (what.empty() ? "" : ", ") + std::string("without 'module.'");
  if (!view.other_part.empty())
    what += "; it holds '" + view.other_part + "' too, which " +
            (view.took_ema ? "--no-ema" : "--ema") + " takes";
  return what.empty() ? path : path + " (" + what + ")";
}

}  // namespace

StoredTensorFile::StoredTensorFile(const std::filesystem::path& path, EmaChoice ema)
    : content_(read_whole(path)), title_(path.string()) {
  if (is_torch_checkpoint(content_)) {
    TorchCheckpointView view = parse_torch_checkpoint(content_, path.string(), ema);
    title_ = checkpoint_title(path.string(), view);
    copies_ = std::move(view.copies);
    tensors_ = std::move(view.tensors);
  } else {
    SafetensorsView view = parse_safetensors(content_, path.string());
    tensors_ = std::move(view.tensors);
    metadata_ = std::move(view.metadata);
  }
}

}  // namespace vitlab::interop
