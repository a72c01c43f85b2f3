#include "data/stored_dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace vitlab::data {

namespace {

class StoredDataset : public Dataset {
 public:
  StoredDataset(DatasetDescription about, StoredImages images)
      : Dataset(std::move(about)), images_(std::move(images)) {}

  std::int64_t size(Split split) const override {
    return static_cast<std::int64_t>(rows(split).size());
  }

  std::int64_t label(Split split, std::int64_t index) const override {
    return images_.labels[static_cast<std::size_t>(row(split, index))];
  }

  std::int64_t load(Split split, std::int64_t index, const ImageSize& wanted,
                    float* out) const override {
    const ImageSize& size = images_.size;
    const PixelView view{
        .pixels = images_.pixels.data() + row(split, index) * images_.samples_per_image(),
        .channels = images_.channels,
        .size = size,
        .channel_step = size.height * size.width,
        .row_step = size.width,
        .column_step = 1,
        .scale = 1.0F / static_cast<float>(images_.white)};
    resize(view, crop_of(preprocessing(), size, wanted), wanted, out,
           preprocessing().interpolation);
    return label(split, index);
  }

 private:
  const std::vector<std::int64_t>& rows(Split split) const {
    return images_.rows[static_cast<std::size_t>(split)];
  }
  std::int64_t row(Split split, std::int64_t index) const {
    core::ensure(index >= 0 && index < size(split), "an image's index is inside its split");
    return rows(split)[static_cast<std::size_t>(index)];
  }

  StoredImages images_;
};

}  // namespace

std::unique_ptr<Dataset> make_stored_dataset(DatasetDescription about, StoredImages images) {
  about.channels = images.channels;
  about.native_size = images.size;
  about.preprocessing = whole_images(normalisation_of_training(images));
  return std::make_unique<StoredDataset>(std::move(about), std::move(images));
}

architecture::Preprocessing whole_images(architecture::Normalisation normalisation) {
  return {std::move(normalisation), 1, architecture::CropMode::kSquash};
}

architecture::Normalisation normalisation_of_training(const StoredImages& images) {
  const auto& rows = images.rows[static_cast<std::size_t>(Split::kTrain)];
  const std::int64_t area = images.size.height * images.size.width;
  const double count = static_cast<double>(area) * static_cast<double>(rows.size());
  const double white = images.white;
  architecture::Normalisation normalisation;
  for (std::int64_t c = 0; c < images.channels; ++c) {
    std::uint64_t sum = 0;
    std::uint64_t sum_of_squares = 0;
    for (const std::int64_t row : rows) {
      const std::uint8_t* first =
          images.pixels.data() + row * images.samples_per_image() + c * area;
      for (std::int64_t i = 0; i < area; ++i) {
        const std::uint64_t value = first[i];
        sum += value;
        sum_of_squares += value * value;
      }
    }
    const double mean = static_cast<double>(sum) / count;
    const double variance = static_cast<double>(sum_of_squares) / count - mean * mean;
    normalisation.mean.push_back(mean / white);
    const bool is_constant = variance < 1e-9;
    normalisation.deviation.push_back(is_constant ? 1.0 : std::sqrt(variance) / white);
  }
  return normalisation;
}

std::array<std::vector<std::int64_t>, 2> hold_out(const std::vector<std::int64_t>& rows,
                                                  double share, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto wanted = static_cast<std::int64_t>(std::llround(share * static_cast<double>(count)));
  const std::int64_t held =
      std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(0, count - 1));
  const std::vector<std::int64_t> order = core::Random(seed).permutation(count);
  std::vector<bool> is_held(rows.size());
  for (std::int64_t i = 0; i < held; ++i)
    is_held[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = true;

  std::array<std::vector<std::int64_t>, 2> parts;
  for (std::size_t i = 0; i < rows.size(); ++i) parts[is_held[i] ? 0 : 1].push_back(rows[i]);
  return parts;
}

}  // namespace vitlab::data
