#include "report/model_table.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "charts/scale.h"
#include "core/text.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr std::size_t kMostKnobColumns = 4;

using CellOf = std::function<TableCell(const facts::ReportModel&)>;

const TableCell kMissing{"–", "", ""};

std::string one_percent(double share) { return percent(share); }

/// Adds columns one by one; one that is empty in all rows is dropped.
class TableBuilder {
 public:
  explicit TableBuilder(const std::vector<facts::ReportModel>& models) : models_(models) {
    table_.caption = "Bold: on the Pareto front";
    table_.rows.resize(models.size());
    for (const facts::ReportModel& model : models) table_.is_front.push_back(model.is_on_front);
  }

  bool add(TableColumn column, const CellOf& cell_of) {
    std::vector<TableCell> cells;
    for (const facts::ReportModel& model : models_) cells.push_back(cell_of(model));
    const bool is_empty = std::all_of(cells.begin(), cells.end(), [](const TableCell& cell) {
      return cell.text == kMissing.text;
    });
    if (is_empty) return false;
    table_.columns.push_back(std::move(column));
    for (std::size_t i = 0; i < cells.size(); ++i) table_.rows[i].push_back(std::move(cells[i]));
    return true;
  }
  void note(std::string sentence) { table_.notes.push_back(std::move(sentence)); }
  ModelTable take() { return std::move(table_); }

 private:
  const std::vector<facts::ReportModel>& models_;
  ModelTable table_;
};

TableCell amount(const std::optional<double>& value) {
  return value ? TableCell{core::si(*value), "", core::shortest(*value)} : kMissing;
}

void add_names(TableBuilder& table, const facts::ReportModels& models) {
  table.add({"#", "", true}, [](const facts::ReportModel& model) {
    return TableCell{std::to_string(model.number), "", ""};
  });
  const bool by_knobs = !models.knobs.empty() && models.knobs.size() <= kMostKnobColumns;
  if (!by_knobs) {
    table.add({"Model", "", false}, [](const facts::ReportModel& model) {
      return TableCell{model.name, model.is_reference ? "reference" : "", ""};
    });
    return;
  }
  for (std::size_t k = 0; k < models.knobs.size(); ++k)
    table.add({models.knobs[k], "", false}, [k](const facts::ReportModel& model) {
      if (k >= model.knobs.size() || model.knobs[k].empty()) return kMissing;
      return TableCell{model.knobs[k], k == 0 && model.is_reference ? "reference" : "", ""};
    });
}

/// What widths were solved for, where models of several targets stand in one table.
void add_target(TableBuilder& table, const facts::ReportModels& models) {
  std::set<std::pair<std::string, double>> targets;
  for (const facts::ReportModel& model : models.models)
    if (model.budget) targets.insert({model.budget_metric, *model.budget});
  if (targets.size() < 2) return;
  const bool one_metric = targets.begin()->first == targets.rbegin()->first;
  table.add({"Target", one_metric ? targets.begin()->first : "", true},
            [&](const facts::ReportModel& model) {
              if (!model.budget) return kMissing;
              return TableCell{*model.budget >= 1000 ? core::si(*model.budget)
                                                     : core::significant(*model.budget, 3),
                               one_metric ? "" : model.budget_metric,
                               core::shortest(*model.budget)};
            });
}

/// "1 seed a model", "30–34 samples a model".
std::string per_model(const std::string& range, const std::string& noun) {
  return range + " " + noun + (range == "1" ? "" : "s") + " a model";
}

/// Smallest and largest of a count over models, as "30" or "30–34".
template <typename Count>
std::string count_range(const std::vector<facts::ReportModel>& models, const Count& count) {
  std::optional<std::int64_t> least, most;
  for (const facts::ReportModel& model : models) {
    const std::optional<std::int64_t> n = count(model);
    if (!n) continue;
    least = std::min(least.value_or(*n), *n);
    most = std::max(most.value_or(*n), *n);
  }
  if (!least) return "";
  if (*least == *most) return core::with_thousands(*least);
  return core::with_thousands(*least) + "–" + core::with_thousands(*most);
}

TableCell accuracy_cell(const std::optional<facts::Accuracy>& accuracy) {
  if (!accuracy) return kMissing;
  return {accuracy_text(*accuracy), range_text(accuracy->low, accuracy->high, one_percent),
          core::shortest(accuracy->mean)};
}

void add_accuracy(TableBuilder& table, const facts::ReportModels& models) {
  const std::string images = count_range(models.models, [](const facts::ReportModel& model) {
    return model.accuracy && model.accuracy->images > 0
               ? std::optional<std::int64_t>(model.accuracy->images)
               : std::nullopt;
  });
  const std::string unit = images.empty() ? "%" : "% of " + images + " test images";
  if (!table.add({"Top-1 accuracy", unit, true},
                 [](const facts::ReportModel& model) { return accuracy_cell(model.accuracy); }))
    return;
  const std::string seeds = count_range(models.models, [](const facts::ReportModel& model) {
    return model.accuracy ? std::optional<std::int64_t>(model.accuracy->seeds) : std::nullopt;
  });
  table.note(fmt::format(
      "Accuracy: data {}, recipe {}, last epoch; mean ± standard deviation over seeds ({})"
      ". Below it, the 95 % binomial (Wilson) interval of the mean for one test set: "
      "differences inside it may be luck of the test images.",
      models.dataset.empty() ? "not recorded" : models.dataset,
      models.recipe.empty() ? "not recorded" : models.recipe, per_model(seeds, "seed")));
}

TableCell measured_cell(const std::optional<facts::Measured>& measured,
                        const std::function<std::string(double)>& number) {
  if (!measured) return kMissing;
  return {number(measured->value), range_text(measured->low, measured->high, number),
          core::shortest(measured->value)};
}

template <typename Member>
std::string samples_of(const facts::ReportModels& models, Member member) {
  return count_range(models.models, [member](const facts::ReportModel& model) {
    return model.*member ? std::optional<std::int64_t>((model.*member)->samples) : std::nullopt;
  });
}

void add_speed(TableBuilder& table, const facts::ReportModels& models) {
  const std::string setting = facts::setting_text(models.setting);
  if (table.add({"Throughput", "images/s", true}, [](const facts::ReportModel& model) {
        return measured_cell(model.throughput, charts::rate);
      }))
    table.note(
        fmt::format("Throughput: {}; median, below it the 5th to 95th percentile of the timed "
                    "batches ({}).",
                    setting.empty() ? "setting not recorded" : setting,
                    per_model(samples_of(models, &facts::ReportModel::throughput), "sample")));
  if (table.add({"Speed ratio", "to reference", true}, [](const facts::ReportModel& model) {
        return measured_cell(model.ratio, two_decimals);
      }))
    table.note(fmt::format(
        "Speed ratio: throughput over the reference's, measured in turns in the same rounds; below "
        "it, its recorded interval ({}).",
        per_model(samples_of(models, &facts::ReportModel::ratio), "round")));
  if (table.add({"Memory-bound", "% of time", true}, [](const facts::ReportModel& model) {
        return measured_cell(model.memory_bound, one_percent);
      }))
    table.note(
        "Memory-bound: time in reshape, normalization, copy and addition, as the paper counts it, "
        "with its recorded spread.");
  if (table.add({"Memory-bound", "% by roofline", true}, [](const facts::ReportModel& model) {
        return measured_cell(model.roofline_bound, one_percent);
      }))
    table.note("By roofline: time in ops whose bound on this machine is memory, not arithmetic.");
}

TableCell similarity_cell(const facts::ReportModel& model, bool less_chance) {
  if (model.similarity.empty()) return kMissing;
  double value = 0, chance = 0;
  bool has_chance = true;
  for (const facts::LayerValue& layer : model.similarity) {
    value += layer.value;
    chance += layer.chance.value_or(0);
    has_chance = has_chance && layer.chance;
  }
  const auto layers = static_cast<double>(model.similarity.size());
  value /= layers;
  chance /= layers;
  if (!has_chance) return {two_decimals(value), "", core::shortest(value)};
  if (less_chance)
    return {fmt::format("{:+.2f}", value - chance),
            two_decimals(value) + " − " + two_decimals(chance), core::shortest(value - chance)};
  return {two_decimals(value), "chance " + two_decimals(chance), core::shortest(value)};
}

TableCell pruned_speed_cell(const facts::ReportModel& model) {
  if (!model.pruned.speed_ratio) return kMissing;
  const double ratio = model.pruned.speed_ratio->value;
  std::string note;
  if (model.pruned.macs && *model.pruned.macs > 0 && model.macs)
    note = "by MACs " + two_decimals(*model.macs / *model.pruned.macs);
  return {two_decimals(ratio), note, core::shortest(ratio)};
}

void add_analyses(TableBuilder& table, const facts::ReportModels& models) {
  const bool less = models.has_small_grids;
  if (table.add({"Head similarity", less ? "cosine less chance" : "cosine", true},
                [less](const facts::ReportModel& model) { return similarity_cell(model, less); }))
    table.note(
        "Head similarity: for each image the largest cosine between the attention maps of two "
        "heads of a layer; mean over images, layers and seeds. Chance is the same with maps of "
        "different images.");
  table.add({"MACs left", "% after pruning", true}, [](const facts::ReportModel& model) {
    if (!model.pruned.macs || !model.macs || *model.macs <= 0) return kMissing;
    const double share = *model.pruned.macs / *model.macs;
    return TableCell{percent(share), "", core::shortest(share)};
  });
  if (table.add({"Pruned top-1", "%", true}, [](const facts::ReportModel& model) {
        return accuracy_cell(model.pruned.accuracy);
      }))
    table.note("Pruned top-1: accuracy of the pruned model, read as accuracy is.");
  if (table.add({"Pruned speed", "x before", true}, pruned_speed_cell))
    table.note(
        "Pruned speed: measured throughput of the pruned model over that of the model before, in "
        "turns; mean over seeds, beside what its MACs alone would give.");
}

}  // namespace

ModelTable model_table(const facts::ReportModels& models) {
  TableBuilder table(models.models);
  add_names(table, models);
  add_target(table, models);
  table.add({"Parameters", "", true},
            [](const facts::ReportModel& model) { return amount(model.params); });
  table.add({"MACs", "", true}, [](const facts::ReportModel& model) { return amount(model.macs); });
  add_accuracy(table, models);
  add_speed(table, models);
  add_analyses(table, models);
  return table.take();
}

}  // namespace vitlab::report
