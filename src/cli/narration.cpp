#include "cli/narration.h"

#include "cli/command.h"
#include "core/text.h"

namespace vitlab::cli {

Narration::Narration()
    : sink_([this](const lab::Event& event) {
        std::visit([this](const auto& told) { tell(told); }, event);
      }) {}

// Lines amid the progress of many workers begin with an empty one, which ends the redrawn line.
void Narration::tell(const lab::Note& note) { log_line((note.from_stage ? "\n" : "") + note.text); }

void Narration::tell(const lab::StageEnded& stage) {
  if (stage.state != "done")
    log_line("\n" + stage.kind + " of " + stage.model + " ended as " + stage.state + ": " +
             stage.reason);
}

void Narration::tell(const lab::SolvedImprecisely& solved) {
  log_line(imprecise_text(solved.points));
}

void Narration::tell(const lab::JobBegun& job) {
  jobs_.push_back(std::make_unique<core::Progress>(job.label, job.total));
}

void Narration::tell(const lab::JobMoved& job) { jobs_.back()->update(job.done, job.note); }

void Narration::tell(const lab::JobEnded& job) {
  if (job.finished) jobs_.back()->finish();
  jobs_.pop_back();
}

std::string imprecise_text(const std::vector<sweep::Imprecise>& points) {
  if (points.empty()) return "";
  std::string text = "\n" + std::to_string(points.size()) +
                     " points fit their target by the middle of what was measured, whose interval "
                     "is wider than the tolerance (a longer protocol narrows it):\n";
  for (const sweep::Imprecise& one : points)
    text += "  " + core::dump_json(one.point) + ": " + core::significant(one.achieved, 4) + " (" +
            core::significant(one.low, 4) + " … " + core::significant(one.high, 4) + ")\n";
  return text;
}

}  // namespace vitlab::cli
