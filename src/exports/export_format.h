#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "exports/export_model.h"
#include "messages/export_answer.h"

namespace vitlab::exports {

/// What a written file answers to images (N, C, H, W): logits (N, classes), the mean of the heads.
using Forward = std::function<at::Tensor(const at::Tensor& images)>;

/// Which graph a format holds, none if it holds weights and settings, no ops.
using GraphForm = std::optional<messages::ExportForm>;

struct FormatOptions {
  GraphForm form;
  int opset = 18;  // of ONNX
};

/// One row a format; its name and summary stand in interop/export_formats.h.
struct ExportFormat {
  std::string_view name;
  /// Throws UserError with layer and reason if the format cannot express the model; writes nothing.
  void (*check)(const ExportModel& model, const FormatOptions& options);
  /// Writes into `folder`, the root of the export, under the names of its format.
  void (*write)(const ExportModel& model, const FormatOptions& options,
                const std::filesystem::path& folder);
  /// Reads back what `write` wrote, as its users would.
  Forward (*open)(const ExportModel& model, const std::filesystem::path& folder);
  std::string_view runner;  // what runs the file in `open`, in words
  double limit = 0;         // of the relative difference against vitlab's own forward
  GraphForm form;           // that it holds where the user does not say
};

std::span<const ExportFormat> export_formats();
/// The row of that name; throws UserError with the nearest name.
const ExportFormat& export_format(std::string_view name);

/// Throws the UserError of a model that a format cannot express: `path` names layer or node.
[[noreturn]] void refuse_format(std::string_view format, const ExportModel& model,
                                const std::string& path, const std::string& reason);

}  // namespace vitlab::exports
