#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"

namespace vitlab::data {

/// Images that go through a model together.
struct Batch {
  std::vector<float> images;  // (images, channels, height, width), normalised
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> indices;  // of each image in its split

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

struct LoaderSettings {
  Split split = Split::kTrain;
  std::int64_t batch_size = 64;
  std::int64_t height = 0;
  std::int64_t width = 0;
  /// 1 or 3; grey images are replicated, colours become luma (ITU-R BT.601).
  std::int64_t channels = 3;
  /// A new order each epoch, else that of the split.
  bool shuffle = false;
  /// Leaves out a last batch that is not full.
  bool drop_last = false;
  Augmentation augmentation;
  std::uint64_t seed = 0;
  /// Threads that prepare batches ahead; 0 prepares each when it is asked for.
  int threads = 0;
  /// The split's images are kept decoded and resized if they take at most this many bytes.
  std::int64_t most_cache_bytes = std::int64_t{256} << 20;
};

/// Gives a split's images batch by batch. Order and augmentation hang on (seed, epoch, image)
/// alone, so batches are the same whatever the number of threads, and any epoch can be started
/// first.
class BatchLoader {
 public:
  /// Throws UserError for settings that cannot be ("batch_size must be at least 1"). `dataset`
  /// must outlive the loader.
  BatchLoader(const Dataset& dataset, const LoaderSettings& settings);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// Images and batches of one epoch.
  std::int64_t images() const;
  std::int64_t batches() const;

  /// Goes to the start of an epoch, giving up the one under way.
  void start(std::int64_t epoch);
  /// Fills the next batch of the epoch, or returns false after its last. Errors of an image are
  /// thrown here, at the batch that holds it.
  bool next(Batch& batch);

 private:
  class Assembly;
  class Prefetch;

  // In this order, so that the threads end before what they read.
  std::unique_ptr<Assembly> assembly_;
  std::unique_ptr<Prefetch> prefetch_;
};

}  // namespace vitlab::data
