#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"

namespace vitlab::data {

/// Images of one size in memory, 8 bits a sample, laid out (image, channel, row, column).
struct StoredImages {
  std::int64_t channels = 1;
  ImageSize size;
  int white = 255;  // the sample value that means 1
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
  std::array<std::vector<std::int64_t>, kSplits> rows;  // which images each split holds

  std::int64_t samples_per_image() const { return channels * size.height * size.width; }
};

/// A data set that is held whole; fills in channels, size and the training split's normalisation.
std::unique_ptr<Dataset> make_stored_dataset(DatasetDescription about, StoredImages images);

/// Mean and deviation per channel over the training images, from exact integer sums; a constant
/// channel gets deviation 1.
architecture::Normalisation normalisation_of_training(const StoredImages& images);
/// Images of one size are taken whole.
architecture::Preprocessing whole_images(architecture::Normalisation normalisation);

/// Moves a seeded `share` of `rows` into the first list returned, the rest into the second; both
/// keep their order. At least one stays in the second when there is one.
std::array<std::vector<std::int64_t>, 2> hold_out(const std::vector<std::int64_t>& rows,
                                                  double share, std::uint64_t seed);

/// The kinds behind open_dataset, one file each.
std::unique_ptr<Dataset> open_digits();
std::unique_ptr<Dataset> open_synthetic(const DataSpec& spec);
std::unique_ptr<Dataset> open_cifar(const DataSpec& spec);
std::unique_ptr<Dataset> open_idx(const DataSpec& spec);
std::unique_ptr<Dataset> open_folder(const DataSpec& spec, const OpenOptions& options);

}  // namespace vitlab::data
