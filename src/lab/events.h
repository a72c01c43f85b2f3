#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "sweep/plan.h"

namespace vitlab::lab {

/// A line that is worth reading, such as what an engine waits for.
struct Note {
  std::string text;
  bool from_stage = false;  // said by one of a sweep's workers, amid their common progress
};

/// A stage of a sweep has ended, well or not.
struct StageEnded {
  std::string kind, model, state, reason;
};

/// Points of a sweep were solved by measuring less closely than their target asks.
struct SolvedImprecisely {
  std::vector<sweep::Imprecise> points;
};

/// Work of `total` steps begins; jobs may begin inside one another.
struct JobBegun {
  std::string label;
  std::int64_t total = 0;
};

/// The innermost job that was begun stands at `done` steps; `note` says at what.
struct JobMoved {
  std::int64_t done = 0;
  std::string note;
};

/// The innermost job is over; not `finished` where an error ended it.
struct JobEnded {
  bool finished = true;
};

/// What the lab tells while it works.
using Event = std::variant<Note, StageEnded, SolvedImprecisely, JobBegun, JobMoved, JobEnded>;

/// Takes events, in the thread that works.
using EventSink = std::function<void(const Event&)>;

/// A job told to a sink: it begins here and ends, finished or not, with this object at the latest.
class Job {
 public:
  Job(const EventSink& sink, std::string label, std::int64_t total);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void move_to(std::int64_t done, std::string note = "");
  void finish();

 private:
  const EventSink& sink_;
  bool is_over_ = false;
};

}  // namespace vitlab::lab
