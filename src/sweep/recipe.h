#pragma once

#include <filesystem>
#include <string>
#include <tuple>

#include "architecture/preprocessing.h"
#include "core/config_reader.h"
#include "core/fields.h"
#include "core/json_fields.h"
#include "graph/shape.h"

namespace vitlab::sweep {

/// How a model is trained; the initialisers are the documented defaults. AdamW with linear warm-up
/// and cosine decay, decay only where the graph says so.
struct Recipe {
  graph::Index epochs = 20;
  graph::Index batch_size = 64;
  double learning_rate = 2e-3;      // peak, not scaled by the batch
  double min_learning_rate = 1e-5;  // at the end of the cosine
  double warmup_epochs = 2;         // linear from 1e-6; unless given, not above epochs
  double weight_decay = 0.025;
  double label_smoothing = 0.1;
  double mixup = 0;               // alpha of the Beta distribution; 0 switches it off
  double clip_norm = 0;           // largest global gradient norm; 0 switches clipping off
  graph::Index crop_padding = 0;  // random crop after padding by so many pixels
  bool horizontal_flip = true;    // where the data set says that it makes sense
  double random_erasing = 0;      // probability
  double crop_fraction = 0.875;   // of a photo's shorter side; images of one size are taken whole
  architecture::Interpolation interpolation = architecture::Interpolation::kBilinear;
  graph::Index threads = 1;  // part of the recipe: results depend on it, not on worker counts

  friend bool operator==(const Recipe&, const Recipe&) = default;

  static constexpr auto fields() {
    return std::tuple{core::optional("epochs", &Recipe::epochs),
                      core::optional("batch_size", &Recipe::batch_size),
                      core::optional("learning_rate", &Recipe::learning_rate),
                      core::optional("min_learning_rate", &Recipe::min_learning_rate),
                      core::optional("warmup_epochs", &Recipe::warmup_epochs),
                      core::optional("weight_decay", &Recipe::weight_decay),
                      core::optional("label_smoothing", &Recipe::label_smoothing),
                      core::optional("mixup", &Recipe::mixup),
                      core::optional("clip_norm", &Recipe::clip_norm),
                      core::optional("crop_padding", &Recipe::crop_padding),
                      core::optional("horizontal_flip", &Recipe::horizontal_flip),
                      core::optional("random_erasing", &Recipe::random_erasing),
                      core::optional("crop_fraction", &Recipe::crop_fraction),
                      core::optional("interpolation", &Recipe::interpolation),
                      core::optional("threads", &Recipe::threads)};
  }
};

Recipe read_recipe(core::ConfigReader& reader);
/// Settings that equal their defaults are left out, which is what is hashed, unless asked for.
core::Json recipe_json(const Recipe& recipe, bool with_defaults = false);
/// Reads what a message holds as strictly as a file; throws UserError with the place.
void from_json_form(const core::Json& json, const core::JsonPlace& place, Recipe& recipe);

}  // namespace vitlab::sweep
