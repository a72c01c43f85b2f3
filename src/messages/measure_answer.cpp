#include "messages/measure_answer.h"

namespace vitlab::messages {

Spread spread_of(const stats::Summary& summary, bool with_mean) {
  Spread spread{{}, summary.median, summary.p5, summary.p95, summary.count};
  if (with_mean) spread.mean = summary.mean;
  return spread;
}

core::Json to_json_form(const LogitDifference& difference) {
  return core::to_json(difference.relative);
}

void from_json_form(const core::Json& json, const core::JsonPlace& place,
                    LogitDifference& difference) {
  difference = {true, core::from_json<std::optional<double>>(json, place)};
}

}  // namespace vitlab::messages
