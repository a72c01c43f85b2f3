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

void add_numbers(core::Json& json, const TimeDifference& difference, double whole) {
  json["a_ms"] = core::json_number(1e3 * difference.a_seconds);
  json["b_ms"] = core::json_number(1e3 * difference.b_seconds);
  json["difference_ms"] = core::json_number(1e3 * difference.seconds());
  json["share_of_difference"] = core::json_number(whole != 0 ? difference.seconds() / whole : 0);
}

core::Json table(const char* key, const std::vector<TimeDifference>& differences, double whole) {
  core::Json rows = core::Json::array();
  for (const TimeDifference& difference : differences) {
    core::Json row{{key, difference.name}};
    add_numbers(row, difference, whole);
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

core::Json place_table(const std::vector<TimeDifference>& differences, double whole) {
  core::Json rows = core::Json::array();
  for (const TimeDifference& difference : differences) {
    const std::size_t first = difference.name.find(kSeparator);
    const std::size_t second = difference.name.find(kSeparator, first + 1);
    core::Json row{{"category", difference.name.substr(0, first)},
                   {"kind", difference.name.substr(first + 1, second - first - 1)},
                   {"stage", difference.name.substr(second + 1)}};
    add_numbers(row, difference, whole);
    rows.push_back(std::move(row));
  }
  return rows;
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

void add_nodes(const std::vector<OpRow>& a, const std::vector<OpRow>& b, double whole,
               core::Json& json) {
  const std::set<std::string> in_a = node_names(a), in_b = node_names(b);
  const auto name_of = [](const OpRow& row) { return row.node; };
  const auto kind_of = [](const OpRow& row) { return std::string(row.kind); };
  json["nodes"] = table(
      "node", differences(rows_among(a, in_b, true), rows_among(b, in_a, true), name_of), whole);
  const std::vector<OpRow> only_a = rows_among(a, in_b, false), only_b = rows_among(b, in_a, false);
  json["unmatched"] = table("kind", differences(only_a, only_b, kind_of), whole);
  for (core::Json& row : json["unmatched"]) {
    const auto count = [&](const std::vector<OpRow>& rows) {
      return std::count_if(rows.begin(), rows.end(), [&](const OpRow& candidate) {
        return !candidate.is_hidden() && candidate.kind == row.at("kind").get<std::string>();
      });
    };
    row["nodes_in_a"] = count(only_a);
    row["nodes_in_b"] = count(only_b);
  }
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

core::Json against_json(const ProfileResult& a, const ProfileResult& b, const Measurement& turns) {
  core::Json json{{"model", b.name}};
  for (const auto& reason :
       {turns.models.at(0).turns.out_of_memory, turns.models.at(1).turns.out_of_memory,
        a.out_of_memory, b.out_of_memory}) {
    if (!reason) continue;
    json["out_of_memory"] = *reason;
    return json;
  }
  if (const auto& ratio = turns.models.at(0).ratio)
    json["throughput_ratio"] = {{"value", core::json_number(ratio->value)},
                                {"low", core::json_number(ratio->low)},
                                {"high", core::json_number(ratio->high)}};
  json["throughput_images_per_s"] =
      core::to_json(messages::spread_of(turns.models.at(1).speed.images_per_s, false));
  json["latency_ms"] =
      core::to_json(messages::spread_of(turns.models.at(1).speed.latency_ms, true));
  const double whole = all_seconds(a.ops) - all_seconds(b.ops);
  json["difference_ms"] = core::json_number(1e3 * whole);
  json["categories"] = table(
      "category",
      differences(a.ops, b.ops,
                  [](const OpRow& row) { return std::string(graph::category_name(row.category)); }),
      whole);
  json["kinds"] = table(
      "kind", differences(a.ops, b.ops, [](const OpRow& row) { return std::string(row.kind); }),
      whole);
  json["places"] = place_table(differences(a.ops, b.ops, place_name), whole);
  add_nodes(a.ops, b.ops, whole, json);
  return json;
}

}  // namespace vitlab::profile
