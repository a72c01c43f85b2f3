#pragma once

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "exports/export_format.h"
#include "messages/export_answer.h"

namespace vitlab::exports {

/// How far apart two forwards are at most, over all images: absolute, and over the largest logit.
struct Difference {
  double absolute = 0;
  double relative = 0;
};

/// Images of fixed seeds and batch sizes with what vitlab's plain forward answers to them: what
/// every written format is held against.
class Verification {
 public:
  /// Throws UserError if the model's own logits are not finite.
  explicit Verification(const ExportModel& model);

  /// Over all seeds and batch sizes; infinite where shapes differ or a value is not a number.
  Difference difference(const Forward& forward) const;

  static const std::vector<std::uint64_t>& seeds();
  static const std::vector<graph::Index>& batches();

 private:
  struct Sample {
    at::Tensor images;
    at::Tensor expected;
  };
  std::vector<Sample> samples_;
};

/// One row of verify.json: what ran, on what, how far off, and the limit. Throws Failure if the
/// relative difference is over the limit.
messages::FormCheck verified(const Verification& verification, const std::string& what,
                             std::string_view runner, const Forward& forward, double limit);

/// The folded form of a model, run by vitlab.
Forward deployed_forward(const ExportModel& model);

}  // namespace vitlab::exports
