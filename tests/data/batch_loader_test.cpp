#include "data/batch_loader.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "core/error.h"
#include "test.hpp"

namespace vitlab::data {

namespace {

/// `count` images whose samples all hold their index / 100; `broken` fails to load.
class CountedDataset : public Dataset {
 public:
  CountedDataset(std::int64_t count, std::int64_t channels, std::int64_t broken = -1)
      : Dataset(about(channels)), count_(count), broken_(broken) {}

  std::int64_t size(Split) const override { return count_; }
  std::int64_t label(Split, std::int64_t index) const override { return index % 2; }
  std::int64_t load(Split split, std::int64_t index, const ImageSize& wanted,
                    float* out) const override {
    if (index == broken_) throw core::UserError("image 5 is gone");
    ++loads;
    for (std::int64_t c = 0; c < channels(); ++c)
      std::fill_n(out + c * wanted.height * wanted.width, wanted.height * wanted.width,
                  static_cast<float>(index + c) / 100.0F);
    return label(split, index);
  }

  mutable std::atomic<int> loads = 0;

 private:
  static DatasetDescription about(std::int64_t channels) {
    DatasetDescription about;
    about.class_names = {"even", "odd"};
    about.channels = channels;
    about.horizontal_flip_makes_sense = true;
    about.preprocessing.mean.assign(static_cast<std::size_t>(channels), 0.5);
    about.preprocessing.deviation.assign(static_cast<std::size_t>(channels), 0.25);
    return about;
  }

  std::int64_t count_;
  std::int64_t broken_;
};

LoaderSettings settings_of(std::int64_t batch_size, int threads = 0) {
  LoaderSettings settings;
  settings.batch_size = batch_size;
  settings.height = 4;
  settings.width = 4;
  settings.threads = threads;
  return settings;
}

std::vector<Batch> epoch_of(BatchLoader& loader, std::int64_t epoch) {
  std::vector<Batch> batches;
  loader.start(epoch);
  for (Batch batch; loader.next(batch);) batches.push_back(batch);
  return batches;
}

std::vector<std::int64_t> indices_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> indices;
  for (const Batch& batch : batches)
    indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  return indices;
}

bool same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Batch& x, const Batch& y) {
    return x.images == y.images && x.labels == y.labels && x.indices == y.indices;
  });
}

}  // namespace

TEST_CASE("batches are the same whatever the number of threads and the size of the cache") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  LoaderSettings settings = settings_of(50);
  settings.height = 12;
  settings.width = 12;
  settings.shuffle = true;
  settings.seed = 7;
  settings.augmentation = {.crop_padding = 2, .horizontal_flip = true, .random_erasing = 0.3};
  BatchLoader synchronous(*digits, settings);
  const auto first = epoch_of(synchronous, 0);
  const auto second = epoch_of(synchronous, 1);
  CHECK(first.size() == 22);
  CHECK_FALSE(same(first, second));
  for (const int threads : {1, 2, 5}) {
    for (const std::int64_t cache : {std::int64_t{0}, std::int64_t{1} << 28}) {
      settings.threads = threads;
      settings.most_cache_bytes = cache;
      BatchLoader loader(*digits, settings);
      CHECK(same(epoch_of(loader, 1), second));  // any epoch can come first
      CHECK(same(epoch_of(loader, 0), first));
    }
  }
}

TEST_CASE("an image's augmentation hangs on seed, epoch and image, not on its batch") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  LoaderSettings settings = settings_of(1);
  settings.augmentation.crop_padding = 3;
  BatchLoader single(*digits, settings);
  settings.batch_size = 100;
  settings.shuffle = true;
  BatchLoader shuffled(*digits, settings);
  const auto images = epoch_of(single, 3);
  for (const Batch& batch : epoch_of(shuffled, 3)) {
    const std::size_t samples = batch.images.size() / batch.indices.size();
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const Batch& alone = images[static_cast<std::size_t>(batch.indices[i])];
      REQUIRE(std::equal(alone.images.begin(), alone.images.end(),
                         batch.images.begin() + static_cast<std::ptrdiff_t>(i * samples)));
      REQUIRE(alone.labels[0] == batch.labels[i]);
    }
  }
}

TEST_CASE("an epoch holds each image once, shuffled or in order, and leaves out only a short end") {
  const CountedDataset set(10, 1);
  std::vector<std::int64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  for (const int threads : {0, 3}) {
    LoaderSettings settings = settings_of(4, threads);
    BatchLoader ordered(set, settings);
    CHECK(ordered.batches() == 3);
    CHECK(indices_of(epoch_of(ordered, 0)) == all);

    settings.shuffle = true;
    BatchLoader shuffled(set, settings);
    auto indices = indices_of(epoch_of(shuffled, 0));
    CHECK(indices != all);
    std::sort(indices.begin(), indices.end());
    CHECK(indices == all);

    settings.drop_last = true;
    BatchLoader whole(set, settings);
    CHECK(whole.batches() == 2);
    CHECK(whole.images() == 8);
    CHECK(indices_of(epoch_of(whole, 0)).size() == 8);
  }
}

TEST_CASE("grey is replicated, colour becomes luma, and both are normalised") {
  const CountedDataset grey(3, 1);
  BatchLoader replicated(grey, settings_of(3));
  const Batch three = epoch_of(replicated, 0)[0];
  REQUIRE(three.images.size() == 3 * 3 * 16);
  for (std::size_t i = 0; i < three.images.size(); ++i)
    REQUIRE(three.images[i] == Approx((static_cast<double>(i / 48) / 100 - 0.5) / 0.25));

  const CountedDataset colour(2, 3);
  LoaderSettings settings = settings_of(2);
  settings.channels = 1;
  BatchLoader luma(colour, settings);
  const Batch one = epoch_of(luma, 0)[0];
  REQUIRE(one.images.size() == 2 * 16);
  CHECK(one.images[0] == Approx((0.00587 + 2 * 0.00114 - 0.5) / 0.25));

  BatchLoader whole(colour, settings_of(2));
  const Batch kept = epoch_of(whole, 0)[0];
  CHECK(kept.images[16] == Approx((0.01 - 0.5) / 0.25));
}

TEST_CASE("small sets are decoded once, large ones each time") {
  const CountedDataset set(9, 1);
  BatchLoader cached(set, settings_of(4, 2));
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) epoch_of(cached, epoch);
  CHECK(set.loads == 9);
  LoaderSettings settings = settings_of(4);
  settings.most_cache_bytes = 9 * 16 * 4 - 1;
  BatchLoader uncached(set, settings);
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) epoch_of(uncached, epoch);
  CHECK(set.loads == 9 + 27);
}

TEST_CASE("an image that fails to load throws at its own batch, others still come") {
  for (const int threads : {0, 1, 4}) {
    const CountedDataset set(12, 1, 5);
    BatchLoader loader(set, settings_of(2, threads));
    loader.start(0);
    Batch batch;
    CHECK(loader.next(batch));
    CHECK(loader.next(batch));
    CHECK_THROWS_AS(loader.next(batch), core::UserError);
    CHECK(loader.next(batch));
    CHECK(batch.indices == std::vector<std::int64_t>{6, 7});
  }
}

TEST_CASE("threads stay a bounded way ahead and end when an epoch is given up") {
  const CountedDataset set(1000, 1);
  LoaderSettings settings = settings_of(1, 2);
  settings.most_cache_bytes = 0;
  {
    BatchLoader loader(set, settings);
    Batch batch;
    for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
      loader.start(epoch);
      REQUIRE(loader.next(batch));
    }
  }
  // 20 epochs, one batch taken of each, at most 2 x 2 ahead of it and one being made by a thread.
  CHECK(set.loads >= 20);
  CHECK(set.loads <= 20 * 7);
}

TEST_CASE("flips happen only where the data set says that they keep the class") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  LoaderSettings settings = settings_of(64);
  BatchLoader plain(*digits, settings);
  settings.augmentation.horizontal_flip = true;
  BatchLoader asked(*digits, settings);
  CHECK(same(epoch_of(plain, 0), epoch_of(asked, 0)));
}

TEST_CASE("loader settings that cannot be are the user's error") {
  const CountedDataset set(3, 1);
  LoaderSettings settings = settings_of(0);
  CHECK_THROWS_WITH(BatchLoader(set, settings), "data loader: batch_size must be at least 1");
  settings = settings_of(1);
  settings.augmentation.crop_padding = 4;
  CHECK_THROWS_AS(BatchLoader(set, settings), core::UserError);
  settings = settings_of(1);
  settings.channels = 2;
  CHECK_THROWS_AS(BatchLoader(set, settings), core::UserError);
}

}  // namespace vitlab::data
