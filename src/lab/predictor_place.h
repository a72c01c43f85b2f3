#pragma once

#include <cstdint>
#include <string>

#include "lab/engines.h"
#include "predict/time_predictor.h"

namespace vitlab::lab {

/// The name of the device as records hold it. "cuda" asks an engine; CapabilityError if there is
/// none.
std::string device_words(const std::string& device, Engines& engines);

/// Refuses a predictor that was trained on another machine than this one, naming both.
void check_is_here(const predict::TimePredictor& predictor, const std::string& path,
                   Engines& engines);

/// Refuses a predictor that was trained for another number of threads, naming both.
void check_threads(const predict::TimePredictor& predictor, const std::string& path,
                   std::int64_t threads);

}  // namespace vitlab::lab
