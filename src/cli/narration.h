#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/progress.h"
#include "lab/events.h"

namespace vitlab::cli {

/// Tells on stderr what the lab does: lines of log, and a line of progress for the innermost job.
class Narration {
 public:
  Narration();
  Narration(const Narration&) = delete;
  Narration& operator=(const Narration&) = delete;

  const lab::EventSink& sink() const { return sink_; }

 private:
  void tell(const lab::Note& note);
  void tell(const lab::StageEnded& stage);
  void tell(const lab::SolvedImprecisely& solved);
  void tell(const lab::JobBegun& job);
  void tell(const lab::JobMoved& job);
  void tell(const lab::JobEnded& job);

  lab::EventSink sink_;
  std::vector<std::unique_ptr<core::Progress>> jobs_;
};

/// Names the points whose speed was measured less closely than their target asks; "" if none.
std::string imprecise_text(const std::vector<sweep::Imprecise>& points);

}  // namespace vitlab::cli
