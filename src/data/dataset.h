#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/data_spec.h"
#include "data/image.h"

namespace vitlab::data {

enum class Split { kTrain = 0, kValidation = 1, kTest = 2 };
constexpr int kSplits = 3;

/// A file that was left out, and why.
struct BrokenFile {
  std::string path;
  std::string reason;

  friend bool operator==(const BrokenFile&, const BrokenFile&) = default;
};

/// Per-channel mean and standard deviation of samples in [0, 1].
struct Normalisation {
  std::vector<float> mean;
  std::vector<float> deviation;
};

/// What is known of a data set once it is open.
struct DatasetDescription {
  std::vector<std::string> class_names;
  std::int64_t channels = 3;
  ImageSize native_size;  // 0 x 0 where images differ
  bool horizontal_flip_makes_sense = false;
  /// Digits, CIFAR and idx: of the training images as stored. Folders: ImageNet's. Synthetic:
  /// fixed constants.
  Normalisation normalisation;
  /// SHA-256 over everything that decides images, labels and splits; never over paths or dates.
  std::string fingerprint;
  std::vector<BrokenFile> broken;
  /// What a user should be told about how the set was read ("12 files that are no images ...").
  std::vector<std::string> notes;
};

/// Labelled images in three splits; const functions may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  virtual std::int64_t size(Split split) const = 0;
  virtual std::int64_t label(Split split, std::int64_t index) const = 0;
  /// Writes image `index` of `split` as (channels, height, width) in [0, 1]; returns its label.
  /// Throws UserError naming the file if it no longer reads.
  virtual std::int64_t load(Split split, std::int64_t index, const ImageSize& wanted,
                            float* out) const = 0;

  std::int64_t classes() const { return static_cast<std::int64_t>(about_.class_names.size()); }
  const std::vector<std::string>& class_names() const { return about_.class_names; }
  std::int64_t channels() const { return about_.channels; }
  ImageSize native_size() const { return about_.native_size; }
  bool horizontal_flip_makes_sense() const { return about_.horizontal_flip_makes_sense; }
  const Normalisation& normalisation() const { return about_.normalisation; }
  const std::string& fingerprint() const { return about_.fingerprint; }
  const std::vector<BrokenFile>& broken() const { return about_.broken; }
  const std::vector<std::string>& notes() const { return about_.notes; }

 protected:
  explicit Dataset(DatasetDescription about) : about_(std::move(about)) {}

 private:
  DatasetDescription about_;
};

enum class OnBroken { kRefuse, kSkip };

/// How to open; none of it is part of a data set's identity but `on_broken`, whose effect is: the
/// files themselves are in the fingerprint.
struct OpenOptions {
  OnBroken on_broken = OnBroken::kRefuse;
  /// Where checks of large folders are remembered; absent: the user's cache folder.
  std::optional<std::filesystem::path> cache_folder;
  /// Folders with fewer bytes of images are checked anew each time.
  std::int64_t least_bytes_to_cache = std::int64_t{64} << 20;
};

/// Opens and checks a data set. Throws UserError naming the file and what was expected.
std::unique_ptr<Dataset> open_dataset(const DataSpec& spec, const OpenOptions& options = {});

}  // namespace vitlab::data
