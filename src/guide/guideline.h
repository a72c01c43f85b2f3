#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vitlab::guide {

/// How far a guideline can be trusted: A confirmed out of sample in two contexts or more, B
/// confirmed on blocks held out, C seen in the sample only. What would be D is a NotSupported.
enum class Grade { kA, kB, kC };

/// 'A', 'B' or 'C'.
char grade_letter(Grade grade);

/// What moving a factor from `from` to `range` does to one metric, inside matched blocks.
struct Effect {
  std::string metric;
  double delta = 0;          // mean change; relative metrics (times, rates, sizes) in percent
  std::string unit;          // of delta, low and high: "%" or the metric's own unit
  double low = 0;            // interval of options.confidence
  double high = 0;           //
  double p = 1;              // before and
  double p_adjusted = 1;     // after Benjamini-Hochberg over all candidates of the table
  double superiority = 0;    // share of blocks in which the move is for the better
  bool is_better = false;    // delta points the better way
  bool is_off_zero = false;  // the interval excludes zero
  bool is_claim = false;     // the metric is one that the guideline rests on
};

/// One thing that was equal or covered in the blocks behind a claim ("dataset" -> digits).
struct ScopeItem {
  std::string name;
  std::vector<std::string> values;

  friend bool operator==(const ScopeItem&, const ScopeItem&) = default;
};

/// What stands behind a guideline: drop these rows from the table and it is gone.
struct Evidence {
  std::int64_t blocks = 0;
  std::int64_t seeds = 0;           // most in one block
  std::vector<std::string> models;  // ids, sorted
  std::vector<std::string> trials;  // ids, sorted
  std::string matched_on;           // "macs budgets" or "strata of parameters (±10 %)"
};

/// One sentence of advice, the numbers it rests on and where it holds.
struct Guideline {
  std::string id;                   // of factor, range, claim and scope: the same claim keeps it
  std::string statement;            // one sentence with effects, blocks, seeds and grade
  std::string factor;               // a knob
  std::vector<std::string> from;    // levels compared with
  std::vector<std::string> range;   // levels that may be the best, in their order
  std::vector<std::string> levels;  // all levels seen, in their order
  bool is_numeric = false;          // levels are numbers, `range` is a contiguous hull
  std::vector<Effect> effects;      // the claims first
  Grade grade = Grade::kC;
  std::string where_name;   // the context column, "budget" or knob it is confined to; "" for none
  std::string where_value;  // and its value there
  std::vector<ScopeItem> scope;
  Evidence evidence;
  std::vector<std::string> counter_evidence;  // sentences
};

/// A factor and metric for which the table does not carry a claim.
struct NotSupported {
  std::string factor;
  std::string metric;
  std::string reason;                          // one sentence without a full stop
  std::int64_t blocks = 0;                     // matched blocks at hand
  std::optional<std::int64_t> samples_needed;  // blocks that would settle it; none: no effect seen
};

struct GuideOptions {
  double false_discovery_rate = 0.1;
  double confidence = 0.95;
  std::int64_t draws = 4000;  // of each bootstrap and sampled permutation
  std::uint64_t seed = 0;
  std::map<std::string, double> margins;         // metric -> difference worth talking about
  std::map<std::string, std::string> reference;  // knob -> level of the model at hand, if known
};

/// Everything that a table of results says about its knobs.
struct GuideResult {
  std::vector<Guideline> guidelines;  // by factor, claims by metric
  std::vector<NotSupported> not_supported;
  std::int64_t tested = 0;  // candidates (factor, metric, stratum) that a test was made for
  double alpha = 0.1;       // the false discovery rate they share
  std::vector<std::string> notes;
};

}  // namespace vitlab::guide
