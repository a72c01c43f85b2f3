#pragma once

#include <filesystem>

#include "exports/export_format.h"

namespace vitlab::exports {

/// The file inside a TorchScript archive that says what wrote it.
inline constexpr const char* kExtraFile = "vitlab.json";

/// torchscript/model.pt: a ScriptModule whose parameters have vitlab's names, whose forward takes
/// images (N, C, H, W) of any N and gives logits (the mean of several heads), always as in
/// evaluation mode; the spec travels in kExtraFile.
void check_torchscript(const ExportModel& model, const FormatOptions& options);
void write_torchscript(const ExportModel& model, const FormatOptions& options,
                       const std::filesystem::path& folder);
Forward open_torchscript(const ExportModel& model, const std::filesystem::path& folder);

}  // namespace vitlab::exports
