#include "lab/engines.h"

#include <memory>

namespace vitlab::lab {

core::Json EngineProcesses::answer(const core::Json& request, const schedule::OnEvent& on_event) {
  return schedule::run_engine(request, on_event);
}

void EngineProcesses::work(const store::Store& store, const schedule::PhaseRequest& phase,
                           const schedule::OnWorkerEvent& on_event) {
  schedule::run_phase(store, phase, on_event);
}

core::Json ask(Engines& engines, const core::Json& request, const std::string& label,
               const EventSink& sink) {
  std::unique_ptr<Job> job;
  std::int64_t total = -1;
  core::Json result = engines.answer(request, [&](const core::Json& event) {
    const auto kind = event.value("event", std::string());
    if (kind == "note") sink(Note{event.value("note", std::string())});
    if (kind != "progress") return;
    const auto of = event.value("total", std::int64_t{0});
    if (!job || of != total) {
      job.reset();  // the old one ends before the new one begins
      job = std::make_unique<Job>(sink, label, total = of);
    }
    job->move_to(event.value("done", std::int64_t{0}), event.value("note", std::string()));
  });
  if (job) job->finish();
  return result;
}

}  // namespace vitlab::lab
