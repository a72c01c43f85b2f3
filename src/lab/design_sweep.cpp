#include "lab/design_sweep.h"

#include <filesystem>
#include <numeric>

#include "architecture/solve.h"
#include "architecture/templates.h"
#include "core/error.h"
#include "lab/sweep_folder.h"

namespace vitlab::lab {

namespace {

/// A table from a folder that `sweep` wrote or from a CSV file of the same form.
store::ResultsTable table_of(const std::string& source) {
  if (std::filesystem::is_directory(source)) return write_views(open_sweep_folder(source)).table;
  if (!std::filesystem::exists(source))
    throw core::UserError(source +
                          " is neither a folder that vitlab sweep wrote nor a results.csv");
  return store::read_results_csv(source);
}

/// The largest power of two, at most 16, that divides every width the sweep tried.
graph::Index usual_quantum(const sweep::Plan& plan) {
  graph::Index divisor = 16;
  for (const auto& [id, model] : plan.models) {
    if (architecture::template_name(model.knobs).empty()) continue;
    const std::string knob = architecture::width_knob(model.knobs);
    if (!model.knobs.contains(knob)) continue;
    const core::Json& widths = model.knobs.at(knob);
    if (widths.is_number_integer()) divisor = std::gcd(divisor, widths.get<graph::Index>());
    if (widths.is_array())
      for (const core::Json& width : widths) divisor = std::gcd(divisor, width.get<graph::Index>());
  }
  return std::max<graph::Index>(1, divisor);
}

}  // namespace

guide::GuideResult guide_source(const std::string& source) {
  return guide::guide(table_of(source));
}

design::Family design_sweep(const DesignSweepRequest& request) {
  const SweepFolder folder = open_sweep_folder(request.folder);
  design::DesignRequest wanted;
  wanted.budgets = request.budgets;
  const sweep::Plan& plan = folder.plan;
  if (plan.trials.empty()) throw core::UserError(request.folder + " holds a plan without trials");
  wanted.base =
      plan.models.at(plan.reference.empty() ? plan.trials.front().model : plan.reference).knobs;
  wanted.multiple_of = request.multiple_of > 0 ? request.multiple_of : usual_quantum(plan);
  const store::ResultsTable table = write_views(folder).table;
  design::Family family = design::design_family(table, guide::guide(table).guidelines, wanted);
  design::write_family(family, request.out);
  return family;
}

}  // namespace vitlab::lab
