#include "profile/roll_up.h"

#include <algorithm>
#include <map>

namespace vitlab::profile {

double RollUp::memory_bound_share() const {
  double sum = 0;
  for (int i = 0; i < graph::kCategoryCount; ++i)
    if (graph::is_memory_bound(static_cast<graph::Category>(i)))
      sum += category_seconds[static_cast<std::size_t>(i)];
  return seconds > 0 ? sum / seconds : 0;
}

std::vector<RollUp> roll_up(const std::vector<OpRow>& rows,
                            const std::function<std::string(const OpRow&)>& name) {
  std::vector<RollUp> sums;
  std::map<std::string, std::size_t> places;
  double whole = 0;
  for (const OpRow& row : rows) {
    const auto [place, is_new] = places.emplace(name(row), sums.size());
    if (is_new) sums.push_back({.name = place->first});
    RollUp& sum = sums[place->second];
    sum.seconds += row.seconds;
    sum.macs += row.macs;
    sum.flops += row.flops;
    sum.bytes += row.bytes();
    sum.category_seconds[static_cast<std::size_t>(row.category)] += row.seconds;
    whole += row.seconds;
  }
  for (RollUp& sum : sums) sum.share = whole > 0 ? sum.seconds / whole : 0;
  return sums;
}

std::vector<RollUp> others(const std::vector<OpRow>& rows) {
  // Shares are of all rows, so that the rest is added up too and then left out.
  std::vector<RollUp> sums = roll_up(rows, [](const OpRow& row) {
    return row.category == graph::Category::kOther ? std::string(row.op) : std::string();
  });
  std::erase_if(sums, [](const RollUp& sum) { return sum.name.empty(); });
  std::stable_sort(sums.begin(), sums.end(),
                   [](const RollUp& a, const RollUp& b) { return a.seconds > b.seconds; });
  return sums;
}

}  // namespace vitlab::profile
