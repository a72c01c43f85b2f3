#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "exports/export_format.h"
#include "exports/export_model.h"
#include "messages/export_answer.h"
#include "messages/train_answer.h"

namespace vitlab::exports {

/// What is written beside the model's forms, and which forms.
struct ExportPlan {
  std::vector<std::string> formats;  // names of interop/export_formats.h
  GraphForm form;                    // of every format that holds a graph; none: the format's own
  int opset = 18;                    // of ONNX
  std::optional<messages::TrainReport> training;  // that the weights come from
  std::string command;  // the words that asked for this export; empty: left out
};

/// Told before each step: its number, how many there are, what it is.
using OnExportStep =
    std::function<void(graph::Index done, graph::Index total, const std::string& what)>;

/// The formats that are written: the named ones and, beside a form for another program, vitlab's
/// own two, so that the folder is a model for vitlab. Throws UserError for an unknown name, a
/// format that cannot express the model, or a dtype that a format does not take.
std::vector<std::string> checked_formats(const ExportModel& model, const ExportPlan& plan);

/// Writes every format into a folder that appears whole or not at all, reads each back and holds
/// what it computes against vitlab's own forward (verify.json); adds README.md and SHA256SUMS.
/// Gives verify.json's content and the files. Throws UserError before anything is written, Failure
/// if a form computes something else; a signal to stop leaves nothing.
messages::ExportAnswer write_export(const ExportModel& model, const ExportPlan& plan,
                                    const std::filesystem::path& out,
                                    const OnExportStep& on_step = {});

}  // namespace vitlab::exports
