#include "predict/sample_file.h"

#include <array>
#include <fstream>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/files.h"
#include "stats/summary.h"

namespace vitlab::predict {

namespace {

constexpr std::size_t kMostSampleBytes = std::size_t{1} << 30;

std::string sample_key(const core::Json& knobs, bool is_test) {
  return (is_test ? "test " : "train ") + core::canonical_json(knobs);
}

/// Whether a model is one to learn from or one to test with.
enum class SampleSet : std::uint8_t { kTrain, kTest };
struct SampleSetRow {
  SampleSet value;
  std::string_view word;
};
constexpr std::array kSampleSets{SampleSetRow{SampleSet::kTrain, "train"},
                                 SampleSetRow{SampleSet::kTest, "test"}};
static_assert(core::is_whole(kSampleSets));
constexpr const auto& choice_rows(SampleSet) { return kSampleSets; }

/// A line of the file: a model, and its times.
struct SampleLine : SampleTimes {
  SampleSet set = SampleSet::kTrain;
  core::Json knobs;

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("set", &SampleLine::set),
                                     core::required("knobs", &SampleLine::knobs)},
                          SampleTimes::fields());
  }
};

std::vector<double> seconds_of(std::vector<double> microseconds) {
  for (double& x : microseconds) x *= 1e-6;
  return microseconds;
}

CalibrationSample sample_of(const SampleLine& line) {
  CalibrationSample sample;
  sample.is_test = line.set == SampleSet::kTest;
  sample.knobs = line.knobs;
  sample.seconds = 1e-3 * line.latency_ms;
  sample.p5 = 1e-3 * line.p5_ms;
  sample.p95 = 1e-3 * line.p95_ms;
  sample.reference = 1e-3 * line.reference_ms;
  sample.op_seconds = seconds_of(line.ops_us);
  sample.op_isolated = seconds_of(line.isolated_us);
  return sample;
}

}  // namespace

SampleFile::SampleFile(std::filesystem::path path, const core::Json& header)
    : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) {
    core::write_file_atomically(path_, core::dump_json(header) + "\n");
    return;
  }
  const std::string text = core::read_text_file(path_, kMostSampleBytes);
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < whole;) {
    const std::size_t end = text.find('\n', begin);
    const std::string place = path_.string() + ":" + std::to_string(++number);
    const core::Json line =
        core::parse_json(std::string_view(text).substr(begin, end - begin), place);
    if (number > 1)
      take(line, place);
    else if (core::canonical_json(line) != core::canonical_json(header))
      throw core::UserError(place + ": these samples are of another protocol, machine or seed (" +
                            core::dump_json(line) + "); name another --out or remove the file");
    begin = end + 1;
  }
  if (whole == 0 || whole < text.size())  // cut short while it was written
    core::write_file_atomically(
        path_, whole == 0 ? core::dump_json(header) + "\n" : text.substr(0, whole));
}

void SampleFile::take(const core::Json& line, const std::string& place) {
  CalibrationSample sample;
  try {
    sample = sample_of(core::from_json<SampleLine>(line, place + ":"));
  } catch (const core::UserError& error) {
    throw core::UserError(std::string(error.what()) + "; remove the line");
  }
  if (!(sample.seconds > 0 && sample.reference > 0 && sample.p5 > 0))
    throw core::UserError(place + ": times must be positive; remove the line");
  const std::string key = sample_key(sample.knobs, sample.is_test);
  ++counts_[key];
  const auto [entry, is_new] = index_.try_emplace(key, samples_.size());
  if (is_new)
    samples_.push_back(std::move(sample));
  else if (sample.spread() < samples_[entry->second].spread())
    samples_[entry->second] = std::move(sample);
}

bool SampleFile::has(const core::Json& knobs, bool is_test) const {
  return index_.contains(sample_key(knobs, is_test));
}

std::size_t SampleFile::count(bool is_test) const {
  std::size_t count = 0;
  for (const CalibrationSample& sample : samples_) count += sample.is_test == is_test;
  return count;
}

int SampleFile::measured(const core::Json& knobs, bool is_test) const {
  const auto found = counts_.find(sample_key(knobs, is_test));
  return found == counts_.end() ? 0 : found->second;
}

void SampleFile::add(const core::Json& knobs, bool is_test, const SampleTimes& times) {
  const core::Json line =
      core::to_json(SampleLine{times, is_test ? SampleSet::kTest : SampleSet::kTrain, knobs});
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << core::dump_json(line) << "\n" << std::flush;
  if (!file) throw core::Failure("cannot write " + path_.string());
  take(line, path_.string());
}

std::vector<OpFeatures> features_of_knobs(const core::Json& knobs,
                                          const PredictorSetting& setting) {
  return features_for(architecture::build_graph(architecture::expand_knobs(knobs, "knobs")),
                      setting);
}

std::vector<TimedGraph> timed_graphs(const std::vector<CalibrationSample>& samples, bool is_test,
                                     const PredictorSetting& setting) {
  // One unit of time for both sets, that of training: what is tested must not move it.
  std::vector<double> references;
  for (const CalibrationSample& sample : samples)
    if (!sample.is_test) references.push_back(sample.reference);
  if (references.empty()) throw core::UserError("there are no samples of training models");
  const double usual = stats::median(references);
  std::vector<TimedGraph> result;
  for (const CalibrationSample& sample : samples) {
    if (sample.is_test != is_test) continue;
    const double drift = sample.reference / usual;
    TimedGraph timed;
    timed.ops = features_of_knobs(sample.knobs, setting);
    if (timed.ops.size() != sample.op_seconds.size())
      throw core::UserError("a sample has times of " + std::to_string(sample.op_seconds.size()) +
                            " ops, its model has " + std::to_string(timed.ops.size()) +
                            ": it was measured by another version; calibrate anew (" +
                            core::dump_json(sample.knobs) + ")");
    for (const double seconds : sample.op_seconds) timed.op_seconds.push_back(seconds / drift);
    timed.seconds = sample.seconds / drift;
    result.push_back(std::move(timed));
  }
  return result;
}

}  // namespace vitlab::predict
