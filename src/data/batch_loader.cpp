#include "data/batch_loader.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/hash.h"

namespace vitlab::data {

namespace {

constexpr std::array<float, 3> kLuma{0.299F, 0.587F, 0.114F};

void check_settings(const LoaderSettings& settings, const Dataset& dataset) {
  const auto require = [](bool holds, const char* problem) {
    if (!holds) throw core::UserError(std::string("data loader: ") + problem);
  };
  require(settings.batch_size >= 1, "batch_size must be at least 1");
  require(settings.height >= 1 && settings.width >= 1, "image size must be at least 1");
  require(settings.channels == 1 || settings.channels == 3,
          "models with other than 1 or 3 image channels cannot be fed with images");
  require(settings.threads >= 0 && settings.threads <= 256, "threads must be from 0 to 256");
  require(settings.augmentation.crop_padding >= 0 &&
              settings.augmentation.crop_padding < std::min(settings.height, settings.width),
          "crop_padding must be from 0 to below the image size");
  require(settings.augmentation.random_erasing >= 0 && settings.augmentation.random_erasing <= 1,
          "random_erasing must be from 0 to 1");
  core::ensure(dataset.channels() == 1 || dataset.channels() == 3,
               "data sets are grey or in colour");
}

}  // namespace

/// Makes any batch of any epoch; const but for the cache, where each image belongs to one batch of
/// an epoch and so to one thread at a time.
class BatchLoader::Assembly {
 public:
  Assembly(const Dataset& dataset, const LoaderSettings& settings)
      : dataset_(dataset),
        settings_(settings),
        shape_{dataset.channels(), settings.height, settings.width} {
    check_settings(settings, dataset);
    settings_.augmentation.horizontal_flip &= dataset.horizontal_flip_makes_sense();
    const std::int64_t samples = dataset.size(settings.split) * shape_.samples();
    if (samples * static_cast<std::int64_t>(sizeof(float)) <= settings.most_cache_bytes) {
      cache_.resize(static_cast<std::size_t>(samples));
      is_cached_.resize(static_cast<std::size_t>(dataset.size(settings.split)));
    }
    const architecture::Preprocessing preprocessing =
        architecture::for_channels(dataset.preprocessing(), settings_.channels);
    mean_.assign(preprocessing.mean.begin(), preprocessing.mean.end());
    deviation_.assign(preprocessing.deviation.begin(), preprocessing.deviation.end());
  }

  const LoaderSettings& settings() const { return settings_; }

  std::int64_t batches() const {
    const std::int64_t size = dataset_.size(settings_.split);
    return (size + (settings_.drop_last ? 0 : settings_.batch_size - 1)) / settings_.batch_size;
  }
  std::int64_t images() const {
    return std::min(batches() * settings_.batch_size, dataset_.size(settings_.split));
  }

  void start(std::int64_t epoch) {
    epoch_seed_ = core::mix64(settings_.seed, static_cast<std::uint64_t>(epoch));
    const std::int64_t size = dataset_.size(settings_.split);
    if (settings_.shuffle) {
      order_ = core::Random(core::mix64(epoch_seed_, "order")).permutation(size);
    } else {
      order_.resize(static_cast<std::size_t>(size));
      std::iota(order_.begin(), order_.end(), 0);
    }
  }

  void fill(std::int64_t number, Batch& batch) {
    const std::int64_t first = number * settings_.batch_size;
    const std::int64_t count = std::min(settings_.batch_size, images() - first);
    const std::int64_t samples = settings_.channels * settings_.height * settings_.width;
    batch.images.resize(static_cast<std::size_t>(count * samples));
    batch.labels.clear();
    batch.indices.assign(order_.begin() + first, order_.begin() + first + count);
    std::vector<float> image(static_cast<std::size_t>(shape_.samples()));
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t index = batch.indices[static_cast<std::size_t>(i)];
      batch.labels.push_back(load(index, image.data()));
      core::Random random(
          core::mix64(core::mix64(epoch_seed_, "augmentation"), static_cast<std::uint64_t>(index)));
      augment(settings_.augmentation, shape_, image.data(), random);
      normalise(image.data(), batch.images.data() + i * samples);
    }
  }

 private:
  std::int64_t load(std::int64_t index, float* image) {
    const ImageSize size{settings_.height, settings_.width};
    if (cache_.empty()) return dataset_.load(settings_.split, index, size, image);
    float* kept = cache_.data() + index * shape_.samples();
    std::uint8_t& is_kept = is_cached_[static_cast<std::size_t>(index)];
    if (is_kept == 0) dataset_.load(settings_.split, index, size, kept);
    is_kept = 1;
    std::copy_n(kept, shape_.samples(), image);
    return dataset_.label(settings_.split, index);
  }

  /// Normalises, and brings the data set's channels to the number asked for.
  void normalise(const float* image, float* out) const {
    const std::int64_t area = settings_.height * settings_.width;
    const bool is_luma = settings_.channels < shape_.channels;
    for (std::int64_t c = 0; c < settings_.channels; ++c) {
      const float mean = mean_[static_cast<std::size_t>(c)];
      const float scale = 1.0F / deviation_[static_cast<std::size_t>(c)];
      const float* plane = image + (shape_.channels == 1 ? 0 : c) * area;
      for (std::int64_t i = 0; i < area; ++i) {
        const float value = is_luma ? kLuma[0] * image[i] + kLuma[1] * image[area + i] +
                                          kLuma[2] * image[2 * area + i]
                                    : plane[i];
        *out++ = (value - mean) * scale;
      }
    }
  }

  const Dataset& dataset_;
  LoaderSettings settings_;
  SampleShape shape_;
  std::vector<float> mean_;
  std::vector<float> deviation_;
  std::vector<float> cache_;
  std::vector<std::uint8_t> is_cached_;
  std::vector<std::int64_t> order_;
  std::uint64_t epoch_seed_ = 0;
};

/// One epoch under way: threads take batch numbers in order and stay a bounded way ahead.
class BatchLoader::Prefetch {
 public:
  explicit Prefetch(Assembly& assembly)
      : assembly_(assembly), window_(std::int64_t{2} * assembly.settings().threads) {
    for (int i = 0; i < assembly.settings().threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Prefetch() {
    {
      const std::lock_guard lock(mutex_);
      is_given_up_ = true;
    }
    changed_.notify_all();
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  bool next(Batch& batch) {
    if (taken_ >= assembly_.batches()) return false;
    if (threads_.empty()) {
      assembly_.fill(taken_++, batch);
      return true;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready_.contains(taken_); });
    Slot slot = std::move(ready_.extract(taken_++).mapped());
    std::swap(batch, slot.batch);
    spare_.push_back(std::move(slot.batch));
    lock.unlock();
    changed_.notify_all();
    if (slot.error) std::rethrow_exception(slot.error);
    return true;
  }

 private:
  struct Slot {
    Batch batch;
    std::exception_ptr error;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] {
        return is_given_up_ || begun_ >= assembly_.batches() || begun_ < taken_ + window_;
      });
      if (is_given_up_ || begun_ >= assembly_.batches()) return;
      const std::int64_t number = begun_++;
      Slot slot;
      if (!spare_.empty()) {
        slot.batch = std::move(spare_.back());
        spare_.pop_back();
      }
      lock.unlock();
      try {
        assembly_.fill(number, slot.batch);
      } catch (...) {
        slot.error = std::current_exception();
      }
      lock.lock();
      ready_.emplace(number, std::move(slot));
      changed_.notify_all();
    }
  }

  Assembly& assembly_;
  std::int64_t window_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Slot> ready_;
  std::vector<Batch> spare_;  // buffers to fill again
  std::int64_t begun_ = 0;
  std::int64_t taken_ = 0;
  bool is_given_up_ = false;
  std::vector<std::jthread> threads_;  // last: they end before the rest does
};

BatchLoader::BatchLoader(const Dataset& dataset, const LoaderSettings& settings)
    : assembly_(std::make_unique<Assembly>(dataset, settings)) {}

BatchLoader::~BatchLoader() = default;

std::int64_t BatchLoader::images() const { return assembly_->images(); }
std::int64_t BatchLoader::batches() const { return assembly_->batches(); }

void BatchLoader::start(std::int64_t epoch) {
  prefetch_.reset();
  assembly_->start(epoch);
  prefetch_ = std::make_unique<Prefetch>(*assembly_);
}

bool BatchLoader::next(Batch& batch) {
  core::ensure(prefetch_ != nullptr, "an epoch is started before its batches are asked for");
  return prefetch_->next(batch);
}

}  // namespace vitlab::data
