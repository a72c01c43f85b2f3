#include "data/dataset.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

std::unique_ptr<Dataset> open_dataset(const DataSpec& spec, const OpenOptions& options) {
  switch (spec.kind) {
    case DataKind::kDigits:
      return open_digits();
    case DataKind::kSynthetic:
      return open_synthetic(spec);
    case DataKind::kFolder:
      return open_folder(spec, options);
    case DataKind::kCifar10:
    case DataKind::kCifar100:
      return open_cifar(spec);
    case DataKind::kIdx:
      return open_idx(spec);
  }
  core::ensure(false, "every data kind opens");
  return nullptr;
}

std::pair<architecture::Normalisation, std::int64_t> measured_normalisation(const Dataset& dataset,
                                                                            const ImageSize& size,
                                                                            std::int64_t most) {
  const std::int64_t images = dataset.size(Split::kTrain), used = std::min(images, most);
  const auto channels = static_cast<std::size_t>(dataset.channels());
  const auto area = static_cast<std::size_t>(size.height * size.width);
  std::vector<float> image(channels * area);
  std::vector<double> sum(channels), squares(channels);
  for (std::int64_t i = 0; i < used; ++i) {
    core::check_interrupt();
    dataset.load(Split::kTrain, i * images / used, size, image.data());
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t j = 0; j < area; ++j) {
        const double value = image[c * area + j];
        sum[c] += value;
        squares[c] += value * value;
      }
  }
  architecture::Normalisation normalisation;
  const double count =
      static_cast<double>(area) * static_cast<double>(std::max<std::int64_t>(1, used));
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / count;
    normalisation.mean.push_back(mean);
    normalisation.deviation.push_back(std::sqrt(std::max(0.0, squares[c] / count - mean * mean)));
  }
  return {normalisation, used};
}

}  // namespace vitlab::data
