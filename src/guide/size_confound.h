#pragma once

#include <string>
#include <vector>

#include "guide/level_claim.h"

namespace vitlab::guide {

/// How far a claim is one about size: correlations inside blocks between being in the range and
/// the metric, plain and given the size.
struct SizeConfound {
  std::string size;           // "params" or "macs"
  double plain = 0;           // Spearman's rho; NaN where undefined
  stats::Estimate partial;    // given the size; NaN where the size follows from the level
  bool is_explained = false;  // given the size, rho is within its noise of zero or more than halved
};

/// One entry for params and macs each, where they vary inside blocks and every model has them.
std::vector<SizeConfound> size_confounds(const Comparison& comparison, const Factor& factor,
                                         const LevelClaim& claim,
                                         const std::map<std::string, ModelFacts>& models,
                                         const GuideOptions& options);

}  // namespace vitlab::guide
