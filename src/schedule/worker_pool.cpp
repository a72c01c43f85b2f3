#include "schedule/worker_pool.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <poll.h>
#include <signal.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "schedule/engine_process.h"

namespace vitlab::schedule {

namespace {

/// An engine and the stage that it is at.
struct Worker {
  EngineProcess engine;
  int number = 0;
  std::string stage;  // "" between stages
  std::string kind;
  std::optional<messages::Error> error;
};

class Pool {
 public:
  Pool(const store::Store& store, const PhaseRequest& request, const OnWorkerEvent& on_event)
      : store_(store), request_(request), on_event_(on_event) {}

  void run() {
    for (int i = 0; i < request_.workers; ++i) start(i);
    while (!workers_.empty()) {
      wait_for_events();
      if (core::interrupt_requested() && !signalled_) {
        signalled_ = true;
        for (const Worker& worker : workers_) worker.engine.send_signal(SIGINT);
      }
      for (std::size_t i = workers_.size(); i-- > 0;) serve(i);
    }
    if (signalled_) throw core::Interrupted("interrupted; the same command resumes");
    if (fatal_) throw_engine_error(*fatal_);
  }

 private:
  void start(int number) {
    messages::WorkRequest request;
    request.store = store_.folder();
    request.plan = request_.plan;
    request.timed = request_.timed;
    request.attempts = request_.attempts;
    request.retry_failed = request_.retry_failed && restarts_ == 0;
    request.run = request_.run;
    request.worker = number;
    workers_.push_back({EngineProcess(request), number, "", "", std::nullopt});
  }

  void wait_for_events() {
    std::vector<pollfd> ready;
    ready.reserve(workers_.size());
    for (const Worker& worker : workers_)
      ready.push_back({worker.engine.event_descriptor(), POLLIN, 0});
    poll(ready.data(), ready.size(), 100);
  }

  void serve(std::size_t i) {
    Worker& worker = workers_[i];
    const bool open = worker.engine.read_available();
    while (auto event = worker.engine.take_event()) note(worker, std::move(*event));
    if (!open) end(i);
  }

  void note(Worker& worker, messages::Event event) {
    if (auto* problem = std::get_if<messages::Error>(&event)) {
      worker.error = std::move(*problem);
      return;
    }
    if (const auto* begun = std::get_if<messages::StageBegin>(&event)) {
      worker.stage = begun->id;
      worker.kind = begun->kind;
    } else if (std::holds_alternative<messages::StageEnd>(event)) {
      worker.stage.clear();
    }
    if (on_event_) on_event_(worker.number, event);
  }

  void end(std::size_t i) {
    Worker worker = std::move(workers_[i]);
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
    const int status = worker.engine.wait();
    if (worker.error && worker.error->kind != messages::ErrorKind::kInterrupted) {
      fatal_ = worker.error;  // such as a full disk: no engine would fare better
      for (const Worker& other : workers_) other.engine.send_signal(SIGINT);
      return;
    }
    const bool died = status < 0 || (status != 0 && !worker.error);
    if (!died || signalled_ || fatal_) return;
    if (!worker.stage.empty()) record_loss(worker, status);
    if (++restarts_ > 20 + 3 * request_.workers)
      throw core::Failure("engines keep dying; the last ended with " + describe_exit(status));
    start(worker.number);
  }

  void record_loss(const Worker& worker, int status) {
    store::StageRecord record;
    record.id = worker.stage;
    record.kind = worker.kind;
    record.state = store::StageState::kLost;
    record.reason = "the engine died: " + describe_exit(status);
    if (status == -SIGKILL) record.reason += "; killed from outside, perhaps for lack of memory";
    record.provenance.run = request_.run;
    store_.publish(std::move(record));
  }

  const store::Store& store_;
  const PhaseRequest& request_;
  const OnWorkerEvent& on_event_;
  std::vector<Worker> workers_;
  std::optional<messages::Error> fatal_;
  bool signalled_ = false;
  int restarts_ = 0;
};

}  // namespace

void run_phase(const store::Store& store, const PhaseRequest& request,
               const OnWorkerEvent& on_event) {
  Pool(store, request, on_event).run();
}

}  // namespace vitlab::schedule
