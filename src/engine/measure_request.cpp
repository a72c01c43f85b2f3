#include "core/error.h"
#include "engine/candidates.h"
#include "engine/device_turn.h"
#include "engine/requests.h"
#include "profile/measure.h"

namespace vitlab::engine {

namespace {

profile::TurnOptions turn_options(const messages::MeasureRequest& request) {
  profile::TurnOptions options;
  options.until = request.until;
  if (options.until < 0 || options.until >= 1)
    throw core::UserError("until must lie between 0 and 1");
  return options;
}

}  // namespace

core::Json answer(const messages::MeasureRequest& request, Events& events) {
  const std::vector<profile::Candidate> candidates = requested_candidates(request.candidates);
  if (candidates.empty()) throw core::UserError("a measurement needs a model");
  const std::size_t reference = request.reference;
  if (reference >= candidates.size())
    throw core::UserError("the reference is none of the candidates");
  const store::DeviceLock alone = alone_on(candidates.at(reference).protocol.device, events);
  const profile::Measurement measurement = profile::measure_interleaved(
      candidates, reference,
      [&](std::int64_t done, std::int64_t total, const std::string& note) {
        events.progress(done, total, note);
      },
      turn_options(request));
  core::Json payload = core::Json::object();
  payload["protocol"] = sweep::protocol_json(candidates.at(reference).protocol, true);
  payload["candidates"] = core::Json::array();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    // What concerns the machine is said once, below.
    core::Json row = profile::speed_json(measurement, i);
    row["protocol"] = sweep::protocol_json(candidates[i].protocol, true);
    payload["candidates"].push_back(std::move(row));
  }
  payload["largest_batch_that_fits"] = profile::largest_batches_json(measurement);
  payload["warnings"] = profile::machine_warnings(measurement);
  payload["machine_state"] = profile::machine_state_json(measurement.state);
  payload["environment"] = profile::environment_json(measurement.environment);
  return payload;
}

}  // namespace vitlab::engine
