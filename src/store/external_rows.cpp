#include "store/external_rows.h"

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "store/disk.h"

namespace vitlab::store {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kUnits{
    {{"throughput", "images/s"}, {"latency", "ms"}}};

/// Checks and adds the rows of one file after another.
class ExternalReader {
 public:
  ExternalReader(const sweep::Plan& plan, ResultsTable& table) : plan_(plan), table_(table) {
    for (const ResultRow& row : table.rows) knobs_.try_emplace(row.model, row.knobs);
  }

  void read(const std::filesystem::path& path) {
    path_ = path.string();
    const ResultsTable file = read_results_csv(path);
    for (number_ = 1; number_ <= file.rows.size(); ++number_) add(file.rows[number_ - 1]);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw core::UserError(path_ + ": row " + std::to_string(number_) + ": " + reason);
  }

  void add(ResultRow row) {
    check(row);
    if (!seen_
             .insert({row.model, row.metric, row.device, row.runtime, row.dtype, row.threads,
                      row.batch})
             .second)
      fail(row.metric + " of " + core::quoted_clip(row.model) + " is given twice in one setting");
    const auto known = knobs_.find(row.model);
    row.knobs =
        known != knobs_.end() ? known->second : std::vector<std::string>(table_.knobs.size());
    table_.rows.push_back(std::move(row));
  }

  void check(const ResultRow& row) const {
    if (!plan_.models.contains(row.model))
      fail("model " + core::quoted_clip(row.model) +
           " is none of this sweep (column model of views/results.csv has their ids)");
    if (row.runtime.empty() || row.runtime == "vitlab")
      fail("runtime must name the program that measured, and not be vitlab");
    if (row.device.empty()) fail("device is missing");
    if (!row.trial.empty() || row.seed || !row.subject.empty())
      fail("speed belongs to a model: trial, seed and subject must be empty");
    std::string_view unit;
    for (const auto& [metric, own] : kUnits)
      if (metric == row.metric) unit = own;
    if (unit.empty())
      fail("metric " + core::quoted_clip(row.metric) + " is not throughput or latency");
    if (row.unit != unit)
      fail(row.metric + " is in " + std::string(unit) + ", not in " + core::quoted_clip(row.unit));
    if (!std::isfinite(row.value) || row.value <= 0) fail("value must be a number above 0");
    if (row.samples < 1) fail("samples must be at least 1");
    // Written so that NaN fails.
    if ((row.low && !(*row.low >= 0 && *row.low <= row.value)) ||
        (row.high && !(*row.high >= row.value && std::isfinite(*row.high))))
      fail("low, value and high must not descend");
  }

  const sweep::Plan& plan_;
  ResultsTable& table_;
  std::map<std::string, std::vector<std::string>> knobs_;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::string,
                      std::optional<std::int64_t>, std::optional<std::int64_t>>>
      seen_;
  std::string path_;
  std::size_t number_ = 0;
};

}  // namespace

std::vector<std::string> add_external_rows(const std::filesystem::path& folder,
                                           const sweep::Plan& plan, ResultsTable& table) {
  std::vector<std::string> files;
  ExternalReader reader(plan, table);
  for (const std::string& name : list_folder(folder)) {
    if (!name.ends_with(".csv")) continue;
    reader.read(folder / name);
    files.push_back(name);
  }
  return files;
}

}  // namespace vitlab::store
