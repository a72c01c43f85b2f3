#include <algorithm>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/text.h"
#include "data/gzip.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{2} << 30;

/// An idx file of bytes (http://yann.lecun.com/exdb/mnist): magic 0, 0, 8, number of dimensions,
/// then each as a big-endian 32-bit count.
struct IdxArray {
  std::vector<std::size_t> shape;
  std::string bytes;
  std::size_t first = 0;  // where the values start

  std::string_view values() const { return std::string_view(bytes).substr(first); }
};

/// One of a file's usual spellings: `train-images-idx3-ubyte`, with a dot, or gzipped.
fs::path find_file(const fs::path& folder, const std::string& stem, int dimensions) {
  for (const char* mark : {"-", "."})
    for (const char* end : {"", ".gz"}) {
      fs::path path = folder / fmt::format("{}{}idx{}-ubyte{}", stem, mark, dimensions, end);
      if (std::error_code none; fs::is_regular_file(path, none)) return path;
    }
  throw core::UserError(
      fmt::format("{}: no {}-idx{}-ubyte (or .gz) here; idx needs train-images-idx3-ubyte, "
                  "train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
                  "t10k-labels-idx1-ubyte",
                  folder.string(), stem, dimensions));
}

IdxArray read_idx(const fs::path& path, std::size_t dimensions) {
  IdxArray array;
  array.bytes = core::read_text_file(path, kMostBytes);
  if (is_gzip(array.bytes)) array.bytes = gunzip(array.bytes, kMostBytes, path.string());
  array.first = 4 + 4 * dimensions;
  const auto byte = [&](std::size_t at) {
    return std::size_t{static_cast<unsigned char>(array.bytes[at])};
  };
  if (array.bytes.size() < array.first || byte(0) != 0 || byte(1) != 0 || byte(2) != 8 ||
      byte(3) != dimensions)
    throw core::UserError(
        fmt::format("{}: is no idx file of bytes with {} dimensions", path.string(), dimensions));
  std::size_t product = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const std::size_t at = 4 + 4 * i;
    const std::size_t extent =
        byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    if (extent == 0 || extent > kMostBytes / product)
      throw core::UserError(
          fmt::format("{}: dimension {} is {}, which cannot be", path.string(), i, extent));
    product *= extent;
    array.shape.push_back(extent);
  }
  if (array.values().size() != product)
    throw core::UserError(fmt::format("{}: has {} values, its header says {}; is it complete?",
                                      path.string(), array.values().size(), product));
  return array;
}

/// Appends a pair of files to `images` and to a split; returns the hashes of their content.
std::string read_pair(const fs::path& folder, const std::string& stem, Split split,
                      StoredImages& images) {
  const fs::path image_path = find_file(folder, stem + "-images", 3);
  const fs::path label_path = find_file(folder, stem + "-labels", 1);
  const IdxArray pixels = read_idx(image_path, 3);
  const IdxArray labels = read_idx(label_path, 1);
  if (pixels.shape[0] != labels.shape[0])
    throw core::UserError(fmt::format("{}: has {} images, but {} has {} labels",
                                      image_path.string(), pixels.shape[0], label_path.string(),
                                      labels.shape[0]));
  const ImageSize size{static_cast<std::int64_t>(pixels.shape[1]),
                       static_cast<std::int64_t>(pixels.shape[2])};
  if (images.labels.empty()) images.size = size;
  if (size != images.size)
    throw core::UserError(fmt::format("{}: images are {} x {}, but the training images {} x {}",
                                      image_path.string(), size.height, size.width,
                                      images.size.height, images.size.width));
  const std::string_view values = pixels.values();
  images.pixels.insert(images.pixels.end(), values.begin(), values.end());
  for (const char label : labels.values()) {
    images.rows[static_cast<std::size_t>(split)].push_back(
        static_cast<std::int64_t>(images.labels.size()));
    images.labels.push_back(static_cast<unsigned char>(label));
  }
  return core::sha256(pixels.bytes) + "\n" + core::sha256(labels.bytes) + "\n";
}

/// Classes are 0 to the greatest training label.
std::vector<std::string> classes_of(const StoredImages& images, const std::string& path) {
  std::int64_t greatest = 0;
  for (const std::int64_t row : images.rows[static_cast<std::size_t>(Split::kTrain)])
    greatest = std::max(greatest, images.labels[static_cast<std::size_t>(row)]);
  if (greatest == 0)
    throw core::UserError(path + ": all training labels are 0; two classes are the least");
  if (*std::max_element(images.labels.begin(), images.labels.end()) > greatest)
    throw core::UserError(path + ": a test label is beyond every training label");
  std::vector<std::string> names;
  for (std::int64_t i = 0; i <= greatest; ++i) names.push_back(fmt::format("{}", i));
  return names;
}

}  // namespace

std::unique_ptr<Dataset> open_idx(const DataSpec& spec) {
  const fs::path folder = spec.path;
  const double validation = spec.validation.value_or(kValidationShare);
  std::string content =
      fmt::format("idx 1\nseed {} validation {}\n", spec.seed, core::shortest(validation));
  StoredImages images{.channels = 1};
  content += read_pair(folder, "train", Split::kTrain, images);
  content += read_pair(folder, "t10k", Split::kTest, images);

  DatasetDescription about;
  about.class_names = classes_of(images, spec.path);
  about.fingerprint = core::sha256(content);
  auto& training = images.rows[static_cast<std::size_t>(Split::kTrain)];
  auto parts = hold_out(training, validation, static_cast<std::uint64_t>(spec.seed));
  images.rows[static_cast<std::size_t>(Split::kValidation)] = std::move(parts[0]);
  training = std::move(parts[1]);
  return make_stored_dataset(std::move(about), std::move(images));
}

}  // namespace vitlab::data
