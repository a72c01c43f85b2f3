#include "guide/size_confound.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "stats/correlation.h"
#include "stats/summary.h"

namespace vitlab::guide {
namespace {

constexpr double kSmallestSpread = 0.01;    // of log size inside blocks, else it is held equal
constexpr double kSmallestRemainder = 0.5;  // of rho, else size takes most of it

/// What is correlated, one entry a row, or a cell of a block and level.
struct Columns {
  std::vector<double> in_range, value, size;
};

void append_centred(const std::vector<double>& values, std::vector<double>& column) {
  const double centre = stats::mean(values);
  for (const double value : values) column.push_back(value - centre);
}

using Facts = std::map<std::string, ModelFacts>;
using SizeOf = std::optional<double> ModelFacts::*;

/// Columns centred inside blocks; empty if a model's size is unknown.
Columns centred_columns(const Comparison& comparison, const Factor& factor, const LevelClaim& claim,
                        const Facts& models, SizeOf size_of) {
  std::set<std::int64_t> to;
  std::set<std::int64_t> used;
  for (const std::size_t l : claim.range) to.insert(comparison.table.levels[l]);
  used = to;
  for (const std::size_t l : claim.from) used.insert(comparison.table.levels[l]);

  std::map<std::pair<std::string, std::int64_t>, Columns> cells;
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) {
    const Observation& row = *comparison.rows[i];
    const std::int64_t level = factor.level_of(row.knobs[factor.knob]);
    if (!used.contains(level)) continue;
    const auto& size = models.at(row.model).*size_of;
    if (!size || *size <= 0) return {};
    Columns& cell = cells[{comparison.row_blocks[i], level}];
    cell.in_range.push_back(to.contains(level) ? 1 : 0);
    cell.value.push_back(row.value);
    cell.size.push_back(std::log(*size));
  }
  std::map<std::string, Columns> blocks;
  for (const auto& [key, cell] : cells) {
    Columns& block = blocks[key.first];
    block.in_range.push_back(stats::mean(cell.in_range));
    block.value.push_back(stats::mean(cell.value));
    block.size.push_back(stats::mean(cell.size));
  }
  Columns columns;
  for (const auto& [name, block] : blocks) {
    append_centred(block.in_range, columns.in_range);
    append_centred(block.value, columns.value);
    append_centred(block.size, columns.size);
  }
  return columns;
}

}  // namespace

std::vector<SizeConfound> size_confounds(const Comparison& comparison, const Factor& factor,
                                         const LevelClaim& claim, const Facts& models,
                                         const GuideOptions& options) {
  const std::pair<const char*, SizeOf> sizes[] = {{"params", &ModelFacts::params},
                                                  {"macs", &ModelFacts::macs}};
  std::vector<SizeConfound> confounds;
  for (const auto& [name, size_of] : sizes) {
    const Columns columns = centred_columns(comparison, factor, claim, models, size_of);
    if (columns.size.size() < 4 || stats::standard_deviation(columns.size) < kSmallestSpread)
      continue;
    SizeConfound confound;
    confound.size = name;
    confound.plain = stats::spearman(columns.in_range, columns.value);
    confound.partial = stats::bootstrap_partial_spearman(
        columns.in_range, columns.value, columns.size,
        {.confidence = options.confidence, .draws = options.draws / 4 + 1, .seed = options.seed});
    const bool follows = std::isnan(confound.partial.value) || std::isnan(confound.partial.low);
    const bool is_halved = confound.partial.value * confound.plain <
                           kSmallestRemainder * confound.plain * confound.plain;
    confound.is_explained = follows || !confound.partial.is_off_zero() || is_halved;
    confounds.push_back(confound);
  }
  return confounds;
}

}  // namespace vitlab::guide
