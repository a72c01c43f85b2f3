#include "exports/write_export.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "exports/export_format.h"
#include "exports/model_card.h"
#include "exports/verify.h"

namespace vitlab::exports {

namespace fs = std::filesystem;

namespace {

/// Over the largest logit. Folding reorders sums of float32: up to 1e-4 for harsh weights, and a
/// wrong graph is off by far more than this.
constexpr double kDeployLimit = 1e-3;

bool is_own(const std::string& format) { return format == "yaml" || format == "safetensors"; }

/// Announces steps and stops between them if a signal asked for it.
class Steps {
 public:
  Steps(const OnExportStep& on_step, std::size_t total)
      : on_step_(on_step), total_(static_cast<graph::Index>(total)) {}

  void next(const std::string& what) {
    core::check_interrupt();
    if (on_step_) on_step_(done_, total_, what);
    ++done_;
  }
  void finish() const {
    if (on_step_) on_step_(total_, total_, "done");
  }

 private:
  const OnExportStep& on_step_;
  graph::Index total_;
  graph::Index done_ = 0;
};

FormatOptions options_of(const ExportFormat& format, const ExportPlan& plan) {
  return {format.form && plan.form ? plan.form : format.form, plan.opset};
}

double limit_of(const ExportFormat& format, const FormatOptions& options) {
  return options.form == messages::ExportForm::kDeploy ? std::max(format.limit, kDeployLimit)
                                                       : format.limit;
}

/// What the report starts with.
messages::ExportReport report_head(const ExportModel& model) {
  messages::ExportReport report;
  report.model = model.name;
  report.id = architecture::model_id(model.spec);
  report.weights = model.origin;
  report.reference = "vitlab's plain forward on the CPU, normal random images";
  return report;
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  std::sort(files.begin(), files.end());
  return files;
}

/// In the form that `sha256sum --check` reads.
void write_sums(const fs::path& folder, const std::vector<std::string>& files) {
  std::string sums;
  for (const std::string& file : files)
    sums += core::sha256_file(folder / file) + "  " + file + "\n";
  core::write_file_atomically(folder / "SHA256SUMS", sums);
}

}  // namespace

std::vector<std::string> checked_formats(const ExportModel& model, const ExportPlan& plan) {
  std::vector<std::string> names = plan.formats;
  const auto add = [&](const char* name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  if (!std::all_of(names.begin(), names.end(), is_own)) {
    add("yaml");
    add("safetensors");
  }
  std::vector<std::string> ordered;
  for (const ExportFormat& format : export_formats())
    if (std::find(names.begin(), names.end(), format.name) != names.end())
      ordered.emplace_back(format.name);
  for (const std::string& name : names) {
    const ExportFormat& format = export_format(name);
    if (!is_own(name) && model.dtype() != at::kFloat)
      throw core::UserError("--format " + name + " holds float32 weights; leave out --dtype " +
                            std::string(core::word_of(model::dtype_of(model.dtype()))));
    format.check(model, options_of(format, plan));
  }
  return ordered;
}

messages::ExportAnswer write_export(const ExportModel& model, const ExportPlan& plan,
                                    const fs::path& out, const OnExportStep& on_step) {
  const std::vector<std::string> names = checked_formats(model, plan);
  Steps steps(on_step, 2 * names.size() + 3);
  steps.next("reference");
  const Verification verification(model);
  core::StagedFolder folder(out);
  messages::ExportReport report = report_head(model);
  for (const std::string& name : names) {
    const ExportFormat& format = export_format(name);
    const FormatOptions options = options_of(format, plan);
    steps.next("write " + name);
    format.write(model, options, folder.path());
    steps.next("check " + name);
    report.formats.push_back(
        {verified(verification, "format " + name, format.runner, format.open(model, folder.path()),
                  limit_of(format, options)),
         name, options.form});
  }
  steps.next("check the deploy form");
  report.deploy = verified(verification, "the deploy form", "vitlab: the folded graph",
                           deployed_forward(model), kDeployLimit);
  steps.next("card and sums");
  core::write_file_atomically(folder.path() / "verify.json",
                              core::dump_json(core::to_json(report), 2) + "\n");
  core::write_file_atomically(folder.path() / "README.md", model_card(model, plan, report));
  std::vector<std::string> files = files_below(folder.path());
  write_sums(folder.path(), files);
  core::check_interrupt();
  folder.commit();
  steps.finish();
  files.emplace_back("SHA256SUMS");
  return {std::move(report), std::move(files), out.string(), {}, {}};
}

}  // namespace vitlab::exports
