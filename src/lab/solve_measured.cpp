#include "lab/solve_measured.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "graph/fold.h"
#include "predict/time_guess.h"
#include "stats/summary.h"

namespace vitlab::lab {

namespace {

double roofline_seconds(const architecture::ModelSpec& spec, const sweep::Protocol& protocol) {
  const graph::Graph graph = architecture::build_graph(spec);
  return predict::guess_seconds(protocol.deploy ? graph::fold(graph).graph : graph, protocol.batch,
                                protocol.threads);
}

/// One knob, one target, one grid: guesses and measurements in the unit of the search, which is
/// seconds of a batch or, with a reference, time over its time.
class KnobTimer {
 public:
  KnobTimer(const MeasuredSolve& request, Engines& engines, const EventSink& sink)
      : knobs_(request.knobs),
        grid_(request.grid),
        target_(request.target),
        guess_(request.guess),
        engines_(engines),
        sink_(sink) {
    if (target_.reference) unit_ = seconds_guessed(target_.reference->spec);
  }

  double wanted_time() const {
    const bool is_latency = target_.metric == "latency_ms";
    if (target_.reference) return is_latency ? target_.equals : 1 / target_.equals;
    return is_latency ? 1e-3 * target_.equals
                      : static_cast<double>(target_.protocol.batch) / target_.equals;
  }

  /// The inverse of wanted_time(), for what was achieved.
  double in_metric(double time) const {
    const bool is_latency = target_.metric == "latency_ms";
    if (target_.reference) return is_latency ? time : 1 / time;
    return is_latency ? 1e3 * time : static_cast<double>(target_.protocol.batch) / time;
  }

  std::optional<double> guessed(std::size_t i) {
    try {
      return seconds_guessed(spec_at(i)) / unit_;
    } catch (const core::UserError& error) {
      if (first_error_.empty()) first_error_ = error.what();
      return std::nullopt;
    }
  }

  predict::MeasuredTime measured(std::size_t i) {
    messages::MeasureRequest request;
    const auto add = [&](const std::string& model, const architecture::ModelSpec& spec) {
      request.candidates.push_back({model, spec, "", 0, target_.protocol});
    };
    if (target_.reference) add(target_.reference->name, target_.reference->spec);
    const std::string name = grid_.knob + "=" + core::dump_json(grid_.values[i]);
    add(name, spec_at(i));
    const messages::MeasureAnswer answer = ask(engines_, request, "measure " + name, sink_);
    environment_ = answer.environment;
    for (const messages::CandidateRow& row : answer.candidates)
      if (row.out_of_memory)
        throw core::Failure(row.model + ": out of memory, " + *row.out_of_memory);
      else if (row.failed)
        throw core::Failure(row.model + ": " + *row.failed);
    return time_of(answer.candidates.back());
  }

  const messages::Environment& environment() const { return environment_; }
  const std::string& first_error() const { return first_error_; }

 private:
  architecture::ModelSpec spec_at(std::size_t i) const {
    return architecture::expand_knobs(architecture::with_knob(knobs_, grid_.knob, grid_.values[i]),
                                      "solve");
  }

  double seconds_guessed(const architecture::ModelSpec& spec) const {
    return guess_ ? guess_(spec) : roofline_seconds(spec, target_.protocol);
  }

  predict::MeasuredTime time_of(const messages::SpeedRow& row) const {
    if (target_.reference) {
      const messages::ThroughputRatio& ratio = row.throughput_ratio.value();
      return {1 / ratio.value, 1 / ratio.high, 1 / ratio.low};
    }
    std::vector<double> rounds;
    for (const std::vector<double>& samples : row.samples_ms_by_round.value())
      rounds.push_back(1e-3 * stats::median(samples));
    return {stats::median(rounds), *std::min_element(rounds.begin(), rounds.end()),
            *std::max_element(rounds.begin(), rounds.end())};
  }

  const core::Json& knobs_;
  const architecture::KnobGrid& grid_;
  const MeasuredTarget& target_;
  const SecondsOf& guess_;
  Engines& engines_;
  const EventSink& sink_;
  double unit_ = 1;  // seconds guessed of the reference
  messages::Environment environment_;
  std::string first_error_;
};

}  // namespace

std::string MeasuredAnswer::why_not(double tolerance) const {
  const std::string percent = core::significant(100 * tolerance, 3) + " %";
  switch (verdict) {
    case predict::SpeedVerdict::kMet:
      return "";
    case predict::SpeedVerdict::kCoarseGrid:
      return "the neighbours on the grid lie on both sides of the target, none within " + percent;
    case predict::SpeedVerdict::kNoisy:
      return "the value fits, but the interval that was measured is wider than ±" + percent +
             "; take a longer protocol";
    case predict::SpeedVerdict::kOutOfReach:
      return "the last value that makes a model does not get there";
    case predict::SpeedVerdict::kNotReached:
      return "not within " + percent + " after " + std::to_string(measurements) + " measurements";
  }
  throw std::logic_error("a verdict has words");
}

MeasuredAnswer solve_measured(const MeasuredSolve& request, Engines& engines,
                              const EventSink& sink) {
  KnobTimer timer(request, engines, sink);
  const architecture::KnobGrid& grid = request.grid;
  predict::SpeedTarget wanted;
  wanted.time = timer.wanted_time();
  wanted.tolerance = request.target.tolerance;
  predict::SpeedSolution found;
  try {
    found = predict::search_speed(
        grid.values.size(), grid.start, wanted, [&](std::size_t i) { return timer.guessed(i); },
        [&](std::size_t i) { return timer.measured(i); });
  } catch (const core::UserError& error) {
    if (timer.first_error().empty()) throw;
    throw core::UserError(std::string(error.what()) + ": " + timer.first_error());
  }
  MeasuredAnswer answer;
  answer.value = grid.values[found.point];
  answer.achieved = timer.in_metric(found.time.value);
  answer.low = timer.in_metric(found.time.low);
  answer.high = timer.in_metric(found.time.high);
  if (answer.low > answer.high) std::swap(answer.low, answer.high);
  answer.residual = found.residual;
  answer.verdict = found.verdict;
  answer.measurements = found.measurements;
  answer.environment = timer.environment();
  return answer;
}

}  // namespace vitlab::lab
