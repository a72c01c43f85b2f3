#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"

namespace vitlab::architecture {

/// Filters that images are resampled by, named and meant as Pillow's: they widen when they shrink.
enum class Interpolation : std::uint8_t { kBilinear, kBicubic, kLanczos };
struct InterpolationRow {
  Interpolation value;
  std::string_view word;
  double support;  // half the filter's width, in pixels of the larger image
};
inline constexpr std::array kInterpolations{
    InterpolationRow{Interpolation::kBilinear, "bilinear", 1},
    InterpolationRow{Interpolation::kBicubic, "bicubic", 2},
    InterpolationRow{Interpolation::kLanczos, "lanczos", 3}};
static_assert(core::is_whole(kInterpolations));
constexpr const auto& choice_rows(Interpolation) { return kInterpolations; }

/// How an image of another shape becomes one of the wanted size; timm's words.
enum class CropMode : std::uint8_t { kCentre, kSquash };
struct CropModeRow {
  CropMode value;
  std::string_view word;
};
inline constexpr std::array kCropModes{CropModeRow{CropMode::kCentre, "center"},
                                       CropModeRow{CropMode::kSquash, "squash"}};
static_assert(core::is_whole(kCropModes));
constexpr const auto& choice_rows(CropMode) { return kCropModes; }

/// Per-channel mean and standard deviation of samples in [0, 1].
struct Normalisation {
  std::vector<double> mean;
  std::vector<double> deviation;

  bool operator==(const Normalisation&) const = default;
};

/// What ImageNet's images are normalised by everywhere.
inline Normalisation imagenet_normalisation() {
  return {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
}

/// What is done to an image before a model reads it, besides its size, which the model says. The
/// image is resized to size / crop_fraction (its shorter side, or both where it is squashed) and
/// cut at the centre, in whole pixels as timm's evaluation transform does.
struct Preprocessing : Normalisation {
  double crop_fraction = 0.875;
  CropMode crop_mode = CropMode::kCentre;
  Interpolation interpolation = Interpolation::kBilinear;

  bool operator==(const Preprocessing&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("crop_fraction", &Preprocessing::crop_fraction),
                      core::required("crop_mode", &Preprocessing::crop_mode),
                      core::required("interpolation", &Preprocessing::interpolation),
                      core::required("mean", &Preprocessing::mean),
                      core::required("std", &Preprocessing::deviation)};
  }
};

/// The same for a model of so many image channels: grey is replicated, colours become luma
/// (ITU-R BT.601).
Preprocessing for_channels(Preprocessing preprocessing, std::int64_t channels);
/// Throws UserError naming `source` for numbers that cannot be: a crop outside (0, 1], no mean or
/// deviation for 1 or 3 channels, a deviation that is not above 0.
void check(const Preprocessing& preprocessing, const std::string& source);
/// "center crop 0.875, bilinear, mean 0.485 0.456 0.406, std 0.229 0.224 0.225".
std::string preprocessing_text(const Preprocessing& preprocessing);

/// What weights know of the images that they were trained on.
struct TrainedOn {
  std::optional<Preprocessing> preprocessing;
  std::vector<std::string> class_names;  // in the order of the logits; empty: not known

  bool operator==(const TrainedOn&) const = default;
};

}  // namespace vitlab::architecture
