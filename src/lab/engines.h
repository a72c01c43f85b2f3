#pragma once

#include <memory>
#include <string>
#include <utility>

#include "lab/events.h"
#include "schedule/engine_process.h"
#include "schedule/worker_pool.h"

namespace vitlab::lab {

/// The engines that the lab gives work to.
class Engines {
 public:
  virtual ~Engines() = default;

  /// Runs one request to its end; errors of the engine are thrown as what they were there.
  template <typename Request>
  typename Request::Answer answer(const Request& request, const schedule::OnEvent& on_event = {}) {
    return schedule::answer_of<Request>(result_of(request, on_event));
  }
  /// Runs workers until nothing is left to do in a phase of a sweep, or throws Interrupted.
  virtual void work(const store::Store& store, const schedule::PhaseRequest& phase,
                    const schedule::OnWorkerEvent& on_event) = 0;

 private:
  /// The result's payload.
  virtual core::Json result_of(const messages::Request& request,
                               const schedule::OnEvent& on_event) = 0;
};

/// Processes of vitlab-engine beside the running program.
class EngineProcesses final : public Engines {
 public:
  void work(const store::Store& store, const schedule::PhaseRequest& phase,
            const schedule::OnWorkerEvent& on_event) override;

 private:
  core::Json result_of(const messages::Request& request,
                       const schedule::OnEvent& on_event) override;
};

/// Tells what an engine says of one request to a sink: notes, and progress as a job.
class RequestJob {
 public:
  RequestJob(const EventSink& sink, std::string label) : sink_(sink), label_(std::move(label)) {}

  void note(const messages::Event& event);
  void finish();

 private:
  const EventSink& sink_;
  std::string label_;
  std::unique_ptr<Job> job_;
  std::int64_t total_ = -1;
};

/// Asks an engine and tells its notes and its progress, as a job named `label`, to a sink.
template <typename Request>
typename Request::Answer ask(Engines& engines, const Request& request, const std::string& label,
                             const EventSink& sink) {
  RequestJob job(sink, label);
  auto answer = engines.answer(request, [&](const messages::Event& event) { job.note(event); });
  job.finish();
  return answer;
}

}  // namespace vitlab::lab
