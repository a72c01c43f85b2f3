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

messages::MeasureAnswer answer(const messages::MeasureRequest& request, Events& events) {
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
  messages::MeasureAnswer answer;
  answer.protocol = {candidates.at(reference).protocol};
  for (std::size_t i = 0; i < candidates.size(); ++i)
    answer.candidates.push_back({profile::speed_row(measurement, i), {candidates[i].protocol}});
  answer.largest_batch_that_fits = profile::largest_batches(measurement);
  answer.warnings = profile::machine_warnings(measurement);
  answer.machine_state = profile::message_of(measurement.state);
  answer.environment = measurement.environment;
  return answer;
}

}  // namespace vitlab::engine
