#pragma once

#include <functional>
#include <vector>

#include "engine/stage_runs.h"

namespace vitlab::engine {

/// Measures the models of timed stages that share one protocol, taking turns with the reference
/// model, then profiles each; one record a stage. The caller holds the device alone.
std::vector<store::StageRecord> run_measure_stages(
    const sweep::Plan& plan, const std::vector<const sweep::PlannedStage*>& stages,
    const std::function<void(std::int64_t done, std::int64_t total, const std::string& note)>&
        note);

}  // namespace vitlab::engine
