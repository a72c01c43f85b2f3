#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/error.h"
#include "core/text.h"
#include "data/data_spec.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

/// What the words of `prune` say; words left out leave the settings of the file, or the defaults.
struct PruneWords {
  ModelWords model;
  std::vector<std::string> keeps, axes;
  std::string criterion, scope, cost, data, out, settings, recipe, protocol;
  std::int64_t steps = 0, multiple_of = 0, finetune = 0, finetune_between = 0;
  bool fold_means = false, rescale_attention = false, measure = false, skip_broken = false;

  void declare(Arguments& arguments) {
    model.declare(arguments, {.device = false, .dtype = false, .deploy = false});
    arguments.repeated("--keep", "metric=share that is left: macs=0.6, params=0.5, latency=0.7",
                       keeps);
    arguments.repeated("--axis",
                       "what may go: hidden, qk, v, heads, embedding, layers, expansion, squeeze, "
                       "stem (default: hidden, qk, v)",
                       axes);
    arguments.option("--criterion",
                     "gate_taylor (default), magnitude, batch_norm_scale, ablation or random",
                     criterion);
    arguments.option("--scope", "scores are compared globally (default), local or isomorphic",
                     scope);
    arguments.option("--cost",
                     "scores are divided by: macs, params, bytes_moved, latency, … (default: the "
                     "budgets' share)",
                     cost);
    arguments.option("--steps", "rounds of scoring and cutting (default: 5)", steps);
    arguments.option("--multiple-of", "keep sizes at multiples (default: 1)", multiple_of);
    arguments.option("--data", "a data set for scores and accuracy", data, true);
    arguments.flag("--skip-broken", kSkipBrokenHelp, skip_broken);
    arguments.option("--settings", "a file of pruning settings", settings);
    arguments.option("--recipe", "a recipe for fine-tuning", recipe);
    arguments.option("--finetune-between", "epochs of training between rounds", finetune_between);
    arguments.option("--finetune-epochs", "epochs of training after the cut", finetune);
    arguments.flag("--fold-means",
                   "compensate the next bias with the mean activation of pruned FFN channels",
                   fold_means);
    arguments.flag("--rescale-attention", "let attention scales follow QK", rescale_attention);
    arguments.option("--protocol", "how speed is measured (default: a second each, one thread)",
                     protocol);
    arguments.flag("--measure", "also measure sizes at multiples of 8 and 16", measure);
    arguments.option("--out", "the folder to write", out, true);
  }
};

/// "macs=0.6" into settings.keep.
void read_keep(const std::vector<std::string>& keeps, sweep::PruneSettings& settings) {
  if (keeps.empty()) return;
  settings.keep.clear();
  for (const std::string& keep : keeps) {
    const std::size_t equals = keep.find('=');
    double share = 0;
    std::size_t used = 0;
    try {
      if (equals != std::string::npos) share = std::stod(keep.substr(equals + 1), &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (equals == std::string::npos || equals == 0 || used + equals + 1 != keep.size() ||
        !(share > 0 && share <= 1))
      throw core::UserError("--keep " + keep +
                            ": write metric=share with a share in (0, 1], such as macs=0.6");
    settings.keep[keep.substr(0, equals)] = share;
  }
}

sweep::PruneSettings settings_of(const PruneWords& words) {
  sweep::PruneSettings settings;
  if (!words.settings.empty()) settings = sweep::load_prune_settings(words.settings);
  read_keep(words.keeps, settings);
  if (!words.axes.empty()) settings.axes = words.axes;
  if (!words.cost.empty()) settings.cost = words.cost;
  if (words.steps != 0) settings.steps = words.steps;
  if (words.multiple_of != 0) settings.multiple_of = words.multiple_of;
  if (words.finetune != 0) settings.finetune_epochs = words.finetune;
  if (words.finetune_between != 0) settings.finetune_between = words.finetune_between;
  settings.fold_means = settings.fold_means || words.fold_means;
  settings.rescale_attention = settings.rescale_attention || words.rescale_attention;
  if (!words.criterion.empty())
    settings.criterion = core::read_choice<sweep::Criterion>(words.criterion, "--criterion");
  if (!words.scope.empty())
    settings.scope = core::read_choice<sweep::PruneScope>(words.scope, "--scope");
  // Through the reader, so that words and files are checked alike.
  return sweep::prune_settings_from_json(sweep::prune_settings_json(settings), "vitlab prune");
}

std::string times(double ratio) { return core::significant(ratio, 3) + "x"; }

std::string ratio_text(const messages::MeasuredModel& model) {
  if (!model.throughput_ratio) return "not measured";
  const messages::ThroughputRatio& ratio = *model.throughput_ratio;
  return times(ratio.value) + " as fast (" + times(ratio.low) + " to " + times(ratio.high) + ")";
}

std::int64_t count_of(const messages::CostCounts& counts, std::string_view metric) {
  const std::int64_t* count = counts.named(metric);
  return count == nullptr ? 0 : *count;
}

/// "measured 1.12x as fast (1.1 to 1.15), where MACs say 1.43x" and a line a rounding.
std::string speed_text(const messages::PruneAnswer& answer) {
  const auto macs_before = static_cast<double>(count_of(answer.before, "macs"));
  const auto macs_after = static_cast<double>(count_of(answer.after, "macs"));
  std::string text = "measured " + ratio_text(answer.measured.after) + ", where MACs say " +
                     times(macs_before / macs_after) + "\n";
  for (const messages::RoundedSpeed& rounding : answer.measured.rounded) {
    text += "sizes at multiples of " + std::to_string(rounding.multiple_of) + ": ";
    text += rounding.measured ? ratio_text(*rounding.measured) + ", with " +
                                    times(rounding.macs_ratio) + " the MACs of the pruned model\n"
                              : std::string("as they are\n");
  }
  return text;
}

void print_pruned(const messages::PruneAnswer& answer) {
  core::TextTable table({"metric", "before", "after", "share left"});
  for (const auto& [metric, before] : answer.before) {
    const std::int64_t after = count_of(answer.after, metric);
    table.add({metric, core::with_thousands(before), core::with_thousands(after),
               core::significant(static_cast<double>(after) / static_cast<double>(before), 4)});
  }
  const messages::PrunedAccuracy& accuracy = answer.accuracy_top1;
  std::string text = "wrote " + answer.out.string() + "\n" + table.str(output_width());
  text += "\ntop-1 of " + std::to_string(accuracy.images) +
          " test images: " + core::significant(accuracy.before, 4) + " before, " +
          core::significant(accuracy.cut, 4) + " cut, " + core::significant(accuracy.after, 4) +
          " in the end\n";
  std::string gone;
  for (const messages::PrunedLayer& layer : answer.layers)
    if (!layer.kept) gone += (gone.empty() ? "" : ", ") + layer.layer + " (" + layer.kind + ")";
  if (!gone.empty()) text += "left out: " + gone + "\n";
  text += speed_text(answer);
  for (const std::string& note : answer.measured.notes) text += note + "\n";
  print_text(text);
}

}  // namespace

core::ExitCode run_prune(const std::vector<std::string>& words) {
  PruneWords given;
  Arguments arguments(
      "prune", "Cut the units that matter least, down to a budget.",
      {"vitlab prune results/m0_digits --data digits --keep macs=0.6 --out results/m0_pruned",
       "vitlab prune results/vit --data digits --keep latency=0.7 --axis heads --axis hidden "
       "--multiple-of 8 --measure --out results/vit_pruned"});
  given.declare(arguments);
  arguments.parse(words);
  check_output_folder(given.out, false);
  messages::PruneRequest request{given.model.runnable(), settings_of(given)};
  request.data = data::canonical_text(data::parse_data_spec(given.data));
  request.skip_broken = given.skip_broken;
  if (!given.recipe.empty()) request.recipe = sweep::load_recipe(given.recipe);
  if (!given.protocol.empty()) request.protocol = sweep::load_protocol(given.protocol);
  request.measure_rounded = given.measure;
  request.out = given.out;
  const messages::PruneAnswer result = ask_engine(request, "prune");
  if (given.model.json)
    print_json(document_of("prune", core::to_json(result)));
  else
    print_pruned(result);
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
