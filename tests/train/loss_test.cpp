#include "train/loss.h"

#include <cmath>

#include "model/mean_logits.h"
#include "test.hpp"

namespace vitlab::train {

TEST_CASE("smoothed targets hold the label's share and sum to one") {
  const std::vector<std::int64_t> labels{2, 0};
  const at::Tensor targets = soft_targets(labels, 4, 0.1);
  CHECK(targets[0][2].item<double>() == Approx(0.925));
  CHECK(targets[0][3].item<double>() == Approx(0.025));
  CHECK(targets[1][0].item<double>() == Approx(0.925));
  CHECK(targets.sum(1).sub(1).abs().max().item<double>() < 1e-6);
}

TEST_CASE("the loss is the cross entropy of soft targets, as computed by hand") {
  const at::Tensor logits = at::tensor({1.0, 2.0, 0.5, 0.0, 0.0, 3.0}, at::kDouble).view({2, 3});
  const at::Tensor targets = at::tensor({0.2, 0.7, 0.1, 0.0, 0.5, 0.5}, at::kDouble).view({2, 3});
  const double first = std::log(std::exp(1.0) + std::exp(2.0) + std::exp(0.5));
  const double second = std::log(2 + std::exp(3.0));
  const double by_hand = (0.2 * (first - 1) + 0.7 * (first - 2) + 0.1 * (first - 0.5) +
                          0.5 * second + 0.5 * (second - 3)) /
                         2;
  CHECK(soft_cross_entropy(logits, targets).item<double>() == Approx(by_hand));
  const at::Tensor other = at::zeros({2, 3}, at::kDouble);
  CHECK(mean_loss({logits, other}, targets).item<double>() ==
        Approx((by_hand + std::log(3.0)) / 2));
  CHECK(model::mean_logits({logits, other}).equal(logits / 2));
}

TEST_CASE("mixup blends each image and its target with its mirror in the batch") {
  const at::Tensor before = at::arange(4, at::kFloat).view({4, 1, 1, 1});
  const std::vector<std::int64_t> labels{0, 1, 2, 3};
  core::Random random(3);
  at::Tensor images = before, targets = soft_targets(labels, 4, 0);
  const double share = mix_up(images, targets, 0.8, random);
  REQUIRE((share > 0 && share < 1));
  for (graph::Index i = 0; i < 4; ++i) {
    const auto own = static_cast<double>(i);
    CHECK(images[i].item<double>() == Approx(share * own + (1 - share) * (3 - own)));
    CHECK(targets[i][i].item<double>() == Approx(share));
    CHECK(targets[i][3 - i].item<double>() == Approx(1 - share));
  }
  core::Random again(3);
  at::Tensor same = before, same_targets = soft_targets(labels, 4, 0);
  CHECK(mix_up(same, same_targets, 0.8, again) == share);
}

}  // namespace vitlab::train
