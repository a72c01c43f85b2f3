#include "lab/events.h"

#include <utility>

namespace vitlab::lab {

Job::Job(const EventSink& sink, std::string label, std::int64_t total) : sink_(sink) {
  sink_(JobBegun{std::move(label), total});
}

Job::~Job() {
  if (is_over_) return;
  try {
    sink_(JobEnded{false});
  } catch (...) {  // the error under way is the one to tell
  }
}

void Job::move_to(std::int64_t done, std::string note) { sink_(JobMoved{done, std::move(note)}); }

void Job::finish() {
  is_over_ = true;
  sink_(JobEnded{true});
}

}  // namespace vitlab::lab
