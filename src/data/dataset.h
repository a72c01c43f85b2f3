#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/preprocessing.h"
#include "core/choice.h"
#include "data/data_spec.h"
#include "data/image.h"

namespace vitlab::data {

enum class Split : std::uint8_t { kTrain, kValidation, kTest };
constexpr int kSplits = 3;
struct SplitRow {
  Split value;
  std::string_view word;
};
inline constexpr std::array<SplitRow, kSplits> kSplitRows{
    SplitRow{Split::kTrain, "train"}, SplitRow{Split::kValidation, "validation"},
    SplitRow{Split::kTest, "test"}};
static_assert(core::is_whole(kSplitRows));
constexpr const auto& choice_rows(Split) { return kSplitRows; }

/// A file that was left out, and why.
struct BrokenFile {
  std::string path;
  std::string reason;

  friend bool operator==(const BrokenFile&, const BrokenFile&) = default;
};

/// What is known of a data set once it is open.
struct DatasetDescription {
  std::vector<std::string> class_names;
  std::int64_t channels = 3;
  ImageSize native_size;  // 0 x 0 where images differ
  bool horizontal_flip_makes_sense = false;
  /// What is done to its images unless told otherwise. Mean and deviation of digits, CIFAR and idx:
  /// of the training images as stored; of folders: ImageNet's; synthetic: fixed constants.
  architecture::Preprocessing preprocessing;
  /// SHA-256 over everything that decides images, labels and splits; never over paths or dates.
  std::string fingerprint;
  std::vector<BrokenFile> broken;
  std::vector<ImageSize> sizes;  // of a folder's images that are whole, as they are shown
  std::map<std::string, std::int64_t> formats;  // of them: how many are JPEG, PNG, WebP
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
  const architecture::Preprocessing& preprocessing() const { return about_.preprocessing; }
  /// From here on images are prepared so, as a model's weights or a recipe want them.
  void prepare(architecture::Preprocessing preprocessing) {
    about_.preprocessing = std::move(preprocessing);
  }
  const std::string& fingerprint() const { return about_.fingerprint; }
  const std::vector<BrokenFile>& broken() const { return about_.broken; }
  const std::vector<ImageSize>& sizes() const { return about_.sizes; }
  const std::map<std::string, std::int64_t>& formats() const { return about_.formats; }
  const std::vector<std::string>& notes() const { return about_.notes; }

 protected:
  explicit Dataset(DatasetDescription about) : about_(std::move(about)) {}

 private:
  DatasetDescription about_;
};

enum class OnBroken { kRefuse, kSkip };
constexpr OnBroken skipping(bool skips) { return skips ? OnBroken::kSkip : OnBroken::kRefuse; }

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

/// Mean and deviation per channel of `most` training images at most, evenly spread, prepared at
/// `size`; and of how many.
std::pair<architecture::Normalisation, std::int64_t> measured_normalisation(const Dataset& dataset,
                                                                            const ImageSize& size,
                                                                            std::int64_t most);

/// Image files by path as the test split, in the order given, prepared as photos are; their labels
/// mean nothing. Throws UserError naming a file that is no image.
std::unique_ptr<Dataset> open_image_files(const std::vector<std::string>& paths);

}  // namespace vitlab::data
