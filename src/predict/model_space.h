#pragma once

#include <vector>

#include "core/json.h"
#include "core/random.h"
#include "graph/shape.h"

namespace vitlab::predict {

/// Which of the drawn models are kept: those whose guessed forward (predict/time_guess.h) of
/// `batch` images on `threads` threads lies between the two times.
struct ModelSpaceLimits {
  graph::Index batch = 4;
  graph::Index threads = 1;
  double least_seconds = 0.003;
  double most_seconds = 0.06;
};

/// Knobs of models that a researcher would sweep, drawn one after the other: templates
/// efficientvit (40 %), vit (25 %), swin (20 %), mobilenet and mobilevit (the rest), over image
/// size, widths, depths, heads, QK and V width, FFN ratio and count, mixer, kernels, window, norm
/// and activation. Every one builds. The same random numbers give the same models.
std::vector<core::Json> draw_models(core::Random& random, std::size_t count,
                                    const ModelSpaceLimits& limits);

}  // namespace vitlab::predict
