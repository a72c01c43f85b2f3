#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"

namespace vitlab::messages {

/// Whether an exported graph keeps its batch norms or has them folded.
enum class ExportForm : std::uint8_t { kPlain, kDeploy };
struct ExportFormRow {
  ExportForm value;
  std::string_view word;
};
constexpr std::array kExportForms{ExportFormRow{ExportForm::kPlain, "plain"},
                                  ExportFormRow{ExportForm::kDeploy, "deploy"}};
static_assert(core::is_whole(kExportForms));
constexpr const auto& choice_rows(ExportForm) { return kExportForms; }

/// How far a form was from vitlab's plain forward: what ran it, on what, and the limit.
struct FormCheck {
  std::string ran_by;
  std::vector<std::uint64_t> seeds;   // of the images
  std::vector<std::int64_t> batches;  // their numbers
  double max_abs_difference = 0;
  double max_rel_difference = 0;  // over the largest logit
  double max_rel_allowed = 0;

  bool operator==(const FormCheck&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("ran_by", &FormCheck::ran_by),
                      core::required("seeds", &FormCheck::seeds),
                      core::required("batches", &FormCheck::batches),
                      core::required("max_abs_difference", &FormCheck::max_abs_difference),
                      core::required("max_rel_difference", &FormCheck::max_rel_difference),
                      core::required("max_rel_allowed", &FormCheck::max_rel_allowed)};
  }
};

/// The check of a written format.
struct FormatCheck : FormCheck {
  std::string format;               // a name of interop/export_formats.h
  std::optional<ExportForm> graph;  // none: the format holds no ops

  bool operator==(const FormatCheck&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("format", &FormatCheck::format),
                                     core::optional("graph", &FormatCheck::graph)},
                          FormCheck::fields());
  }
};

/// What was exported and how each form was checked: what verify.json holds.
struct ExportReport {
  std::int64_t schema = 1;
  std::string command = "export";
  std::string model, id;
  std::string weights;    // where they came from, in words
  std::string reference;  // what the forms were held against
  std::vector<FormatCheck> formats;
  FormCheck deploy;  // of the folded graph

  bool operator==(const ExportReport&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("schema", &ExportReport::schema),
                      core::required("command", &ExportReport::command),
                      core::required("model", &ExportReport::model),
                      core::required("id", &ExportReport::id),
                      core::required("weights", &ExportReport::weights),
                      core::required("reference", &ExportReport::reference),
                      core::required("formats", &ExportReport::formats),
                      core::required("deploy", &ExportReport::deploy)};
  }
};

/// All nodes of one ONNX op.
struct OnnxOpCount {
  std::string type;
  std::int64_t nodes = 0;
  /// For one image: inputs and weights read once, outputs written once; 0 for ops that only look at
  /// the same memory in another shape (Reshape, Flatten, Identity, Shape).
  std::int64_t bytes = 0;

  bool operator==(const OnnxOpCount&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("op", &OnnxOpCount::type),
                      core::required("nodes", &OnnxOpCount::nodes),
                      core::required("bytes", &OnnxOpCount::bytes)};
  }
};

/// An export's report and its files.
struct ExportAnswer : ExportReport {
  std::vector<std::string> files;  // of the folder
  std::string out;
  std::vector<std::string> resized;                // tensors made for another image size
  std::optional<std::vector<OnnxOpCount>> census;  // of the ONNX file, if asked for

  bool operator==(const ExportAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(ExportReport::fields(),
                          std::tuple{core::required("files", &ExportAnswer::files),
                                     core::required("out", &ExportAnswer::out),
                                     core::optional("resized", &ExportAnswer::resized),
                                     core::optional("census", &ExportAnswer::census)});
  }
};

}  // namespace vitlab::messages
