#pragma once

#include <string>

#include "core/json.h"
#include "lab/events.h"
#include "schedule/engine_process.h"
#include "schedule/worker_pool.h"

namespace vitlab::lab {

/// The engines that the lab gives work to.
class Engines {
 public:
  virtual ~Engines() = default;

  /// Runs one request to its end and gives the result's payload; errors of the engine are thrown as
  /// what they were there.
  virtual core::Json answer(const core::Json& request, const schedule::OnEvent& on_event) = 0;
  /// Runs workers until nothing is left to do in a phase of a sweep, or throws Interrupted.
  virtual void work(const store::Store& store, const schedule::PhaseRequest& phase,
                    const schedule::OnWorkerEvent& on_event) = 0;
};

/// Processes of vitlab-engine beside the running program.
class EngineProcesses final : public Engines {
 public:
  core::Json answer(const core::Json& request, const schedule::OnEvent& on_event) override;
  void work(const store::Store& store, const schedule::PhaseRequest& phase,
            const schedule::OnWorkerEvent& on_event) override;
};

/// Asks an engine and tells its notes and its progress, as a job named `label`, to a sink.
core::Json ask(Engines& engines, const core::Json& request, const std::string& label,
               const EventSink& sink);

}  // namespace vitlab::lab
