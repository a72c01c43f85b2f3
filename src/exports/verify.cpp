#include "exports/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "core/text.h"
#include "model/executor.h"
#include "model/mean_logits.h"

namespace vitlab::exports {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

at::Tensor normal_images(const architecture::ImageShape& image, graph::Index batch,
                         std::uint64_t seed) {
  return at::randn({batch, image.channels, image.height, image.width},
                   at::detail::createCPUGenerator(seed), at::kFloat);
}

double largest(const at::Tensor& tensor) {
  const auto value = tensor.abs().max().item<double>();
  return std::isfinite(value) ? value : kInfinite;
}

void widen(Difference& difference, const at::Tensor& got, const at::Tensor& expected) {
  if (got.sizes() != expected.sizes()) {
    difference = {kInfinite, kInfinite};
    return;
  }
  const at::Tensor wide = expected.to(at::kDouble);
  const double absolute = largest(got.to(at::kDouble) - wide), scale = largest(wide);
  difference.absolute = std::max(difference.absolute, absolute);
  difference.relative = std::max(difference.relative, scale > 0 ? absolute / scale : absolute);
}

}  // namespace

const std::vector<std::uint64_t>& Verification::seeds() {
  static const std::vector<std::uint64_t> kSeeds{0, 1, 2};
  return kSeeds;
}

const std::vector<graph::Index>& Verification::batches() {
  static const std::vector<graph::Index> kBatches{1, 3};
  return kBatches;
}

Verification::Verification(const ExportModel& model) {
  const model::Executor executor(model.graph);
  for (const std::uint64_t seed : seeds()) {
    for (const graph::Index batch : batches()) {
      const at::Tensor images = normal_images(model.spec.image, batch, seed);
      const at::Tensor logits = model::mean_logits(executor.run(model.weights, images).outputs);
      if (!logits.isfinite().all().item<bool>())
        throw core::UserError("the weights of " + model.name + " (" + model.origin +
                              ") give logits that are not finite; export other weights");
      samples_.push_back({images, logits});
    }
  }
}

Difference Verification::difference(const Forward& forward) const {
  Difference difference;
  for (const Sample& sample : samples_) widen(difference, forward(sample.images), sample.expected);
  return difference;
}

messages::FormCheck verified(const Verification& verification, const std::string& what,
                             std::string_view runner, const Forward& forward, double limit) {
  const Difference found = verification.difference(forward);
  if (!(found.relative <= limit))
    throw core::Failure(
        what + " does not compute what vitlab computes: the relative difference is " +
        core::significant(found.relative, 3) + " (" + std::string(runner) + "), at most " +
        core::significant(limit, 3) + " is allowed; nothing was written");
  return {std::string(runner), Verification::seeds(), Verification::batches(),
          found.absolute,      found.relative,        limit};
}

Forward deployed_forward(const ExportModel& model) {
  DeployedModel folded = deployed(model);
  return [executor = model::Executor(std::move(folded.graph)),
          weights = std::move(folded.weights)](const at::Tensor& images) {
    return model::mean_logits(executor.run(weights, images).outputs);
  };
}

}  // namespace vitlab::exports
