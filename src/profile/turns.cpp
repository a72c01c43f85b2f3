#include "profile/turns.h"

#include <algorithm>

#include "core/error.h"
#include "profile/environment.h"
#include "profile/stopwatch.h"
#include "profile/timed_model.h"
#include "stats/intervals.h"

namespace vitlab::profile {

namespace {

/// The room that a candidate is given beyond what it is expected to take.
constexpr double kRoom = 1.2;
/// Of a candidate that was open before: its pages and caches only.
constexpr double kSecondWarmUp = 0.2;

/// The first forward is not counted: another candidate has filled the caches.
std::vector<double> take_turn(TimedRun& run, const sweep::Protocol& protocol) {
  const double share = protocol.timed_seconds / static_cast<double>(protocol.rounds);
  run.forward();
  std::vector<double> seconds;
  const Stopwatch watch;
  while (static_cast<graph::Index>(seconds.size()) < protocol.min_samples ||
         watch.seconds() < share)
    seconds.push_back(run.forward());
  return seconds;
}

class Turns {
 public:
  Turns(const std::vector<Candidate>& candidates, const TimingNotice& notice)
      : candidates_(candidates),
        notice_(notice),
        runs_(candidates.size()),
        last_used_(candidates.size(), 0),
        turns_(candidates.size()) {
    for (const Candidate& candidate : candidates) {
      total_ += candidate.protocol.rounds + 1;
      rounds_ = std::max(rounds_, candidate.protocol.rounds);
    }
  }

  std::vector<TimedTurns> take(const TurnOptions& options) {
    for (std::size_t i = 0; i < runs_.size(); ++i)
      attempt(i, [&] { open(i, candidates_[i].protocol.warmup_seconds); });
    if (options.when_warm) options.when_warm();
    for (graph::Index round = 0; round < rounds_; ++round)
      take_round(round, [&](std::size_t i) { return round < candidates_[i].protocol.rounds; });
    const auto is_wanted = [&](std::size_t i) {
      return !is_over(i) && !is_settled(turns_[i].rounds, options.until);
    };
    for (graph::Index round = rounds_; options.until > 0 && round < options.most * rounds_; ++round)
      if (!take_round(round, is_wanted)) break;
    return std::move(turns_);
  }

 private:
  /// Whether anybody had a turn.
  template <typename Wanted>
  bool take_round(graph::Index round, Wanted&& wanted) {
    bool any = false;
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const std::size_t i = round % 2 == 0 ? k : runs_.size() - 1 - k;
      if (!wanted(i)) continue;
      if (round >= rounds_) ++total_;
      any |= !is_over(i);
      attempt(i, [&] {
        const sweep::Protocol& protocol = candidates_[i].protocol;
        if (runs_[i] == nullptr) open(i, std::min(kSecondWarmUp, protocol.warmup_seconds));
        turns_[i].rounds.push_back(take_turn(*runs_[i], protocol));
      });
    }
    return any;
  }

  bool is_over(std::size_t i) const { return turns_[i].out_of_memory || turns_[i].failed; }

  void open(std::size_t i, double warmup_seconds) {
    make_room(i);
    runs_[i] = candidates_[i].open();
    runs_[i]->warm_up(warmup_seconds);
    turns_[i].about = runs_[i]->about();
  }

  /// Closes what waited longest until the candidate is expected to fit.
  void make_room(std::size_t i) {
    const double wanted = kRoom * static_cast<double>(candidates_[i].bytes);
    while (static_cast<double>(usable_memory_bytes()) < wanted && close_oldest(i)) {
    }
  }

  bool close_oldest(std::size_t but) {
    std::size_t oldest = but;
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (i != but && runs_[i] != nullptr && (oldest == but || last_used_[i] < last_used_[oldest]))
        oldest = i;
    if (oldest == but) return false;
    runs_[oldest].reset();
    return true;
  }

  template <typename Work>
  void attempt(std::size_t i, Work&& work) {
    const Candidate& candidate = candidates_[i];
    const ThreadsInUse threads(candidate.protocol.threads);
    last_used_[i] = ++clock_;
    try {
      if (!is_over(i)) {
        std::optional<std::string> reason = out_of_memory(candidate.protocol.batch, work);
        if (reason) reason = attempt_alone(i, work);
        if (reason) end(i, turns_[i].out_of_memory, *reason);
      }
    } catch (const core::Failure& error) {
      end(i, turns_[i].failed, error.what());
    }
    if (notice_) notice_(++done_, total_, candidate.name);
  }

  /// Memory may be short because others hold it.
  template <typename Work>
  std::optional<std::string> attempt_alone(std::size_t i, Work&& work) {
    runs_[i].reset();
    while (close_oldest(i)) {
    }
    return out_of_memory(candidates_[i].protocol.batch, work);
  }

  void end(std::size_t i, std::optional<std::string>& why, std::string reason) {
    why = std::move(reason);
    turns_[i].rounds.clear();
    runs_[i].reset();
  }

  const std::vector<Candidate>& candidates_;
  const TimingNotice& notice_;
  std::vector<std::unique_ptr<TimedRun>> runs_;
  std::vector<std::int64_t> last_used_;
  std::vector<TimedTurns> turns_;
  std::int64_t clock_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  graph::Index rounds_ = 0;
};

}  // namespace

std::vector<TimedTurns> take_turns(const std::vector<Candidate>& candidates,
                                   const TurnOptions& options, const TimingNotice& notice) {
  return Turns(candidates, notice).take(options);
}

bool is_settled(const std::vector<std::vector<double>>& rounds, double share) {
  constexpr stats::BootstrapSettings kSettings{.draws = 400};
  const std::vector<double> seconds = joined(rounds);
  if (seconds.size() < 2) return false;
  const stats::Estimate middle = stats::bootstrap_median(seconds, kSettings);
  return middle.high - middle.value <= share * middle.value &&
         middle.value - middle.low <= share * middle.value;
}

std::vector<double> joined(const std::vector<std::vector<double>>& rounds) {
  std::vector<double> all;
  for (const std::vector<double>& round : rounds) all.insert(all.end(), round.begin(), round.end());
  return all;
}

}  // namespace vitlab::profile
