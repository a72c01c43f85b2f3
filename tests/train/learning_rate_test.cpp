#include "train/learning_rate.h"

#include "test.hpp"

namespace vitlab::train {

TEST_CASE("the learning rate climbs on a line from 1e-6, then falls on half a cosine") {
  sweep::Recipe recipe;
  recipe.epochs = 10;
  recipe.warmup_epochs = 2;
  recipe.learning_rate = 1e-2;
  recipe.min_learning_rate = 1e-4;
  CHECK(learning_rate_at(recipe, 5, 0) == Approx(1e-6));
  CHECK(learning_rate_at(recipe, 5, 5) == Approx((1e-6 + 1e-2) / 2));
  CHECK(learning_rate_at(recipe, 5, 10) == Approx(1e-2));
  CHECK(learning_rate_at(recipe, 5, 30) == Approx((1e-2 + 1e-4) / 2));
  // A quarter of the way: min + (peak - min) (1 + cos 45°) / 2.
  CHECK(learning_rate_at(recipe, 5, 20) == Approx(1e-4 + 9.9e-3 * 0.8535533906));
  CHECK(learning_rate_at(recipe, 5, 50) == Approx(1e-4));
}

TEST_CASE("the learning rate is monotone on either side of its peak, with any warm-up") {
  sweep::Recipe recipe;
  recipe.epochs = 4;
  for (const double warmup : {0.0, 0.5, 1.25, 4.0, 9.0}) {
    recipe.warmup_epochs = warmup;
    for (graph::Index step = 1; step < 28; ++step) {
      const double before = learning_rate_at(recipe, 7, step - 1);
      const double now = learning_rate_at(recipe, 7, step);
      if (static_cast<double>(step) < 7 * warmup) CHECK(now > before);
      if (static_cast<double>(step) > 7 * warmup + 1) CHECK(now < before);
      CHECK(now <= recipe.learning_rate);
    }
  }
}

}  // namespace vitlab::train
