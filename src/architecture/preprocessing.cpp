#include "architecture/preprocessing.h"

#include <cmath>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::architecture {

namespace {

constexpr std::array<double, 3> kLuma{0.299, 0.587, 0.114};

double luma(const std::vector<double>& colours) {
  return kLuma[0] * colours[0] + kLuma[1] * colours[1] + kLuma[2] * colours[2];
}

std::vector<double> for_channels(const std::vector<double>& values, std::size_t channels) {
  if (values.size() == channels) return values;
  if (values.size() == 1) return std::vector<double>(channels, values.front());
  core::ensure(values.size() == kLuma.size() && channels == 1, "images are grey or in colour");
  return {luma(values)};
}

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += " " + core::significant(value, 4);
  return text;
}

}  // namespace

Preprocessing for_channels(Preprocessing preprocessing, std::int64_t channels) {
  const auto count = static_cast<std::size_t>(channels);
  preprocessing.mean = for_channels(preprocessing.mean, count);
  preprocessing.deviation = for_channels(preprocessing.deviation, count);
  return preprocessing;
}

void check(const Preprocessing& preprocessing, const std::string& source) {
  const auto require = [&](bool holds, const char* problem) {
    if (!holds) throw core::UserError(source + ": preprocessing " + problem);
  };
  const std::size_t channels = preprocessing.mean.size();
  require(preprocessing.crop_fraction >= 0.05 && preprocessing.crop_fraction <= 1,
          "crop_fraction must lie between 0.05 and 1");
  require((channels == 1 || channels == 3) && preprocessing.deviation.size() == channels,
          "needs a mean and a std for 1 or 3 channels");
  for (std::size_t c = 0; c < channels; ++c)
    require(std::isfinite(preprocessing.mean[c]) && std::isfinite(preprocessing.deviation[c]) &&
                preprocessing.deviation[c] > 0,
            "needs finite means and stds above 0");
}

std::string preprocessing_text(const Preprocessing& preprocessing) {
  return std::string(core::word_of(preprocessing.crop_mode)) + " crop " +
         core::shortest(preprocessing.crop_fraction) + ", " +
         std::string(core::word_of(preprocessing.interpolation)) + ", mean" +
         numbers(preprocessing.mean) + ", std" + numbers(preprocessing.deviation);
}

}  // namespace vitlab::architecture
