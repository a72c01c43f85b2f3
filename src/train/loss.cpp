#include "train/loss.h"

#include "core/error.h"

namespace vitlab::train {

at::Tensor soft_targets(std::span<const std::int64_t> labels, graph::Index classes,
                        double smoothing) {
  const double elsewhere = smoothing / static_cast<double>(classes);
  const at::Tensor targets =
      at::full({static_cast<graph::Index>(labels.size()), classes}, elsewhere, at::kFloat);
  auto rows = targets.accessor<float, 2>();
  for (std::size_t i = 0; i < labels.size(); ++i)
    rows[static_cast<graph::Index>(i)][labels[i]] = static_cast<float>(1 - smoothing + elsewhere);
  return targets;
}

double mix_up(at::Tensor& images, at::Tensor& targets, double alpha, core::Random& random) {
  const double share = random.beta(alpha, alpha);
  images = images * share + images.flip(0) * (1 - share);
  targets = targets * share + targets.flip(0) * (1 - share);
  return share;
}

at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return (at::log_softmax(logits, -1) * targets).sum(-1).mean().neg();
}

at::Tensor mean_loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets) {
  core::ensure(!outputs.empty(), "a model has an output");
  at::Tensor sum = soft_cross_entropy(outputs[0], targets);
  for (std::size_t i = 1; i < outputs.size(); ++i)
    sum = sum + soft_cross_entropy(outputs[i], targets);
  return outputs.size() == 1 ? sum : sum / static_cast<double>(outputs.size());
}

}  // namespace vitlab::train
