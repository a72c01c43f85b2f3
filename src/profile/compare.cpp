#include "profile/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace vitlab::profile {

namespace {

double all_seconds(const std::vector<OpRow>& rows) {
  double sum = 0;
  for (const OpRow& row : rows) sum += row.seconds;
  return sum;
}

messages::Difference numbers(const TimeDifference& difference, double whole) {
  return {1e3 * difference.a_seconds, 1e3 * difference.b_seconds, 1e3 * difference.seconds(),
          whole != 0 ? difference.seconds() / whole : 0};
}

/// A row of each difference, its name made into what `Row` has beside the numbers.
template <typename Row, typename Named>
std::vector<Row> table(const std::vector<TimeDifference>& differences, double whole, Named named) {
  std::vector<Row> rows;
  for (const TimeDifference& difference : differences) {
    Row row{numbers(difference, whole)};
    named(difference.name, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

// Between the parts of a place's name; layers and kinds hold none.
constexpr char kSeparator = '\n';

std::string place_name(const OpRow& row) {
  return std::string(graph::category_name(row.category)) + kSeparator + std::string(row.kind) +
         kSeparator + row.stage;
}

std::string category_name(const OpRow& row) {
  return std::string(graph::category_name(row.category));
}
std::string kind_name(const OpRow& row) { return std::string(row.kind); }

graph::Category category_named(const std::string& name) {
  return core::read_choice<graph::Category>(name, "category");
}

void name_place(const std::string& name, messages::PlaceDifference& row) {
  const std::size_t first = name.find(kSeparator);
  const std::size_t second = name.find(kSeparator, first + 1);
  row.category = category_named(name.substr(0, first));
  row.kind = name.substr(first + 1, second - first - 1);
  row.stage = name.substr(second + 1);
}

/// The same node in two models: the same name in a layer of the same kind.
std::string matched_name(const OpRow& row) { return row.node + kSeparator + std::string(row.kind); }

std::set<std::string> node_names(const std::vector<OpRow>& rows) {
  std::set<std::string> names;
  for (const OpRow& row : rows) names.insert(matched_name(row));
  return names;
}

/// The rows whose node stands in `names`, or does not.
std::vector<OpRow> rows_among(const std::vector<OpRow>& rows, const std::set<std::string>& names,
                              bool wanted) {
  std::vector<OpRow> result;
  for (const OpRow& row : rows)
    if (names.contains(matched_name(row)) == wanted) result.push_back(row);
  return result;
}

std::int64_t nodes_of(const std::vector<OpRow>& rows, const std::string& kind) {
  return std::ranges::count_if(
      rows, [&](const OpRow& row) { return !row.is_hidden() && row.kind == kind; });
}

void add_nodes(const std::vector<OpRow>& a, const std::vector<OpRow>& b, double whole,
               messages::Differences& found) {
  const std::set<std::string> in_a = node_names(a), in_b = node_names(b);
  found.nodes = table<messages::NodeDifference>(
      differences(rows_among(a, in_b, true), rows_among(b, in_a, true),
                  [](const OpRow& row) { return row.node; }),
      whole, [](const std::string& name, messages::NodeDifference& row) { row.node = name; });
  const std::vector<OpRow> only_a = rows_among(a, in_b, false), only_b = rows_among(b, in_a, false);
  for (const TimeDifference& difference : differences(only_a, only_b, kind_name))
    found.unmatched.push_back({{numbers(difference, whole), difference.name},
                               nodes_of(only_a, difference.name),
                               nodes_of(only_b, difference.name)});
}

}  // namespace

std::vector<TimeDifference> differences(const std::vector<OpRow>& a, const std::vector<OpRow>& b,
                                        const std::function<std::string(const OpRow&)>& name) {
  std::map<std::string, TimeDifference> sums;
  for (const OpRow& row : a) sums[name(row)].a_seconds += row.seconds;
  for (const OpRow& row : b) sums[name(row)].b_seconds += row.seconds;
  std::vector<TimeDifference> result;
  for (auto& [key, sum] : sums) {
    sum.name = key;
    result.push_back(sum);
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const TimeDifference& x, const TimeDifference& y) {
                     return std::abs(x.seconds()) > std::abs(y.seconds());
                   });
  return result;
}

messages::ProfileComparison comparison(const ProfileResult& a, const ProfileResult& b,
                                       const Measurement& turns) {
  messages::ProfileComparison compared{b.name, {}, {}};
  for (const auto& reason :
       {turns.models.at(0).turns.out_of_memory, turns.models.at(1).turns.out_of_memory,
        a.out_of_memory, b.out_of_memory}) {
    if (!reason) continue;
    compared.out_of_memory = *reason;
    return compared;
  }
  messages::Differences found;
  if (const auto& ratio = turns.models.at(0).ratio)
    found.throughput_ratio = {ratio->value, ratio->low, ratio->high};
  found.throughput_images_per_s = messages::spread_of(turns.models.at(1).speed.images_per_s, false);
  found.latency_ms = messages::spread_of(turns.models.at(1).speed.latency_ms, true);
  const double whole = all_seconds(a.ops) - all_seconds(b.ops);
  found.difference_ms = 1e3 * whole;
  found.categories = table<messages::CategoryDifference>(
      differences(a.ops, b.ops, category_name), whole,
      [](const std::string& name, messages::CategoryDifference& row) {
        row.category = category_named(name);
      });
  found.kinds = table<messages::KindDifference>(
      differences(a.ops, b.ops, kind_name), whole,
      [](const std::string& name, messages::KindDifference& row) { row.kind = name; });
  found.places =
      table<messages::PlaceDifference>(differences(a.ops, b.ops, place_name), whole, name_place);
  add_nodes(a.ops, b.ops, whole, found);
  compared.differences = std::move(found);
  return compared;
}

}  // namespace vitlab::profile
