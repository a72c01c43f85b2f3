#pragma once

#include <string>

#include "predict/time_predictor.h"

namespace vitlab::cli {

/// The name of the device as records hold it. "cuda" asks the engine; CapabilityError if there is
/// none.
std::string device_words(const std::string& device);

/// Refuses a predictor that was trained on another machine than this one, naming both.
void check_is_here(const predict::TimePredictor& predictor, const std::string& path);

/// Refuses a predictor that was trained for another number of threads, naming both.
void check_threads(const predict::TimePredictor& predictor, const std::string& path,
                   std::int64_t threads);

}  // namespace vitlab::cli
