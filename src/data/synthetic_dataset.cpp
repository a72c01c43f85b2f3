#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/text.h"
#include "data/stored_dataset.h"
#include "data/synthetic.h"

namespace vitlab::data {

namespace {

class SyntheticDataset : public Dataset {
 public:
  SyntheticDataset(DatasetDescription about, RingTask task, std::array<std::int64_t, kSplits> sizes)
      : Dataset(std::move(about)), task_(task), sizes_(sizes) {}

  std::int64_t size(Split split) const override { return sizes_[static_cast<std::size_t>(split)]; }

  std::int64_t label(Split split, std::int64_t index) const override {
    return task_.label_of(image_of(split, index));
  }

  std::int64_t load(Split split, std::int64_t index, const ImageSize& wanted,
                    float* out) const override {
    const std::int64_t image = image_of(split, index);
    if (wanted == native_size() && preprocessing().crop_fraction == 1) {
      task_.draw(image, out);
    } else {
      load_resized(image, wanted, out);
    }
    return task_.label_of(image);
  }

 private:
  /// The splits lie one after the other in one numbered sequence of images.
  std::int64_t image_of(Split split, std::int64_t index) const {
    core::ensure(index >= 0 && index < size(split), "an image's index is inside its split");
    for (int before = 0; before < static_cast<int>(split); ++before)
      index += sizes_[static_cast<std::size_t>(before)];
    return index;
  }

  void load_resized(std::int64_t image, const ImageSize& wanted, float* out) const {
    const std::int64_t area = task_.size * task_.size;
    std::vector<float> drawn(static_cast<std::size_t>(3 * area));
    task_.draw(image, drawn.data());
    Image pixels{native_size(), std::vector<std::uint8_t>(drawn.size())};
    for (std::int64_t c = 0; c < 3; ++c)
      for (std::int64_t i = 0; i < area; ++i)
        pixels.pixels[static_cast<std::size_t>(i * 3 + c)] = static_cast<std::uint8_t>(
            std::lround(drawn[static_cast<std::size_t>(c * area + i)] * 255));
    resize(view_of(pixels), crop_of(preprocessing(), pixels.size, wanted), wanted, out,
           preprocessing().interpolation);
  }

  RingTask task_;
  std::array<std::int64_t, kSplits> sizes_;
};

std::array<std::int64_t, kSplits> split_sizes(const DataSpec& spec) {
  const auto part = [&](double share) {
    return static_cast<std::int64_t>(std::llround(share * static_cast<double>(spec.count)));
  };
  const std::int64_t validation = part(spec.validation.value_or(kHeldOutShare));
  const std::int64_t test = part(spec.test.value_or(kHeldOutShare));
  if (spec.count - validation - test < 1)
    throw core::UserError(fmt::format("data '{}': count {} leaves no training image; give more",
                                      canonical_text(spec), spec.count));
  return {spec.count - validation - test, validation, test};
}

}  // namespace

std::unique_ptr<Dataset> open_synthetic(const DataSpec& spec) {
  const RingTask task{spec.classes, spec.size, static_cast<std::uint64_t>(spec.seed)};
  DatasetDescription about;
  for (std::int64_t label = 0; label < task.classes; ++label) {
    std::string name;
    for (const int mark : task.order_of_class(label)) name += static_cast<char>('a' + mark);
    about.class_names.push_back(name);
  }
  about.native_size = {task.size, task.size};
  // Seen on the training images of the usual set; kept for all sizes and numbers of classes.
  about.preprocessing = whole_images({{0.147, 0.126, 0.129}, {0.198, 0.164, 0.169}});
  about.fingerprint = core::sha256(fmt::format(
      "synthetic ring 1\nclasses {} size {} count {} seed {} validation {} test {}\n", spec.classes,
      spec.size, spec.count, spec.seed, core::shortest(spec.validation.value_or(kHeldOutShare)),
      core::shortest(spec.test.value_or(kHeldOutShare))));
  return std::make_unique<SyntheticDataset>(std::move(about), task, split_sizes(spec));
}

}  // namespace vitlab::data
