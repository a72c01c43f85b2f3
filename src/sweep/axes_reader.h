#pragma once

#include "core/config_reader.h"
#include "sweep/knob_check.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// Reads `axes`: a list of `grid: {knob: values}` (an axis per knob), `zip: {knob: values}` (one
/// axis, lists of one length) and `sample: {n, method, seed, of: {knob: values}}` (one axis).
/// Values are a list or `{range: [first, last], step: s}`; a sample also takes a range without a
/// step.
std::vector<SweepAxis> read_axes(core::ConfigReader& sweep, KnobCheck& knobs);

}  // namespace vitlab::sweep
