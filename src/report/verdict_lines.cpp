#include "report/verdict_lines.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "charts/scale.h"
#include "core/text.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

/// The model with the largest of what `score` gives; null if it gives nothing for any.
template <typename Score>
const facts::ReportModel* best_by(const std::vector<facts::ReportModel>& models,
                                  const Score& score) {
  const facts::ReportModel* best = nullptr;
  double most = 0;
  for (const facts::ReportModel& model : models) {
    const std::optional<double> value = score(model);
    if (!value || (best != nullptr && *value <= most)) continue;
    best = &model;
    most = *value;
  }
  return best;
}

const facts::ReportModel* most_accurate(const facts::ReportModels& models) {
  return best_by(models.models, [](const facts::ReportModel& model) {
    return model.accuracy ? std::optional<double>(model.accuracy->mean) : std::nullopt;
  });
}

const facts::ReportModel* fastest(const facts::ReportModels& models) {
  return best_by(models.models, [](const facts::ReportModel& model) {
    return model.throughput ? std::optional<double>(model.throughput->value) : std::nullopt;
  });
}

std::string called(const facts::ReportModel& model) {
  return fmt::format("model {} ({})", model.number, core::printable(model.name));
}

/// Why there are no numbers, from the failures.
std::string why_missing(const facts::ReportInput& input) {
  if (input.failures.empty()) return "no such stage has finished";
  const facts::TrialFailure& first = input.failures.front();
  return fmt::format(
      "{} did not end well, the first with \"{}\"",
      counted(static_cast<std::int64_t>(input.failures.size()), "stage"),
      core::clipped(core::printable(first.reason.empty() ? first.state : first.reason), 80));
}

std::string accuracy_line(const facts::ReportInput& input, const facts::ReportModels& models) {
  const facts::ReportModel* best = most_accurate(models);
  if (best == nullptr) return "Most accurate: no accuracy to compare, " + why_missing(input) + ".";
  const facts::Accuracy& accuracy = *best->accuracy;
  std::string line =
      fmt::format("Most accurate: {} with {} % top-1", called(*best), accuracy_text(accuracy));
  line += fmt::format(" on {} ({}",
                      models.dataset.empty() ? "the test data" : core::printable(models.dataset),
                      counted(accuracy.seeds, "seed"));
  if (accuracy.low)
    line +=
        fmt::format("; 95 % interval {} for only {} test images",
                    range_text(accuracy.low, accuracy.high, [](double x) { return percent(x); }),
                    core::with_thousands(accuracy.images));
  line += ")";
  if (accuracy.images >= 10000) line.replace(line.find("for only "), 9, "for ");
  std::int64_t others = 0, alike = 0;
  for (const facts::ReportModel& model : models.models) {
    if (!model.accuracy || &model == best) continue;
    ++others;
    if (model.accuracy->high && accuracy.low && *model.accuracy->high >= *accuracy.low) ++alike;
  }
  if (others > 0 && accuracy.low) {
    if (alike == 0)
      line += fmt::format("; the intervals of the other {} lie below", others);
    else
      line += fmt::format(
          "; the intervals of {} {} overlap with it, so that accuracy does not tell "
          "these apart",
          alike == others ? "all other" : fmt::format("{} of the other", alike), others);
  }
  return line + ".";
}

/// Whether the spread of a model's throughput reaches up to that of the fastest.
bool may_be_as_fast(const facts::ReportModel& model, const facts::ReportModel& best) {
  return model.throughput && model.throughput->high && best.throughput->low &&
         *model.throughput->high >= *best.throughput->low;
}

std::string as_fast_text(const facts::ReportModels& models, const facts::ReportModel& best) {
  std::int64_t others = 0, alike = 0;
  for (const facts::ReportModel& model : models.models) {
    if (!model.throughput || &model == &best) continue;
    ++others;
    alike += may_be_as_fast(model, best) ? 1 : 0;
  }
  if (alike == 0) return "";
  return fmt::format("; the spreads of {} {} overlap with it",
                     alike == others ? "all other" : fmt::format("{} of the other", alike), others);
}

std::string speed_line(const facts::ReportInput& input, const facts::ReportModels& models) {
  const facts::ReportModel* best = fastest(models);
  if (best == nullptr) return "Fastest: no speed to compare, " + why_missing(input) + ".";
  const std::string spread =
      range_text(best->throughput->low, best->throughput->high, charts::rate);
  std::string line = fmt::format("Fastest: {} at {} images/s", called(*best),
                                 charts::rate(best->throughput->value));
  line += " (";
  if (!spread.empty()) line += "p5–p95 " + spread + ", ";
  line += counted(best->throughput->samples, "sample");
  const std::string setting = facts::setting_text(models.setting);
  if (!setting.empty()) line += "; " + core::printable(setting);
  line += ")";
  const facts::ReportModel* reference = models.reference();
  if (best->ratio && reference != nullptr && reference != best) {
    line += fmt::format(", {:.2f} times the reference", best->ratio->value);
    if (best->ratio->low && best->ratio->high)
      line += fmt::format(" ({:.2f}–{:.2f})", *best->ratio->low, *best->ratio->high);
    line += fmt::format(", model {}", reference->number);
  } else if (reference == best) {
    line += ", the reference itself";
  }
  return line + as_fast_text(models, *best) + ".";
}

/// How many times faster: by the ratios to the reference, which were taken in turns and so do not
/// carry the machine's drift, else by the throughputs themselves.
double speed_gain(const facts::ReportModel& from, const facts::ReportModel& to) {
  if (from.ratio && to.ratio) return to.ratio->value / from.ratio->value;
  return to.throughput->value / from.throughput->value;
}

std::string trade_off(const facts::ReportModels& models) {
  const facts::ReportModel* accurate = most_accurate(models);
  const facts::ReportModel* quick = fastest(models);
  if (accurate == nullptr || quick == nullptr || !accurate->throughput || !quick->accuracy)
    return "accuracy and speed of the same models are not both known";
  if (accurate == quick) return "none seen, the most accurate model is also the fastest";
  const auto on_front =
      std::count_if(models.models.begin(), models.models.end(),
                    [](const facts::ReportModel& model) { return model.is_on_front; });
  const bool is_settled = quick->accuracy->high && accurate->accuracy->low &&
                          *quick->accuracy->high < *accurate->accuracy->low;
  return fmt::format(
      "from model {} to model {}, {:.2f} times the throughput for {:.1f} points of top-1{}; {} of "
      "{} models are on the Pareto front",
      accurate->number, quick->number, speed_gain(*accurate, *quick),
      100 * (accurate->accuracy->mean - quick->accuracy->mean),
      is_settled ? "" : ", a difference that may be luck", on_front, models.models.size());
}

std::string guideline_count(const guide::GuideResult& result) {
  const auto count = static_cast<std::int64_t>(result.guidelines.size());
  if (count == 0) return "no guideline is supported";
  const bool one = count == 1;
  return fmt::format("{} {} supported, the first of grade {}", counted(count, "guideline"),
                     one ? "is" : "are", guide::grade_letter(result.guidelines.front().grade));
}

}  // namespace

std::string open_claims_text(const guide::GuideResult& guidelines) {
  if (guidelines.not_supported.empty()) return "";
  std::set<std::string> factors;
  std::optional<std::int64_t> least, most;
  for (const guide::NotSupported& claim : guidelines.not_supported) {
    factors.insert(claim.factor);
    if (!claim.samples_needed) continue;
    least = std::min(least.value_or(*claim.samples_needed), *claim.samples_needed);
    most = std::max(most.value_or(*claim.samples_needed), *claim.samples_needed);
  }
  std::string text = fmt::format(
      "{} about {} {} not statistically supported by these results",
      counted(static_cast<std::int64_t>(guidelines.not_supported.size()), "possible claim"),
      core::printable(listed({factors.begin(), factors.end()})),
      guidelines.not_supported.size() == 1 ? "is" : "are");
  if (!least) return text;
  const std::string range = *least == *most ? counted(*most, "matched block")
                                            : fmt::format("{} to {} matched blocks", *least, *most);
  return text + fmt::format(" (they would need {})", range);
}

std::vector<std::string> verdict_lines(const facts::ReportInput& input,
                                       const facts::ReportModels& models) {
  std::string third =
      "Trade-off: " + trade_off(models) + ". As for rules, " + guideline_count(input.guidelines);
  const std::string open = open_claims_text(input.guidelines);
  if (!open.empty()) third += "; " + open;
  return {accuracy_line(input, models), speed_line(input, models), third + "."};
}

std::vector<std::string> verdict_lines(const facts::ReportInput& input) {
  return verdict_lines(input, facts::report_models(input));
}

}  // namespace vitlab::report
