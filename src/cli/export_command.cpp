#include <algorithm>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/names.h"
#include "core/text.h"
#include "interop/export_formats.h"

namespace vitlab::cli {

namespace {

/// The names in "timm,onnx"; throws UserError with the nearest name for one that is no format.
std::vector<std::string> export_format_list(const std::string& words) {
  std::vector<std::string> known;
  for (const interop::ExportFormatName& format : interop::export_format_names())
    known.emplace_back(format.name);
  std::vector<std::string> list;
  for (const std::string& format : core::split_list(words)) {
    if (std::find(known.begin(), known.end(), format) == known.end()) {
      std::string all;
      for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
      throw core::UserError(core::quoted_clip(format) + " is not an export format" +
                            core::did_you_mean(format, known) + " (" + all + ")");
    }
    list.push_back(format);
  }
  return list;
}

std::string export_format_section() {
  std::string text = "Formats:";
  for (const interop::ExportFormatName& format : interop::export_format_names()) {
    std::string name(format.name);
    name.resize(std::max<std::size_t>(name.size(), 12), ' ');
    text += "\n  " + name + " " + std::string(format.summary);
  }
  return text;
}

/// The words of a command as a shell reads them.
std::string shell_line(const std::string& command, const std::vector<std::string>& words) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  std::string line = "vitlab " + command;
  for (const std::string& word : words) {
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += " " + word;
      continue;
    }
    line += " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

/// Says which formats hold the plain form though the deploy form was asked for.
void tell_form(const messages::ExportRequest& request, const messages::ExportAnswer& answer) {
  std::vector<std::string> plain;
  if (request.form == messages::ExportForm::kDeploy)
    for (const messages::FormatCheck& row : answer.formats)
      if (!row.graph) plain.push_back(row.format);
  if (!plain.empty())
    log_line("note: " + core::joined(plain) +
             " hold the plain form: --form is for formats that hold ops");
}

std::string export_text(const messages::ExportAnswer& answer) {
  core::TextTable table({"form", "largest difference", "over the largest logit", "ran by"});
  const auto add = [&](const std::string& form, const messages::FormCheck& row) {
    table.add({form, core::significant(row.max_abs_difference, 3),
               core::significant(row.max_rel_difference, 3), row.ran_by});
  };
  for (const messages::FormatCheck& row : answer.formats) add(row.format, row);
  add("(deploy form)", answer.deploy);
  std::string text = "wrote " + answer.out + "\n" + table.str(output_width());
  if (!answer.census) return text;
  core::TextTable ops({"op", "nodes", "bytes"});
  for (const messages::OnnxOpCount& row : *answer.census)
    ops.add({row.type, core::with_thousands(row.nodes), core::with_thousands(row.bytes)});
  return text + "\nONNX, one image\n" + ops.str(output_width());
}

}  // namespace

core::ExitCode run_export(const std::vector<std::string>& words) {
  ModelWords model;
  std::string formats = "yaml,safetensors", form, out;
  std::int64_t opset = 18;
  bool census = false;
  Arguments arguments(
      "export", "Write a model and its weights for other programs, checked against vitlab.",
      {"vitlab export results/m0_digits --format timm,torchscript --out exported",
       "vitlab export efficientvit_m0 --weights m0.safetensors --layout official --format timm "
       "--out for_timm"});
  model.declare(arguments, {.device = false, .threads = false, .deploy = false});
  arguments.option("--format", "names from the list below, by commas (default: yaml,safetensors)",
                   formats);
  arguments.option(
      "--form", "plain (batch norms kept) or deploy (folded); default: plain, onnx deploy", form);
  arguments.option("--opset", "of ONNX, 17 to 20", opset);
  arguments.flag("--census", "count the nodes and bytes of the ONNX file, op by op", census);
  arguments.option("--out", "the folder to write", out, true);
  arguments.section(export_format_section());
  arguments.parse(words);
  check_output_folder(out, false);
  messages::ExportRequest request{model.runnable(), export_format_list(formats)};
  request.form = core::find_choice<messages::ExportForm>(form);
  if (!form.empty() && !request.form)
    throw core::UserError("--form " + form + ": plain or deploy" +
                          core::did_you_mean(form, core::words_of<messages::ExportForm>()));
  if (opset < 17 || opset > 20)
    throw core::UserError("--opset " + std::to_string(opset) + ": 17, 18, 19 or 20");
  request.opset = opset;
  const std::vector<std::string>& list = request.formats;
  if (census && std::find(list.begin(), list.end(), "onnx") == list.end())
    throw core::UserError("--census counts the ops of an ONNX file; add onnx to --format");
  request.census = census;
  request.out = out;
  request.words = shell_line("export", words);
  const messages::ExportAnswer answer = ask_engine(request, "export");
  if (model.json)
    print_json(document_of("export", answer));
  else
    print_text(export_text(answer));
  tell_form(request, answer);
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
