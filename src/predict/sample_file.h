#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json_fields.h"
#include "predict/train_predictor.h"

namespace vitlab::predict {

/// Times of one model and its ops, beside a reference in the same turns.
struct SampleTimes {
  double latency_ms = 0, p5_ms = 0, p95_ms = 0;
  double reference_ms = 0;      // of the reference model in the same turns
  std::uint64_t forwards = 0;   // that were timed
  std::uint64_t disturbed = 0;  // rounds that were set aside
  std::vector<double> ops_us;
  std::vector<double> isolated_us;  // each op on its own; empty: not asked for

  bool operator==(const SampleTimes&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("latency_ms", &SampleTimes::latency_ms),
                      core::required("p5_ms", &SampleTimes::p5_ms),
                      core::required("p95_ms", &SampleTimes::p95_ms),
                      core::required("reference_ms", &SampleTimes::reference_ms),
                      core::required("forwards", &SampleTimes::forwards),
                      core::required("disturbed", &SampleTimes::disturbed),
                      core::required("ops_us", &SampleTimes::ops_us),
                      core::optional("isolated_us", &SampleTimes::isolated_us)};
  }
};

/// One drawn model as it was measured; times in seconds.
struct CalibrationSample {
  bool is_test = false;
  core::Json knobs;
  double seconds = 0, p5 = 0, p95 = 0;
  double reference = 0;  // of the reference model in the same turns
  std::vector<double> op_seconds, op_isolated;

  double spread() const { return p95 / p5; }
};

/// Samples of one calibration, a JSON object a line, so that what was measured outlives an
/// interrupted command. The first line says what they were measured for.
class SampleFile {
 public:
  /// Opens or begins the file. Throws UserError with the place if a line cannot be read (a last
  /// line that was cut short is dropped) or if the file belongs to another `header`.
  SampleFile(std::filesystem::path path, const core::Json& header);

  /// The latest sample of each model, or the one with the smallest spread if it was measured again.
  const std::vector<CalibrationSample>& samples() const { return samples_; }
  bool has(const core::Json& knobs, bool is_test) const;
  std::size_t count(bool is_test) const;
  /// How often a model was measured.
  int measured(const core::Json& knobs, bool is_test) const;

  /// Appends a line and flushes it.
  void add(const core::Json& knobs, bool is_test, const SampleTimes& times);

 private:
  void take(const core::Json& line, const std::string& place);

  std::filesystem::path path_;
  std::vector<CalibrationSample> samples_;
  std::map<std::string, std::size_t> index_;  // by set and knobs
  std::map<std::string, int> counts_;
};

/// The samples of one set with drift divided out: all times over the reference's beside them, times
/// the reference's median over the training samples. Features are computed from the knobs.
std::vector<TimedGraph> timed_graphs(const std::vector<CalibrationSample>& samples, bool is_test,
                                     const PredictorSetting& setting);

/// The features of the model that knobs make.
std::vector<OpFeatures> features_of_knobs(const core::Json& knobs, const PredictorSetting& setting);

}  // namespace vitlab::predict
