#include "train/learning_rate.h"

#include <cmath>
#include <numbers>

namespace vitlab::train {

namespace {

constexpr double kFirstRate = 1e-6;

}  // namespace

double learning_rate_at(const sweep::Recipe& recipe, graph::Index steps_per_epoch,
                        graph::Index step) {
  const auto at = static_cast<double>(step);
  const double warmup = recipe.warmup_epochs * static_cast<double>(steps_per_epoch);
  const double total = static_cast<double>(recipe.epochs * steps_per_epoch);
  if (at < warmup) return kFirstRate + (recipe.learning_rate - kFirstRate) * at / warmup;
  const double phase = std::numbers::pi * (at - warmup) / (total - warmup);
  return recipe.min_learning_rate +
         (recipe.learning_rate - recipe.min_learning_rate) * (1 + std::cos(phase)) / 2;
}

}  // namespace vitlab::train
