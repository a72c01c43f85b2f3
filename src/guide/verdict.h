#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guide/candidate.h"

namespace vitlab::guide {

/// What becomes of a candidate: a grade with what speaks against it, or a refusal.
struct Verdict {
  std::optional<Grade> grade;
  std::vector<std::string> against;  // sentences
  NotSupported refusal;              // where there is no grade
};

/// Judges one candidate; `all` are those that were tested with it.
Verdict judge(const Candidate& candidate, const std::vector<Candidate>& all,
              const Observations& observations, const GuideOptions& options);

}  // namespace vitlab::guide
