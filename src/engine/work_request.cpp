#include <chrono>
#include <map>
#include <set>
#include <thread>

#include <ATen/ATen.h>

#include "core/interrupt.h"
#include "engine/device_turn.h"
#include "engine/measure_stages.h"
#include "engine/requests.h"
#include "engine/stage_runs.h"
#include "store/claim.h"

namespace vitlab::engine {

namespace {

using Clock = std::chrono::steady_clock;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What became of a stage so far.
enum class Standing { kOpen, kDone, kEndedBadly, kGivenUp };

/// Works off one phase of a plan; several of these run at once, on any number of machines.
class Work {
 public:
  Work(const messages::WorkRequest& request, Events& events)
      : request_(request),
        store_(store::Store::open_or_create(request.store)),
        plan_(sweep::plan_from_json(store_.get_plan(request.plan), "plan")),
        events_(events),
        claimant_(store_) {
    for (const sweep::PlannedStage& stage : plan_.stages) by_id_[stage.id] = &stage;
    if (request_.retry_failed)
      for (const sweep::PlannedStage& stage : plan_.stages)
        forgiven_[stage.id] = failures(store_.read_attempts(stage.id));
  }

  graph::Index run() {
    std::vector<const sweep::PlannedStage*> open;
    for (const sweep::PlannedStage& stage : plan_.stages)
      if (stage.timed == request_.timed) open.push_back(&stage);
    if (request_.timed)
      measure_all(std::move(open));
    else
      work_off(std::move(open));
    return finished_;
  }

 private:
  // --- where a stage stands

  graph::Index failures(const store::StageAttempts& attempts) const {
    graph::Index count = 0;
    for (const store::StageRecord& record : attempts.records) {
      const bool lost_now =
          record.state == store::StageState::kLost && record.provenance.run == request_.run;
      count += record.state == store::StageState::kFailed ||
               record.state == store::StageState::kTimeout || lost_now;
    }
    return count;
  }

  Standing standing(const std::string& id) const {
    const store::StageAttempts attempts = store_.read_attempts(id);
    const store::StageRecord* winner = attempts.winner();
    if (winner && store::is_final(winner->state))
      return winner->state == store::StageState::kDone ? Standing::kDone : Standing::kEndedBadly;
    const auto forgiven = forgiven_.find(id);
    const graph::Index before = forgiven == forgiven_.end() ? 0 : forgiven->second;
    return failures(attempts) - before >= request_.attempts ? Standing::kGivenUp : Standing::kOpen;
  }

  /// The stage that this one starts from and that will never be done, if there is one.
  const sweep::PlannedStage* broken_dependency(const sweep::PlannedStage& stage,
                                               bool& waits) const {
    waits = false;
    for (const std::string& id : stage.after) {
      const Standing s = standing(id);
      if (s == Standing::kEndedBadly || s == Standing::kGivenUp) return by_id_.at(id);
      if (s == Standing::kOpen) waits = true;
    }
    return nullptr;
  }

  // --- untimed stages

  void work_off(std::vector<const sweep::PlannedStage*> open) {
    const store::DeviceLock lock = beside_others(events_);
    while (!open.empty()) {
      bool progressed = false;
      for (std::size_t i = 0; i < open.size();) {
        core::check_interrupt();
        if (try_stage(*open[i], progressed))
          open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        else
          ++i;
      }
      // The rest waits for other workers or is theirs.
      if (!progressed && !open.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  /// True if nothing is left to do for this stage, by us or anybody.
  bool try_stage(const sweep::PlannedStage& stage, bool& progressed) {
    if (standing(stage.id) != Standing::kOpen) return progressed = true;
    bool waits = false;
    const sweep::PlannedStage* broken = broken_dependency(stage, waits);
    if (waits && !broken) return false;
    std::optional<store::Claim> claim = claimant_.try_claim(stage.id);
    if (!claim) return false;
    if (standing(stage.id) != Standing::kOpen) return progressed = true;
    progressed = true;
    if (broken) {
      publish_unreachable(stage, *broken);
      return true;
    }
    store_.put_spec(sweep::stage_spec(stage, plan_.data_fingerprint, plan_.recipe));
    run_one(stage);
    return standing(stage.id) != Standing::kOpen;
  }

  void publish_unreachable(const sweep::PlannedStage& stage, const sweep::PlannedStage& broken) {
    store::StageRecord record = blank_record(stage);
    record.state = store::StageState::kInvalid;
    const auto cause = store_.read_record(broken.id);
    record.reason = "starts from " + broken.kind + ", which ended as " +
                    (cause ? std::string(core::word_of(cause->state)) : "nothing");
    if (cause && !cause->reason.empty()) record.reason += ": " + cause->reason;
    // A training that failed may yet be retried, and this stage with it.
    if (cause && !store::is_final(cause->state)) record.state = store::StageState::kFailed;
    finish(stage, std::move(record), nullptr, Clock::now());
  }

  void run_one(const sweep::PlannedStage& stage) {
    const auto start = Clock::now();
    begin(stage);
    store::StageRecord record = blank_record(stage);
    store::StagedFiles files = store_.stage_files(stage.id);
    const StageContext context{store_, plan_, stage,
                               [&](const std::string& note) { tell_progress(stage, note); }};
    try {
      run_stage(context, record, files);
    } catch (const core::Interrupted&) {
      throw;
    } catch (const core::UserError& error) {
      spoil(record, store::StageState::kInvalid, error.what());
    } catch (const c10::OutOfMemoryError& error) {
      spoil(record, store::StageState::kOutOfMemory, error.what_without_backtrace());
    } catch (const std::bad_alloc&) {
      spoil(record, store::StageState::kOutOfMemory, "no memory left");
    } catch (const c10::Error& error) {
      spoil(record, store::StageState::kFailed, error.what_without_backtrace());
    } catch (const std::exception& error) {
      spoil(record, store::StageState::kFailed, error.what());
    }
    finish(stage, std::move(record), &files, start);
  }

  static void spoil(store::StageRecord& record, store::StageState state,
                    const std::string& reason) {
    record.state = state;
    record.reason = first_line(reason);
    record.metrics.clear();
  }

  // --- timed stages

  void measure_all(std::vector<const sweep::PlannedStage*> open) {
    std::map<std::string, std::vector<const sweep::PlannedStage*>> groups;
    for (const sweep::PlannedStage* stage : open)
      if (stage->kind == "measure")
        groups[stage->device + core::canonical_json(stage->settings)].push_back(stage);
    for (auto& [key, stages] : groups) measure_group(stages);
    // Those whose models follow from another stage; what waits for one that another machine works
    // at is left to it.
    for (const sweep::PlannedStage* stage : open) {
      if (stage->kind == "measure") continue;
      core::check_interrupt();
      const store::DeviceLock lock = alone_on(stage->device, events_);
      bool progressed = false;
      try_stage(*stage, progressed);
    }
  }

  void measure_group(std::vector<const sweep::PlannedStage*> stages) {
    const store::DeviceLock lock = alone_on(stages.front()->device, events_);
    std::vector<store::Claim> claims;
    std::erase_if(stages, [&](const sweep::PlannedStage* stage) {
      if (standing(stage->id) != Standing::kOpen) return true;
      auto claim = claimant_.try_claim(stage->id);
      if (!claim) return true;  // somebody else, on another machine, measures it
      claims.push_back(std::move(*claim));
      return false;
    });
    if (stages.empty()) return;
    const auto start = Clock::now();
    for (const sweep::PlannedStage* stage : stages)
      store_.put_spec(sweep::stage_spec(*stage, plan_.data_fingerprint, plan_.recipe));
    begin(*stages.front());
    std::vector<store::StageRecord> records;
    try {
      records = run_measure_stages(
          plan_, stages, [&](std::int64_t done, std::int64_t total, const std::string& model) {
            events_.send(messages::StageProgress{
                {"", "measure", model, {}}, std::to_string(done) + "/" + std::to_string(total)});
          });
    } catch (const core::Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      for (const sweep::PlannedStage* stage : stages) {
        records.push_back(blank_record(*stage));
        spoil(records.back(), store::StageState::kFailed, error.what());
      }
    }
    for (std::size_t i = 0; i < stages.size(); ++i)
      finish(*stages[i], std::move(records[i]), nullptr, start);
  }

  // --- telling and publishing

  messages::StageEvent event_of(const sweep::PlannedStage& stage) const {
    return {stage.id, stage.kind, plan_.models.at(stage.model).name, stage.seed};
  }

  void begin(const sweep::PlannedStage& stage) {
    events_.send(messages::StageBegin{event_of(stage)});
  }

  void finish(const sweep::PlannedStage& stage, store::StageRecord record,
              store::StagedFiles* files, Clock::time_point start) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    record.provenance = provenance();
    record.provenance.seconds = seconds;
    record.provenance.worker = request_.worker;
    record.provenance.run = request_.run;
    const bool keeps_files = files && record.state == store::StageState::kDone;
    const messages::StageEnd end{event_of(stage), std::string(core::word_of(record.state)),
                                 record.reason, seconds};
    if (keeps_files)
      store_.publish(std::move(record), *files);
    else
      store_.publish(std::move(record));
    ++finished_;
    events_.send(end);
  }

  void tell_progress(const sweep::PlannedStage& stage, const std::string& note) {
    const auto now = Clock::now();
    if (now - last_progress_ < std::chrono::milliseconds(200)) return;
    last_progress_ = now;
    events_.send(messages::StageProgress{event_of(stage), note});
  }

  const messages::WorkRequest& request_;
  store::Store store_;
  sweep::Plan plan_;
  Events& events_;
  store::Claimant claimant_;
  std::map<std::string, const sweep::PlannedStage*> by_id_;
  std::map<std::string, graph::Index> forgiven_;
  graph::Index finished_ = 0;
  Clock::time_point last_progress_{};
};

}  // namespace

messages::WorkAnswer answer(const messages::WorkRequest& request, Events& events) {
  return {Work(request, events).run()};
}

}  // namespace vitlab::engine
