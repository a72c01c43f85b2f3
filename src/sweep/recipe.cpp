#include "sweep/recipe.h"

#include <algorithm>

#include "core/config_fields.h"
#include "core/json_fields.h"

namespace vitlab::sweep {

namespace {

void check_ranges(core::ConfigReader& reader, const Recipe& r) {
  const auto whole = [&](const char* key, graph::Index value, double low, double high) {
    core::check_between(reader, key, static_cast<double>(value), low, high);
  };
  whole("epochs", r.epochs, 1, 100'000);
  whole("batch_size", r.batch_size, 1, 1'000'000);
  whole("crop_padding", r.crop_padding, 0, 1024);
  whole("threads", r.threads, 1, 1024);
  if (!(r.learning_rate > 0 && r.learning_rate <= 100))
    reader.fail("learning_rate", "must be above 0 and at most 100");
  core::check_between(reader, "weight_decay", r.weight_decay, 0, 100);
  core::check_between(reader, "mixup", r.mixup, 0, 100);
  core::check_between(reader, "clip_norm", r.clip_norm, 0, 1e6);
  core::check_between(reader, "random_erasing", r.random_erasing, 0, 1);
  core::check_between(reader, "crop_fraction", r.crop_fraction, 0.05, 1);
  if (r.label_smoothing < 0 || r.label_smoothing >= 1)
    reader.fail("label_smoothing", "must lie in [0, 1)");
}

void check_against_each_other(core::ConfigReader& reader, const Recipe& r) {
  if (r.min_learning_rate < 0 || r.min_learning_rate > r.learning_rate)
    reader.fail("min_learning_rate", "must lie between 0 and learning_rate");
  if (r.warmup_epochs < 0 || r.warmup_epochs > static_cast<double>(r.epochs))
    reader.fail("warmup_epochs", "must lie between 0 and epochs");
}

}  // namespace

Recipe read_recipe(core::ConfigReader& reader) {
  Recipe recipe;
  const std::size_t before = reader.problems().count();
  core::read_fields(reader, recipe);
  if (reader.node("warmup_epochs") == nullptr)
    recipe.warmup_epochs = std::min(recipe.warmup_epochs, static_cast<double>(recipe.epochs));
  reader.finish();
  const bool all_read = reader.problems().count() == before;
  check_ranges(reader, recipe);
  // A setting that did not read has its default, against which the others mean nothing.
  if (all_read) check_against_each_other(reader, recipe);
  return recipe;
}

core::Json recipe_json(const Recipe& recipe, bool with_defaults) {
  return with_defaults ? core::to_json_with_defaults(recipe) : core::to_json(recipe);
}

}  // namespace vitlab::sweep
