#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "predict/time_predictor.h"

namespace vitlab::predict {

/// A predictor as it is written: everything that predict_time() reads, and a checksum over it.
core::Json predictor_json(const TimePredictor& predictor);

/// The inverse; throws UserError naming `source` and the key for what is missing, of another kind,
/// out of range, or changed since it was written.
TimePredictor predictor_from_json(const core::Json& json, const std::string& source);

void write_predictor(const TimePredictor& predictor, const std::filesystem::path& path);
TimePredictor read_predictor(const std::filesystem::path& path);

}  // namespace vitlab::predict
