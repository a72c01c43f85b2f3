#include "lab/engines.h"

namespace vitlab::lab {

void EngineProcesses::work(const store::Store& store, const schedule::PhaseRequest& phase,
                           const schedule::OnWorkerEvent& on_event) {
  schedule::run_phase(store, phase, on_event);
}

core::Json EngineProcesses::result_of(const messages::Request& request,
                                      const schedule::OnEvent& on_event) {
  return schedule::run_request(request, on_event);
}

void RequestJob::note(const messages::Event& event) {
  if (const auto* said = std::get_if<messages::Note>(&event)) sink_(Note{said->note});
  const auto* progress = std::get_if<messages::Progress>(&event);
  if (!progress) return;
  if (!job_ || progress->total != total_) {
    job_.reset();  // the old one ends before the new one begins
    job_ = std::make_unique<Job>(sink_, label_, total_ = progress->total);
  }
  job_->move_to(progress->done, progress->note);
}

void RequestJob::finish() {
  if (job_) job_->finish();
}

}  // namespace vitlab::lab
