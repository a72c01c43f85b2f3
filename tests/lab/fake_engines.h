#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "lab/run_sweep.h"
#include "messages/profile_answer.h"
#include "store/sample_records.h"
#include "sweep/named_config.h"
#include "sweep/plan.h"

namespace vitlab::lab {

/// Engines without tensors: they publish planted records and answer requests as a test says.
class FakeEngines final : public Engines {
 public:
  std::function<core::Json(const messages::Request&, const schedule::OnEvent&)> on_request;
  /// How a stage ends; kDone for all if empty.
  std::function<store::StageState(const sweep::PlannedStage&)> ends_as;
  std::optional<std::size_t> interrupted_after;  // so many stages

  std::vector<schedule::PhaseRequest> phases;
  std::vector<std::string> stages_run;
  std::size_t requests = 0;

  void work(const store::Store& store, const schedule::PhaseRequest& phase,
            const schedule::OnWorkerEvent& on_event) override {
    phases.push_back(phase);
    const sweep::Plan plan = sweep::plan_from_json(store.get_plan(phase.plan), "plan");
    for (const sweep::PlannedStage& stage : plan.stages) {
      if (stage.timed != phase.timed) continue;
      const auto record = store.read_record(stage.id);
      if (record && (store::is_final(record->state) || !phase.retry_failed)) continue;
      if (interrupted_after && stages_run.size() == *interrupted_after)
        throw core::Interrupted("interrupted; the same command resumes");
      run(store, plan, stage, on_event);
    }
  }

 private:
  core::Json result_of(const messages::Request& request,
                       const schedule::OnEvent& on_event) override {
    ++requests;
    if (!on_request) throw std::logic_error("no engine was to be asked");
    return on_request(request, on_event);
  }

  void run(const store::Store& store, const sweep::Plan& plan, const sweep::PlannedStage& stage,
           const schedule::OnWorkerEvent& on_event) {
    stages_run.push_back(stage.id);
    const messages::StageEvent event{stage.id, stage.kind, plan.models.at(stage.model).name, {}};
    on_event(0, messages::StageBegin{event});
    store::StageRecord record = planted_record(stage);
    record.state = ends_as ? ends_as(stage) : store::StageState::kDone;
    if (record.state != store::StageState::kDone) record.reason = "planted";
    const messages::StageEnd end{event, std::string(core::word_of(record.state)), record.reason, 0};
    store.publish(std::move(record));
    on_event(0, end);
  }

  static store::StageRecord planted_record(const sweep::PlannedStage& stage) {
    store::StageRecord record = store::sample_record(stage.id);
    record.kind = stage.kind;
    if (stage.kind == "cost")
      record.metrics = {{"params", "", 5000, "1", {}, {}, 1}, {"macs", "", 1e5, "1", {}, {}, 1}};
    if (stage.kind == "measure") {
      record.metrics = {{"throughput", "", 800, "images/s", 780.0, 820.0, 9}};
      messages::MeasureDetails details;
      details.environment.device = "a planted machine";
      details.runtime = "vitlab";
      details.protocol = {sweep::protocol_from_json(stage.settings, "protocol")};
      record.details = core::to_json(details);
    }
    return record;
  }
};

/// A folder with a sweep of two models and two seeds: two stages that cost, four that train, two
/// that measure.
class SweepFiles {
 public:
  explicit SweepFiles(const std::string& name = "tiny") {
    write("measure.yaml", "batch: 2\nwarmup_seconds: 0.02\ntimed_seconds: 0.1\nrounds: 2\n");
    write("sweep.yaml", "sweep: " + name + kBase + "  widths: [16, 24]\n" + kData);
  }

  static constexpr std::size_t kStages = 8, kUntimed = 6, kTimed = 2;
  static constexpr const char* kBase =
      "\nbase:\n  template: efficientvit\n  image_size: 16\n  classes: 4\n  stem_stride: 4\n"
      "  depths: [1, 1]\n  heads: 2\n  qk_dim: 4\n  kernels: [3, 3]\n  window: 4\n";
  static constexpr const char* kData =
      "data: synthetic:classes=4,size=16,count=160\naxes: [{grid: {mixer: [cascaded, full]}}]\n"
      "seeds: [0, 1]\nreference: {mixer: cascaded}\nstages: [cost, train, {measure: "
      "measure.yaml}]\n";

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string operator/(const std::string& name) const { return (folder_ / name).string(); }

  /// The sweep as it is to be run into the folder `store`.
  SweepRequest request(const std::string& store = "store") const {
    return read_sweeps({*this / "sweep.yaml"}, *this / store).at(0);
  }

 private:
  store::MemoryFolder folder_;
};

/// Events as they were told, in words.
class ToldEvents {
 public:
  const EventSink& sink() const { return sink_; }
  const std::vector<std::string>& lines() const { return lines_; }
  std::size_t count(const std::string& line) const {
    return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), line));
  }

 private:
  void tell(const Note& note) { lines_.push_back("note " + note.text); }
  void tell(const StageEnded& stage) {
    lines_.push_back(stage.kind + " " + stage.state + " " + stage.reason);
  }
  void tell(const SolvedImprecisely& solved) {
    lines_.push_back("imprecise " + std::to_string(solved.points.size()));
  }
  void tell(const JobBegun& job) {
    jobs_.push_back(job.label);
    lines_.push_back("begin " + job.label + " " + std::to_string(job.total));
  }
  void tell(const JobMoved& job) {
    lines_.push_back(jobs_.back() + " " + std::to_string(job.done));
  }
  void tell(const JobEnded& job) {
    lines_.push_back((job.finished ? "finish " : "drop ") + jobs_.back());
    jobs_.pop_back();
  }

  std::vector<std::string> lines_, jobs_;
  EventSink sink_ = [this](const Event& event) {
    std::visit([this](const auto& told) { tell(told); }, event);
  };
};

}  // namespace vitlab::lab
